"""Tables as programs hold them: frames of polars and pandas, and rows as dicts."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, TypeGuard

import polars as pl

from nnrun.api.arguments import is_path, path_of
from nnrun.errors import InputError
from nnrun.files import atomic_path
from nnrun.wording import first_line, received, short_path

FRAMES = ".nnrun-frames"
"""The folder beside the runs in which the frames are kept that runs were trained on."""

AnyTable = Any
"""Rows of any of the KINDS: pandas is not imported, so that its types are not at hand."""

KINDS = "must be a path, a polars or pandas frame, a dict of one row, or a list of such dicts"
INT64 = range(-(2**63), 2**63)  # the whole numbers that polars holds
LARGEST_FLOAT64 = int(sys.float_info.max)


def source_of_table(data: object, argument: str) -> Path | bytes:
    """Return what a table is read from: its path, or the bytes of a Parquet file.

    Args:
        data: What the caller gave.
        argument: The name of the argument that it came in.

    Raises:
        InputError: The data is not a table; the message begins with the argument's name.
    """
    if is_path(data):
        return path_of(argument, data)
    file = BytesIO()
    with _refused(argument):
        frame = as_frame(data, argument)
        frame.write_parquet(file)
    return file.getvalue()


def as_frame(data: object, argument: str) -> pl.DataFrame:
    """Return a frame of polars, of any kind of table that is held in memory.

    Args:
        data: What the caller gave.
        argument: The name of the argument that it came in.

    Raises:
        InputError: The data is no table; the message begins with the argument's name.
    """
    if isinstance(data, pl.DataFrame):
        return data
    if isinstance(data, pl.LazyFrame):
        return data.collect()
    if is_pandas(data):
        return _from_pandas(data, argument)
    if isinstance(data, Mapping):
        return _from_rows([data], argument)
    if isinstance(data, Sequence) and not isinstance(data, str | bytes) and data:
        return _from_rows(data, argument)
    raise InputError(f"{argument}: {KINDS}; received {received(data)}")


@contextmanager
def _refused(argument: str) -> Iterator[None]:
    """Raise an InputError where polars cannot make a table of what the body gives it."""
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, ValueError) as error:
        reason = f"cannot be kept as a table: {first_line(error)}"
        raise InputError(f"{argument}: {reason}") from None


def is_pandas(data: object) -> bool:
    """Return whether the data is a frame of pandas, which is not imported for that.

    Args:
        data: What the caller gave.
    """
    package, _, _ = type(data).__module__.partition(".")
    return package == "pandas" and hasattr(data, "columns")


def like(data: AnyTable, predictions: pl.DataFrame) -> AnyTable:
    """Return predictions as the kind of table that the rows came in.

    A frame of pandas keeps its index. A path gives a frame of polars.

    Args:
        data: The table whose rows were predicted.
        predictions: A row for each of its rows.
    """
    if is_pandas(data):
        make_frame = type(data)
        columns = predictions.to_dict(as_series=False)
        return make_frame(columns, index=data.index)
    if isinstance(data, Mapping):
        return predictions.row(0, named=True)
    if isinstance(data, Sequence) and not isinstance(data, str):
        return predictions.to_dicts()
    return predictions


def kept_frame(data: object, argument: str, runs: Path) -> Path:
    """Return the path of a table; a frame is written once to a file that is named for its bytes.

    What measures, resumes or reproduces a run reads its table again.

    Args:
        data: What the caller gave.
        argument: The name of the argument that it came in.
        runs: The folder beside whose runs frames are kept.

    Raises:
        InputError: The data is no table; the message begins with the argument's name.
        OSError: The frame cannot be written.
    """
    content = source_of_table(data, argument)
    if isinstance(content, Path):
        return content
    digest = hashlib.sha256(content).hexdigest()
    name = f"{digest[:16]}.parquet"
    path = runs / FRAMES / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary:
            temporary.write_bytes(content)
    return path


@contextmanager
def called(argument: str, data: object, runs: Path) -> Iterator[None]:
    """Let errors call a frame by the argument that it came in, not by the file that keeps it.

    Args:
        argument: The name of the argument.
        data: What the caller gave; errors call a path by its own name.
        runs: The folder beside which `kept_frame` keeps frames.

    Raises:
        InputError: The body raised it; of the same class, with the argument in place of the path.
    """
    try:
        yield
    except InputError as error:
        if data is None or is_path(data):
            raise
        kept = _kept_in(runs)
        problems = []
        for problem in error.problems:
            problems.append(kept.sub(argument, problem))
        raise type(error)(problems) from None


def _kept_in(runs: Path) -> re.Pattern[str]:
    """Return a pattern of the paths of kept frames as messages write them."""
    folder = runs.absolute() / FRAMES
    spellings = {str(folder), short_path(str(folder))}
    longest_first = sorted(map(re.escape, spellings), key=len, reverse=True)
    folders = "|".join(longest_first)
    return re.compile(rf"({folders})[/\\][0-9a-f]{{16}}\.parquet")


def _from_pandas(data: AnyTable, argument: str) -> pl.DataFrame:
    """Return a frame of pandas as one of polars; cells that pandas takes for missing are null."""
    columns = []
    for name in data.columns:
        if not isinstance(name, str):
            raise InputError(f"{argument}: the name of a column must be text; received {name!r}")
        column = data[name]
        if getattr(column, "ndim", 1) > 1:
            raise InputError(f"{argument}: two columns are named {name!r}")
        cells = _without_missing(column)
        columns.append(_column(name, cells, argument))
    return pl.DataFrame(columns)


def _without_missing(column: AnyTable) -> list[object]:
    """Return the cells of a column of pandas, in which None stands for every missing one."""
    cells: list[object] = column.tolist()
    for number, is_missing in enumerate(column.isna().tolist()):
        if is_missing:
            cells[number] = None
    return cells


def _from_rows(rows: Sequence[object], argument: str) -> pl.DataFrame:
    """Return dicts, one for each row, as a frame; a key that a row lacks is a missing cell."""
    names: dict[str, None] = {}
    for row in rows:
        if not _is_row(row):
            rule = "each row must be a dict whose keys are the names of columns"
            raise InputError(f"{argument}: {rule}; received {received(row)}")
        names.update(dict.fromkeys(row))
    columns = []
    for name in names:
        cells = [row.get(name) for row in rows]  # type: ignore[attr-defined]  # it is a mapping
        columns.append(_column(name, cells, argument))
    return pl.DataFrame(columns)


def _is_row(row: object) -> TypeGuard[Mapping[str, object]]:
    """Return whether a value is a dict whose keys are all texts."""
    if not isinstance(row, Mapping):
        return False
    return all(isinstance(name, str) for name in row)


def _column(name: str, cells: Sequence[Any], argument: str) -> pl.Series:
    """Return cells as a column of numbers or of true and false where all are, else of text."""
    cells = list(map(_of_python, cells))
    present = [cell for cell in cells if cell is not None]
    kinds = set(map(type, present))
    if kinds == {int} and all(cell in INT64 for cell in present):
        return pl.Series(name, cells, dtype=pl.Int64)
    are_numbers = bool(kinds) and kinds <= {int, float}
    if are_numbers and all(map(_is_float64, present)):
        numbers = [None if cell is None else float(cell) for cell in cells]
        return pl.Series(name, numbers, dtype=pl.Float64)
    if kinds == {bool}:
        return pl.Series(name, cells, dtype=pl.Boolean)
    texts = []
    for cell in cells:
        text = None if cell is None else _as_text(cell, name, argument)
        texts.append(text)
    return pl.Series(name, texts, dtype=pl.String)


def _of_python(cell: object) -> object:
    """Return a cell, one of NumPy as Python's number, text or truth."""
    if hasattr(cell, "item") and getattr(cell, "ndim", None) == 0:
        return cell.item()
    return cell


def _is_float64(cell: float) -> bool:
    """Return whether a float64 holds a number, which whole ones of hundreds of digits are not."""
    if not isinstance(cell, int):
        return True
    return abs(cell) < LARGEST_FLOAT64


def _as_text(cell: object, name: str, argument: str) -> str:
    """Return a cell as text, or raise an InputError where it has none."""
    try:
        text = str(cell)
        text.encode()
    except Exception:  # a class of the caller's, half of a character, or too many digits
        reason = "a cell cannot be written as text"
        raise InputError(f"{argument}: {name!r}: {reason}; received {received(cell)}") from None
    return text
