"""Tables: a CSV read exactly as it is written, numbers out of its cells, rows held out of it.

Every cell is read as text, so that nothing is lost to a guess (`007`, `True`); numbers are parsed from
that text. polars does the work.
"""

import csv
import re
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from nnrun.csv_file import CsvFile, not_utf8, open_csv
from nnrun.errors import TableError, received

BLOCK = 65_536  # rows written at a time
FLOAT32_MAX = float(np.finfo(np.float32).max)
SHOWN = 3  # how many lines a message names
Rows = np.ndarray[tuple[int], np.dtype[np.intp]]


@dataclass(frozen=True)
class Table:
    """A table as it is written: every cell as text (pl.String), empty ones null.

    `null_values` are what missing cells look like; `rows` are the records of the file that the frame's rows
    are: blank lines are left out.
    """

    file: CsvFile
    frame: pl.DataFrame
    rows: Rows
    null_values: list[str]

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the line in the file, counted from 1, at which each of the frame's rows begins."""
        return self.file.lines([int(self.rows[row]) for row in rows])

    def texts(self, column: str) -> pl.Series:
        """Return a column's cells without the spaces around them; missing ones are null."""
        stripped = self.frame[column].str.strip_chars()
        return stripped.set(stripped.is_in(["", *self.null_values]), None)


def read_table(source: Path | bytes, null_values: Sequence[str], name: str | None = None) -> Table:
    """Read a CSV file, or the bytes of one, with a header: plain or gzipped, comma, semicolon or tab.

    `null_values` are what missing cells look like; `name` is what messages call the table. Raises a TableError
    with every mistake found, each with file and line.
    """
    name = name or str(source)
    try:
        file = open_csv(source, name)
        return _without_blank_lines(file, _read(file), list(null_values))
    except UnicodeDecodeError:
        raise TableError(f"{name}:{not_utf8(source)}") from None
    except (OSError, EOFError, zlib.error, csv.Error) as error:
        raise TableError(f"{name}: cannot be read: {error}") from None


def parse_numbers(
    table: Table, columns: Sequence[str], advice: str, booleans: Collection[str] | None = None
) -> tuple[pl.DataFrame, list[str]]:
    """Parse columns of numbers, or of true and false (1 and 0).

    `advice` says what to do about a column of text; `booleans` are the columns that may be true and false, by
    default any.

    Returns:
        The columns as Float64, and a line for each mistake: text, NaN, infinity, missing cells.
    """
    text = pl.DataFrame([table.frame[column] for column in columns])  # select would read names as patterns
    numbers = text.select(pl.all().cast(pl.Float64, strict=False))
    problems = []
    for column in columns:
        if numbers[column].null_count() > text[column].null_count():
            boolean = booleans is None or column in booleans
            numbers = numbers.with_columns(_parse_leniently(table.texts(column), boolean=boolean))
        if not _fits(numbers[column]).fill_null(value=False).all():
            problems += _bad_cells(table, table.texts(column), numbers[column], advice)
    return numbers, problems


def is_boolean(text: pl.Series) -> bool:
    """Return whether a column's cells are true and false."""
    return bool(text.count()) and text.drop_nulls().str.to_lowercase().is_in(["true", "false"]).all()


def write_csv(frame: pl.DataFrame, file: IO[bytes]) -> None:
    """Write the frame to an open file, block by block."""
    for i, block in enumerate(frame.iter_slices(BLOCK)):
        file.write(block.write_csv(include_header=i == 0).encode())


def hold_out(labels: pl.Series | None, count: int, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Draw the rows to hold out for validation, by `seed`, the same share of every label.

    `labels` are those of the `count` rows, or None for a regression; `fraction` is below 1. Returns the rows
    to train on and the rows held out, each ascending.
    """
    generator = np.random.default_rng([seed, 0, 1])  # row orders of epochs use [seed, epoch]
    groups = [np.arange(count)]
    if labels is not None:
        groups = [(labels == label).arg_true().to_numpy() for label in labels.unique().sort()]
    ends = np.rint(fraction * np.cumsum([0, *map(len, groups)])).astype(int)  # the shares add up
    sizes = np.diff(ends)
    if labels is not None:
        sizes = np.minimum(sizes, [len(rows) - 1 for rows in groups])  # every label stays in training
    held = [generator.permutation(rows)[:size] for rows, size in zip(groups, sizes, strict=True)]
    validation = np.sort(np.concatenate(held)).astype(np.intp)
    return np.setdiff1d(np.arange(count), validation), validation


def _read(file: CsvFile) -> pl.DataFrame:
    try:
        return pl.read_csv(
            file.source,
            separator=file.separator,
            new_columns=file.header,
            infer_schema=False,
            raise_if_empty=False,
            glob=False,
        )
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise TableError(file.ragged() or f"{file.stray_quote()}: cannot be read as CSV: {reason}") from None


def _without_blank_lines(file: CsvFile, frame: pl.DataFrame, null_values: list[str]) -> Table:
    rows = np.arange(len(frame))
    if len(frame) and frame[:, -1].null_count():  # polars fills a short row, and a blank line, with nulls
        if problems := file.ragged():
            raise TableError(problems)
        rows = np.setdiff1d(rows, file.blank_rows())
        frame = frame[rows]
    if not len(frame):
        raise TableError(f"{file.name}: the header stands alone; a table needs rows")
    return Table(file, frame, rows, null_values)


def _parse_leniently(text: pl.Series, *, boolean: bool) -> pl.Series:
    """Parse numbers with a plus sign, or where `boolean` allows a column of true and false."""
    if boolean and is_boolean(text):
        text = text.str.to_lowercase().replace({"true": "1", "false": "0"})
    numbers: pl.Series = text.str.replace(r"^\+([\d.])", "$1").cast(pl.Float64, strict=False)
    return numbers


def _fits(numbers: pl.Series) -> pl.Series:
    return numbers.is_between(-FLOAT32_MAX, FLOAT32_MAX)  # false for NaN too


def _bad_cells(table: Table, text: pl.Series, numbers: pl.Series, advice: str) -> list[str]:
    """Return a line for each kind of cell in the column that is no number."""
    column = text.name
    not_numbers = numbers.is_null() & text.is_not_null()
    if not_numbers.sum() > max(1, text.count() / 2) and not _hint(text.filter(not_numbers)[0]):
        examples = ", ".join(map(repr, text.drop_nulls().unique(maintain_order=True).head(SHOWN)))
        return [
            f"{table.file.name}: column {column!r} holds text ({examples}), and this version reads numbers and "
            f"true/false; {advice.format(column=column)}"
        ]
    problems = []
    for mask, what in (
        (not_numbers, "is not a number"),
        (~numbers.is_finite(), "is not finite"),
        (numbers.is_finite() & ~_fits(numbers), "is beyond what float32 holds"),
        (text.is_null(), "the cell is missing; fill it in, or remove the row"),
    ):
        rows = mask.fill_null(value=False).arg_true()
        if len(rows):
            lines = table.lines(rows.head(SHOWN).to_list())
            cell = text[int(rows[0])]
            shown = f"{what}{_more(lines, len(rows))}" if cell is None else f"{received(cell)} {what}{_hint(cell)}"
            more = "" if cell is None else _more(lines, len(rows))
            problems.append(f"{table.file.name}:{lines[0]}: column {column!r}: {shown}{more}")
    return problems


def _more(lines: list[int], count: int) -> str:
    if count == 1:
        return ""
    return f" ({count} such cells: lines {', '.join(map(str, lines))}{', ...' * (count > len(lines))})"


def _hint(cell: str) -> str:
    if re.fullmatch(r"\s*[+-]?[\d.]*,\d+\s*", cell):
        return "; decimals are written with a point, as in 1.5"
    return "; it holds a NUL byte" if "\0" in cell else ""
