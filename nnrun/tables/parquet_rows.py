"""The rows of a Parquet file, read so many at a time and some of the columns at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from nnrun.tables import text_size
from nnrun.tables.parquet_sizes import UnpackedSizes
from nnrun.tables.text_size import SharedText, frame_text_bytes, pieces_of_text, row_of_much_text

ROWS = 65_536
"""Rows of a block at the most. With twice as many, `predict` of 28 columns takes 80 MB more."""

CELLS = 8 << 20
"""Cells of a block at the most: of numbers, 64 MiB. Up to 128 columns have blocks of `ROWS`. With
twice as many, `predict` of 1,000 columns takes 100 MB more; with half, half as long again."""

MOST_AT_ONCE = 64 << 20
"""Bytes that columns take in memory which are read at once. polars reads the row group of all
columns side by side, and holds what the file has of it besides what it unpacks; to read fewer
columns at once takes no longer."""

TEXT_AT_ONCE = 128 << 20
"""Bytes of text in a block at the most, as far as sizes tell before the text is read."""

ReadCells = Callable[[list[str], int, int], pl.DataFrame]
"""A function of columns, the first row and how many rows, which returns these cells."""


@dataclass(frozen=True)
class ParquetRows:
    """Reads rows of a Parquet file in parts that have room in memory.

    Args:
        name: The file, as messages call it.
        read: The function that reads cells.
        sizes: What the wanted columns unpack to.
        file_size: The bytes of the file.
    """

    name: str
    read: ReadCells
    sizes: UnpackedSizes
    file_size: int

    def frames(self, rows: int) -> Iterator[pl.DataFrame]:
        """Yield the first rows of the file, in frames that have room in memory.

        Args:
            rows: How many rows there are to read, at most as many as the file has.

        Raises:
            TableError: A row has too much text, or rows share long texts.
        """
        shared = SharedText(self.name, self.file_size)
        step = rows_of_block(self.sizes)
        first = 0
        while first < rows:
            frame, text = self._read(first, step)
            shared.add(frame, text)
            if frame.width == len(self.sizes.columns):
                yield from pieces_of_text(frame, self.name, first)
                first += step
            elif len(frame) > 1:
                step = len(frame) // 2  # a file may have fewer rows than a block
                del frame  # or two of them stand in memory
            else:
                raise row_of_much_text(frame, self.name, first)

    def _read(self, first: int, count: int) -> tuple[pl.DataFrame, int]:
        """Return the cells of some rows, and how many bytes of text they have.

        Columns are missing once there is more text than a block has, so that memory has room.
        """
        parts = []
        text = 0
        for batch in column_batches(self.sizes.columns):
            part = self.read(batch, first, count)
            parts.append(part)
            text += frame_text_bytes(part)
            if text > text_size.MOST_TEXT:
                break
        return pl.concat(parts, how="horizontal"), text


def column_batches(sizes: dict[str, int]) -> list[list[str]]:
    """Return columns in lists that may be read at once; at least one list.

    Args:
        sizes: For each column the bytes that it unpacks to.
    """
    batches: list[list[str]] = [[]]
    total = 0
    for column, size in sizes.items():
        total += size
        if total > MOST_AT_ONCE and batches[-1]:
            batches.append([])
            total = size
        batches[-1].append(column)
    return batches


def rows_of_block(sizes: UnpackedSizes) -> int:
    """Return how many rows have room in memory at once, as far as sizes tell.

    Args:
        sizes: What the wanted columns take in memory.

    Returns:
        From 1 to ROWS.
    """
    columns = max(1, len(sizes.columns))
    rows = max(1, min(ROWS, CELLS // columns))
    while rows > 1 and rows * sizes.row_text > TEXT_AT_ONCE:
        rows //= 2  # as `pieces_of_text` would
    return rows
