"""How many bytes the text of some rows has, once each cell is written out.

A text that many rows share stands in memory once, until it is stripped, cast or compared.
"""

from collections.abc import Iterator

import polars as pl

from nnrun.errors import TableError

MOST_TEXT = 128 << 20
"""Bytes of text in a block at the most: in one of 131,072 rows, 1 KiB in each."""


def pieces_of_text(frame: pl.DataFrame, name: str, first: int) -> Iterator[pl.DataFrame]:
    """Yield the rows in parts whose text has room in memory; mostly all of them at once.

    Args:
        frame: The rows.
        name: The file, as messages call it.
        first: How many rows of the file stand before them.

    Raises:
        TableError: A single row has more text.
    """
    size = sum(text_bytes(column) for column in frame)
    if size <= MOST_TEXT:
        yield frame
        return
    if len(frame) == 1:
        rule = f"{size:,} bytes of text, where a row has at most {MOST_TEXT:,}"
        raise TableError(f"{name}:row {first + 1}: {rule}: {_largest_column(frame)}")
    half = len(frame) // 2
    yield from pieces_of_text(frame[:half], name, first)
    yield from pieces_of_text(frame[half:], name, first + half)


def text_bytes(column: pl.Series) -> int:
    """Return how many bytes the cells of a column have, each of them written out."""
    dtype = column.dtype
    column = column.alias("")  # polars takes names such as ^x$ for patterns
    if dtype == pl.String:
        return int(column.str.len_bytes().sum())
    if dtype == pl.Binary:
        return int(column.bin.size().sum())
    if dtype in (pl.Categorical, pl.Enum):
        return int(column.cat.len_bytes().sum())
    if dtype in (pl.List, pl.Array):
        return text_bytes(column.explode())
    if dtype == pl.Struct:
        return sum(text_bytes(column.struct.field(field)) for field in column.struct.fields)
    return 0


def _largest_column(frame: pl.DataFrame) -> str:
    """Return the advice to leave out the column with most text."""
    largest = max(frame, key=text_bytes)
    return f"leave out column {largest.name!r}, or shorten its cells"
