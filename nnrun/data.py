"""Tables: reading a CSV exactly as it is written, numbers out of its cells, rows held out of it.

Every cell is read as text, so that nothing is lost to a guess (`007`, `True`); numbers are parsed from
that text. polars does the work. Where it meets a mistake, Python's csv module walks the file once more
to say in which line.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from nnrun.errors import TableError

BLOCK = 65_536  # rows written at a time
SHOWN = 3  # how many lines a message names
Rows = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass(frozen=True)
class Table:
    """A table as it is written.

    Attributes:
        name: what messages call it: the path, or `-` for standard input.
        frame: every cell as text (pl.String); missing cells are null.
        source: the file, or its bytes.
        separator: the character between cells.
        rows: which record of the file each row of the frame is; blank lines are left out.
    """

    name: str
    frame: pl.DataFrame
    source: Path | bytes
    separator: str
    rows: Rows

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the line in the file, counted from 1, at which each of the frame's rows begins."""
        wanted = {int(self.rows[row]): i for i, row in enumerate(rows)}
        found = [0] * len(rows)
        for record, (line, _) in enumerate(_records(self.source, self.separator), start=-1):
            if record in wanted:
                found[wanted[record]] = line
                if record == max(wanted):
                    break
        return found


def read_table(source: Path | bytes, null_values: Sequence[str], name: str | None = None) -> Table:
    """Read a CSV file with a header, plain or gzipped; separators are comma, semicolon or tab.

    Args:
        source: the file, or the bytes of one.
        null_values: cells that count as missing.
        name: what messages call the table; by default the path.

    Raises:
        TableError: with every mistake found, each with file and line.
    """
    name = name or str(source)
    if isinstance(source, Path):
        _check_is_file(source)
    try:
        separator, header = _header(source, name)
        frame = _read(source, separator, header, null_values)
    except UnicodeDecodeError:
        raise TableError(f"{name}:{_undecodable(source)}") from None
    except (OSError, EOFError) as error:
        raise TableError(f"{name}: cannot be read: {error}") from None
    except pl.exceptions.PolarsError as error:
        if "utf-8" in str(error).lower():
            raise TableError(f"{name}:{_undecodable(source)}") from None
        problems = _ragged(source, name, separator, header)
        reason = str(error).splitlines()[0]
        raise TableError(problems or f"{name}: cannot be read as CSV: {reason}") from None
    rows = np.arange(len(frame))
    if len(frame) and frame[:, -1].null_count():  # polars fills a short row, and a blank line, with nulls
        if problems := _ragged(source, name, separator, header):
            raise TableError(problems)
        records = _records(source, separator)
        blank = [i for i, (_, cells) in enumerate(records, start=-1) if not cells]
        rows = np.delete(rows, [i for i in blank if i < len(rows)])
        frame = frame[rows]
    if not len(frame):
        raise TableError(f"{name}: the header stands alone; a table needs rows")
    return Table(name, frame, source, separator, rows)


def parse_numbers(table: Table, columns: Sequence[str]) -> tuple[pl.DataFrame, list[str]]:
    """Parse columns of numbers, or of true and false (1 and 0).

    Returns:
        The columns as Float64, and a line for each mistake: text, NaN, infinity, missing cells.
    """
    text = table.frame.select(columns)
    numbers = text.select(pl.all().cast(pl.Float64, strict=False))
    for column in columns:
        if numbers[column].null_count() > text[column].null_count():
            numbers = numbers.with_columns(_parse_leniently(text[column]))
    problems = []
    for column in columns:
        if not numbers[column].is_finite().fill_null(value=False).all():
            problems += _bad_cells(table, text[column], numbers[column])
    return numbers, problems


def write_csv(frame: pl.DataFrame, file: IO[bytes]) -> None:
    """Write the frame to an open file, block by block."""
    for i, block in enumerate(frame.iter_slices(BLOCK)):
        file.write(block.write_csv(include_header=i == 0).encode())


def hold_out(labels: pl.Series | None, count: int, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Draw the rows to hold out for validation, the same share of every label.

    Args:
        labels: the label of each row, or None for a regression.
        count: how many rows there are.
        fraction: the share to hold out, below 1.
        seed: what the draw depends on.

    Returns:
        The rows to train on and the rows held out, each ascending.
    """
    generator = np.random.default_rng([seed, 0, 1])  # row orders of epochs use [seed, epoch]
    groups = [np.arange(count)]
    if labels is not None:
        groups = [(labels == label).arg_true().to_numpy() for label in labels.unique().sort()]
    ends = np.rint(fraction * np.cumsum([0, *map(len, groups)])).astype(int)  # the shares add up
    sizes = np.diff(ends)
    held = [generator.permutation(rows)[:size] for rows, size in zip(groups, sizes, strict=True)]
    validation = np.sort(np.concatenate(held)).astype(np.intp)
    return np.setdiff1d(np.arange(count), validation), validation


def _check_is_file(path: Path) -> None:
    if path.is_dir():
        raise TableError(f"{path}: is a folder; give a .csv file")
    if not path.exists():
        raise TableError(f"{path}: there is no such file")
    if path.suffix == ".parquet":
        raise TableError(f"{path}: Parquet is not read by this version; save the table as .csv")


def _open(source: Path | bytes) -> IO[bytes]:
    raw: IO[bytes] = io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")
    is_gzip = raw.read(2) == b"\x1f\x8b"
    raw.seek(0)
    return gzip.open(raw) if is_gzip else raw  # type: ignore[return-value]


def _records(source: Path | bytes, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line at which each record begins, and its cells; the header is the first."""
    with io.TextIOWrapper(_open(source), encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, delimiter=separator, strict=True)
        line = 1
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1


def _header(source: Path | bytes, name: str) -> tuple[str, list[str]]:
    """Return the separator and the columns' names."""
    with io.TextIOWrapper(_open(source), encoding="utf-8-sig", newline="") as text:
        first = text.readline()
    if not first.strip():
        raise TableError(f"{name}: the file is empty; a table has a header and rows")
    separator = max(",;\t", key=lambda s: len(next(csv.reader([first], delimiter=s))))
    try:
        header = [cell.strip() for cell in next(_records(source, separator))[1]]
    except csv.Error as error:
        raise TableError(f"{name}:1: the header cannot be read: {error}") from None
    problems = [
        f"{name}:1: column {i} has no name; give it one in the header"
        for i, column in enumerate(header, start=1)
        if not column
    ]
    problems += [
        f"{name}:1: {header.count(column)} columns are named {column!r}; names must differ"
        for column in dict.fromkeys(header)
        if column and header.count(column) > 1
    ]
    problems += [f"{name}:1: {column!r} holds a NUL byte" for column in header if "\0" in column]
    if problems:
        raise TableError(problems)
    return separator, header


def _read(
    source: Path | bytes, separator: str, header: list[str], null_values: Sequence[str]
) -> pl.DataFrame:
    return pl.read_csv(
        source,
        separator=separator,
        new_columns=header,
        infer_schema=False,
        null_values=list(null_values),
        raise_if_empty=False,
    )


def _parse_leniently(text: pl.Series) -> pl.Series:
    """Parse what people write around a number (spaces, a plus sign), or a column of true and false."""
    stripped = text.str.strip_chars()
    words = stripped.str.to_lowercase()
    numbers: pl.Series = stripped.str.strip_prefix("+").cast(pl.Float64, strict=False)
    if words.drop_nulls().is_in(["true", "false"]).all():
        numbers = words.replace_strict({"true": 1.0, "false": 0.0}, default=None, return_dtype=pl.Float64)
    return numbers


def _bad_cells(table: Table, text: pl.Series, numbers: pl.Series) -> list[str]:
    """Return a line for each kind of cell in the column that is no number."""
    column = text.name
    not_numbers = numbers.is_null() & text.is_not_null()
    if not_numbers.sum() > max(1, text.count() / 2) and not _hint(text.filter(not_numbers)[0]):
        examples = ", ".join(map(repr, text.drop_nulls().unique(maintain_order=True).head(SHOWN)))
        return [
            f"{table.name}: column {column!r} holds text ({examples}), where this version reads numbers and "
            f"true/false; to train without it: `drop: [{column}]`"
        ]
    problems = []
    for mask, what in (
        (not_numbers, "is not a number"),
        (numbers.is_not_null() & ~numbers.is_finite(), "is not finite"),
        (text.is_null(), "the cell is missing; fill it in, or remove the row"),
    ):
        rows = mask.fill_null(value=False).arg_true()
        if len(rows):
            lines = table.lines(rows.head(SHOWN).to_list())
            cell = text[int(rows[0])]
            shown = f"{what}{_more(lines, len(rows))}" if cell is None else f"{cell!r} {what}{_hint(cell)}"
            more = "" if cell is None else _more(lines, len(rows))
            problems.append(f"{table.name}:{lines[0]}: column {column!r}: {shown}{more}")
    return problems


def _more(lines: list[int], count: int) -> str:
    if count == 1:
        return ""
    return f" ({count} such cells: lines {', '.join(map(str, lines))}{', ...' * (count > len(lines))})"


def _hint(cell: str) -> str:
    if re.fullmatch(r"\s*[+-]?[\d.]*,\d+\s*", cell):
        return "; decimals are written with a point, as in 1.5"
    return "; it holds a NUL byte" if "\0" in cell else ""


def _ragged(source: Path | bytes, name: str, separator: str, header: list[str]) -> list[str]:
    """Return a line for each record with more or fewer cells than the header, ten at most."""
    problems: list[str] = []
    line = 1
    try:
        for line, cells in _records(source, separator):
            if cells and len(cells) != len(header):
                cell = "cell" if len(cells) == 1 else "cells"
                problems.append(f"{name}:{line}: {len(cells)} {cell}, where the header has {len(header)}")
    except csv.Error as error:
        problems.append(f"{name}:{line + 1}: {error}; is a quote left open here?")
    more = [f"{name}: and {len(problems) - 10} more such lines"] if len(problems) > 10 else []
    return problems[:10] + more


def _undecodable(source: Path | bytes) -> str:
    """Return the line with the first byte that is not UTF-8, and the advice."""
    with _open(source) as file:
        lines = enumerate(file, start=1)
        number, line = next((n, x) for n, x in lines if x.decode(errors="replace").encode() != x)
    text = line.decode(errors="replace")
    column = text[: text.find("\ufffd")].count(",") + 1
    return f"{number}: cell {column} is not UTF-8 ({text.strip()[:40]!r}); save the table as UTF-8"
