"""The history of a run, a row for each epoch: the one writer and the one reader of history.csv."""

import csv
import io
import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nnrun.errors import RunError
from nnrun.files import named_errors
from nnrun.ordinary_files import open_ordinary, size_of
from nnrun.wording import first_line

MEMBER = "member"
"""The column of an ensemble's history that tells whose epoch a row is, from 1."""

LARGEST_HISTORY = 512 << 20
"""Bytes of the file at the most, which a million epochs of 25 quantities take."""

LONGEST_LINE = 64 << 10
"""Bytes of a line at the most. Keras's metrics, all of them with val_, take a tenth of that."""

ALWAYS = ("epoch", "loss")
"""The columns of every history."""

Logs = dict[str, float]
"""The loss and the metrics of an epoch, by name."""

Row = dict[str, str]
"""The cells of an epoch as text, by the names of their columns."""

History = dict[str, npt.NDArray[np.float64]]
"""The columns by name, each of shape (epochs,)."""


class BestEpoch(NamedTuple):
    """The epoch of the least loss.

    Attributes:
        epoch: Its number, from 1.
        by: Which loss it is: val_loss, or loss where nothing is held out.
        value: The loss.
    """

    epoch: int
    by: str
    value: float


def append_history(path: Path, rows: Sequence[Logs], epoch: int) -> bytes:
    """Add rows to a history.csv in one write; the first ones bring the header.

    Args:
        path: The file, which need not exist.
        rows: The logs of the epochs after `epoch`.
        epoch: How many epochs the file has.

    Returns:
        What was added.

    Raises:
        OSError: The file cannot be written, and is as it was.
    """
    size = 0
    if path.exists():
        size = path.stat().st_size
    text = _as_csv(rows, epoch, header=size == 0)
    added = text.encode()
    with named_errors(path):
        try:
            with open_ordinary(path, "ab") as file:
                file.write(added)
        except OSError:
            with suppress(OSError):
                os.truncate(path, size)
            raise
    return added


def _as_csv(rows: Sequence[Logs], epoch: int, *, header: bool) -> str:
    """Return rows as lines, numbered from the epoch after `epoch` on."""
    if not rows:
        return ""
    names = ["epoch", *rows[0]]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    if header:
        writer.writeheader()
    for number, row in enumerate(rows, epoch + 1):
        writer.writerow({"epoch": number, **row})
    return text.getvalue()


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a history.csv, none where no epoch has ended; the file is streamed.

    Cells beyond the last column are left out.

    Args:
        path: The file, which need not exist.

    Raises:
        RunError: The file is not a history, or larger than any.
    """
    with _refused(path):
        lines = _whole_lines(path)
        names = _read_header(lines)
        reader = csv.reader(lines)
        for cells in reader:
            if len(cells) < len(names):
                first_missing = names[len(cells)]
                raise ValueError(f"epoch {reader.line_num} lacks {first_missing!r}")
            yield dict(zip(names, cells, strict=False))


def read_history(path: Path) -> History:
    """Return the columns of a history.csv, without rows where no epoch has ended.

    Args:
        path: The file, which need not exist.

    Returns:
        Each column as float64 (epochs,), `epoch` among them.

    Raises:
        RunError: The file is not a history, or larger than any; has a cell that is not a number; or
            its epochs are not 1, 2, 3 and so on.
    """
    with _refused(path):
        lines = _whole_lines(path)
        names = _read_header(lines)
        first = next(lines, None)
        if first is None:  # of which loadtxt would warn
            return {name: np.empty(0) for name in names}
        table = np.loadtxt(
            chain([first], lines),
            delimiter=",",
            comments=None,
            ndmin=2,
        )
        history = dict(zip(names, table.T, strict=True))
        expected_epochs = np.arange(1, len(table) + 1)
        if not np.array_equal(history["epoch"], expected_epochs):
            raise ValueError("its epochs are not numbered from 1 on")
        return history


def check_history(path: Path) -> None:
    """Read a history.csv from end to end.

    Args:
        path: The file, which need not exist.

    Raises:
        RunError: The file is not a history, or larger than any.
    """
    for _ in read_rows(path):
        pass


def count_epochs(path: Path) -> int:
    """Return how many rows a history.csv has.

    Args:
        path: The file; where it does not exist, it has none.

    Raises:
        RunError: The file cannot be read, or is larger than any history.
    """
    with _refused(path):
        lines = sum(1 for _ in _whole_lines(path))
    return max(0, lines - 1)  # the header is none


def best_epoch(path: Path) -> BestEpoch | None:
    """Return the first epoch of the least val_loss, or loss where nothing is held out.

    None stands for a history without a finite loss, and for a file that is not a history: the other
    files of its run can be shown all the same.

    Args:
        path: The file, which need not exist.
    """
    try:
        return _least_loss(path)
    except RunError:
        return None


def _least_loss(path: Path) -> BestEpoch | None:
    """Return the first epoch of the least finite loss, or raise a RunError."""
    least = None
    with _refused(path):
        for row in read_rows(path):
            by = "val_loss" if "val_loss" in row else "loss"
            loss = float(row[by])
            if not math.isfinite(loss):
                continue
            if least is None or loss < least.value:
                epoch = int(row["epoch"])
                least = BestEpoch(epoch, by, loss)
    return least


def _read_header(lines: Iterator[str]) -> list[str]:
    """Return the names of the columns; where there is no line, those that every history has."""
    names = next(csv.reader(lines), [*ALWAYS])
    for name in ALWAYS:
        if name not in names:
            raise ValueError(f"it has no column {name!r}")
    return names


def _whole_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file that are not blank, none where there is no file.

    A last line without an end is left out: a kill cut it short.
    """
    try:
        opened = open_ordinary(path)
    except FileNotFoundError:
        return
    with opened as file:
        if size_of(file) > LARGEST_HISTORY:
            raise ValueError(f"it is larger than {LARGEST_HISTORY >> 20} MiB")
        while line := file.readline(LONGEST_LINE + 1):
            if len(line) > LONGEST_LINE:
                raise ValueError(f"it has a line of more than {LONGEST_LINE >> 10} KiB")
            if not line.endswith(b"\n"):
                return
            if line.strip():
                yield line.decode()


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Raise a RunError where the body cannot read a history, which may come from strangers."""
    try:
        yield
    except (OSError, ValueError, csv.Error) as error:
        reason = f"cannot be read: {first_line(error)}; was it altered?"
        raise RunError(f"{path}: {reason}") from None
