"""How many bytes the text of some rows has, once each cell is written out.

A text that many rows share stands in memory once, until it is stripped, cast or compared.
"""

from collections.abc import Iterator

import polars as pl

from nnrun.errors import TableError

MOST_TEXT = 128 << 20
"""Bytes of text in a block at the most: in one of 131,072 rows, 1 KiB in each."""


MOST_SHARED = 4 << 30
"""Bytes of text, once written out, of a small file at the most: to handle them takes seconds."""
SHARING = 100
"""How many times a file's size its text may be beyond that. Compressed logs reach 20."""


class SharedText:
    """Counts the text of a file in which many rows may share long cells.

    Args:
        name: The file, as messages call it.
        size: The bytes of the file.
    """

    def __init__(self, name: str, size: int) -> None:
        self._name = name
        self._most = max(MOST_SHARED, SHARING * size)
        self._bytes = 0

    def add(self, frame: pl.DataFrame, size: int) -> None:
        """Take rows with so many bytes of text into account.

        Args:
            frame: The rows.
            size: The bytes of all their cells, each written out.

        Raises:
            TableError: There is more than a file of this size holds, unless rows share it.
        """
        if size <= MOST_TEXT:  # short cells may well be shared by many rows
            return
        self._bytes += size
        if self._bytes <= self._most:
            return
        received = f"{self._bytes:,} bytes or more once each row has its own"
        rule = f"a file of this size has at most {self._most:,}"
        advice = _largest_column(frame)
        raise TableError(
            f"{self._name}: its rows share long texts, which are {received}; {rule}: {advice}"
        )


def pieces_of_text(
    frame: pl.DataFrame,
    name: str,
    first: int,
) -> Iterator[pl.DataFrame]:
    """Yield the rows in parts whose text has room in memory; mostly all of them at once.

    Args:
        frame: The rows.
        name: The file, as messages call it.
        first: How many rows of the file stand before them.

    Raises:
        TableError: A single row has more text.
    """
    size = frame_text_bytes(frame)
    if size <= MOST_TEXT:
        yield frame
        return
    if len(frame) == 1:
        raise row_of_much_text(frame, name, first)
    half = len(frame) // 2
    yield from pieces_of_text(frame[:half], name, first)
    yield from pieces_of_text(frame[half:], name, first + half)


def row_of_much_text(frame: pl.DataFrame, name: str, first: int) -> TableError:
    """Return what is said of a frame of one row that has more text than a row may have.

    Args:
        frame: The row.
        name: The file, as messages call it.
        first: How many rows of the file stand before it.
    """
    size = frame_text_bytes(frame)
    place = f"{name}:row {first + 1}"
    problem = f"{size:,} bytes of text, where a row has at most {MOST_TEXT:,}"
    advice = _largest_column(frame)
    return TableError(f"{place}: {problem}: {advice}")


def frame_text_bytes(frame: pl.DataFrame) -> int:
    """Return how many bytes the cells of all columns have, each of them written out.

    Args:
        frame: Some rows.
    """
    return sum(text_bytes(column) for column in frame)


def text_bytes(column: pl.Series) -> int:
    """Return how many bytes the cells of a column have, each of them written out.

    Args:
        column: Cells of any type. Those of lists and structures count with what is in them; numbers
            have no text.
    """
    dtype = column.dtype
    column = column.alias("")  # polars takes names such as ^x$ for patterns
    if len(column) == 1:  # polars takes it for a literal, and copies its text four times
        column = pl.concat([column, column.clear(1)])
    if dtype == pl.String:
        return _sum(column.str.len_bytes())
    if dtype == pl.Binary:
        return _sum(column.bin.size())
    if dtype in (pl.Categorical, pl.Enum):
        return _sum(column.cat.len_bytes())
    if dtype in (pl.List, pl.Array):
        return text_bytes(column.explode())
    if dtype == pl.Struct:
        fields = [column.struct.field(name) for name in column.struct.fields]
        return sum(map(text_bytes, fields))
    return 0


def _sum(lengths: pl.Series) -> int:
    """Return the sum of lengths of 32 bits, whose sum in polars begins anew at 2^32."""
    wide = lengths.cast(pl.UInt64)
    return int(wide.sum())


def _largest_column(frame: pl.DataFrame) -> str:
    """Return the advice to leave out the column with most text."""
    largest = max(frame, key=text_bytes)
    return f"leave out column {largest.name!r}, or shorten its cells"
