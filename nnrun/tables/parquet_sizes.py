"""How many bytes a Parquet file becomes once it is unpacked, before anything is unpacked.

A file of some kilobytes may hold gigabytes. The footer tells where the pages of each column stand,
and the head of each page how many bytes it unpacks to. Who unpacks a page believes its head, so the
heads are read, and what the footer says of sizes is not.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO, NamedTuple

from nnrun.errors import TableError
from nnrun.tables.thrift_compact import CompactReader, Structure, ThriftError

MOST_UNPACKED = 512 << 20
"""Bytes of a column of a row group that may stand in memory at once. polars needs some twice as
much."""

LARGEST_FOOTER = 16 << 20
"""Bytes: some 100,000 columns in all row groups. To read so many takes seconds."""

HEAD = 512
"""Bytes that are read for the head of a page: most have 30, and more with the least and the
greatest text in it."""

LARGEST_HEAD = 1 << 20
"""Bytes of a page's head: texts in it are cut short by all who write them."""

LEAST_VALUE = 8
"""Bytes that a value takes in memory, of however few bits it was unpacked."""

MARK = 4  # bytes at the end of a file that say Parquet, and as many before them for its length

# the numbers of fields, as parquet.thrift of https://github.com/apache/parquet-format has them
ROW_GROUPS = 4  # of FileMetaData
COLUMNS = 1  # of RowGroup
ROWS = 3
COLUMN_FACTS = 3  # of ColumnChunk
COLUMN_TYPE = 1  # of ColumnMetaData
COLUMN_PATH = 3
COLUMN_SIZE = 7  # packed, in bytes
FIRST_DATA_PAGE = 9
DISTINCT_VALUES_PAGE = 11
UNPACKED_SIZE = 2  # of PageHeader
PACKED_SIZE = 3
DATA_PAGE = 5
DATA_PAGE_V2 = 8
VALUES = 1  # of both kinds of a data page's header: how many there are

TEXT_TYPES = (6, 7)  # of texts and bytes of one length: polars keeps these as they were unpacked


class Chunk(NamedTuple):
    """The pages of a column in a row group.

    Attributes:
        column: The name of the column, of one that is nested the outermost.
        start: Where the first page begins in the file.
        end: Where the last one ends.
        is_kept: Whether memory holds all the pages at once. Of other columns it holds one.
    """

    column: str
    start: int
    end: int
    is_kept: bool


class RowGroup(NamedTuple):
    """The columns of a row group, and how many rows it has.

    Attributes:
        chunks: The pages of each column. A nested column has several chunks.
        rows: How many rows the footer says that the group has.
    """

    chunks: list[Chunk]
    rows: int


@dataclass(frozen=True)
class UnpackedSizes:
    """What the wanted columns of a file take in memory.

    Attributes:
        columns: The bytes of each column that stand in memory while it is read, in the row group
            where these are most: those of its pages as they are stored, and what is unpacked at
            once.
        row_text: The bytes of text in a row, as the rows of a row group have on average, in the row
            group where these are most. Texts that rows share count once.
    """

    columns: dict[str, int]
    row_text: float


@dataclass(frozen=True)
class ParquetSizes:
    """What a Parquet file becomes in memory.

    Args:
        file: The file, open for its bytes.
        name: The file, as messages call it.
    """

    file: IO[bytes]
    name: str

    def measure(self, columns: Collection[str]) -> UnpackedSizes:
        """Return what these columns take in memory.

        Args:
            columns: The names of the columns that are to be read. Of nested ones the outermost name
                counts.

        Returns:
            The sizes, with 0 bytes for a column of which the file has no page.

        Raises:
            OSError: The file cannot be read.
            TableError: A column of a row group is too large, or the file is cut short or damaged.
        """
        largest = dict.fromkeys(columns, 0)
        row_text = 0.0
        try:
            for number, group in enumerate(self._row_groups(), start=1):
                sizes, text = self._group_sizes(group, columns)
                self._check_group(number, sizes)
                for name, stored in _stored_sizes(group, columns).items():
                    largest[name] = max(stored + sizes[name], largest[name])
                text_of_a_row = text / max(1, group.rows)
                row_text = max(row_text, text_of_a_row)
        except ThriftError as error:
            problem = "cannot be read: the Parquet file is damaged or cut short"
            raise TableError(f"{self.name}: {problem}: {error}; copy or write it again") from None
        return UnpackedSizes(largest, row_text)

    def _group_sizes(
        self,
        group: RowGroup,
        columns: Collection[str],
    ) -> tuple[dict[str, int], int]:
        """Return the bytes of each wanted column of a row group, and those of all its text."""
        sizes: dict[str, int] = {}
        text = 0
        for chunk in group.chunks:
            if chunk.column not in columns:
                continue
            size = self._unpacked(chunk)
            sizes[chunk.column] = sizes.get(chunk.column, 0) + size  # a nested one has several
            if chunk.is_kept:
                text += size
        return sizes, text

    def _check_group(self, number: int, sizes: dict[str, int]) -> None:
        """Raise a TableError where a column of a row group unpacks to too many bytes."""
        if not sizes:
            return
        column, size = max(sizes.items(), key=lambda item: item[1])
        if size <= MOST_UNPACKED:
            return
        place = f"column {column!r} of row group {number}"
        received = f"{place} unpacks to {size:,} bytes"
        rule = f"at most {MOST_UNPACKED:,} are read at once"
        remedy = "leave that column out, or write the file with fewer rows in a row group"
        raise TableError(f"{self.name}: {received}; {rule}: {remedy}")

    def _row_groups(self) -> Iterator[RowGroup]:
        """Yield what the footer says of each row group."""
        footer = CompactReader(self._footer()).structure()
        for group in _structures(footer, ROW_GROUPS):
            chunks = [_chunk(column) for column in _structures(group, COLUMNS)]
            yield RowGroup(chunks, _number(group, ROWS))

    def _footer(self) -> bytes:
        """Return the bytes of the footer, which is the last in the file."""
        end = self.file.seek(0, os.SEEK_END) - 2 * MARK
        length = self._read(max(end, 0), MARK)
        size = int.from_bytes(length, "little")
        if size > LARGEST_FOOTER:
            received = f"the footer has {size:,} bytes"
            rule = f"a footer of at most {LARGEST_FOOTER:,} is read"
            remedy = "write the file with fewer row groups, or fewer columns"
            raise TableError(f"{self.name}: {received}; {rule}: {remedy}")
        if size > end:
            raise ThriftError("the footer is longer than the file")
        return self._read(end - size, size)

    def _unpacked(self, chunk: Chunk) -> int:
        """Return how many bytes of a column stand in memory at once."""
        sizes = list(self._page_sizes(chunk))
        if chunk.is_kept:
            return sum(sizes)
        return max(sizes, default=0)

    def _page_sizes(self, chunk: Chunk) -> Iterator[int]:
        """Yield how many bytes each page of a column takes in memory."""
        place = chunk.start
        while place < chunk.end:
            head, length = self._page_head(place, chunk.end)
            packed = _number(head, PACKED_SIZE)
            unpacked = _number(head, UNPACKED_SIZE)
            yield max(unpacked, LEAST_VALUE * _values(head))
            place += length + packed

    def _page_head(self, place: int, end: int) -> tuple[Structure, int]:
        """Return the head of the page at this place of the file, and how many bytes it has."""
        for most in (HEAD, LARGEST_HEAD):
            content = self._read(place, min(most, end - place))
            reader = CompactReader(content)
            try:
                return reader.structure(), reader.position
            except ThriftError:
                if len(content) < most or most == LARGEST_HEAD:
                    raise
        raise AssertionError("the last round returns or raises")

    def _read(self, place: int, size: int) -> bytes:
        self.file.seek(place)
        return self.file.read(size)


def _stored_sizes(group: RowGroup, columns: Collection[str]) -> dict[str, int]:
    """Return the bytes of each wanted column of a row group as the file has them.

    polars reads all of them, however few rows are wanted.
    """
    sizes: dict[str, int] = {}
    for chunk in group.chunks:
        if chunk.column in columns:
            sizes[chunk.column] = sizes.get(chunk.column, 0) + chunk.end - chunk.start
    return sizes


def _chunk(column: Structure) -> Chunk:
    """Return the pages of a column, given what the footer says of it in a row group."""
    facts = column.get(COLUMN_FACTS)
    if not isinstance(facts, dict):
        raise ThriftError("the footer does not say where a column stands")
    path = facts.get(COLUMN_PATH)
    if not isinstance(path, list) or not path:
        raise ThriftError("the footer does not name a column")
    name = path[0]
    if not isinstance(name, bytes):
        raise ThriftError("the footer does not name a column")
    first_page = FIRST_DATA_PAGE
    if facts.get(DISTINCT_VALUES_PAGE) is not None:  # it comes before the others
        first_page = DISTINCT_VALUES_PAGE
    start = _number(facts, first_page)
    return Chunk(
        column=name.decode(errors="replace"),
        start=start,
        end=start + _number(facts, COLUMN_SIZE),
        is_kept=facts.get(COLUMN_TYPE) in TEXT_TYPES or len(path) > 1,
    )


def _values(head: Structure) -> int:
    """Return how many values a page has; 0 of a page of distinct values, which has each once."""
    for kind in (DATA_PAGE, DATA_PAGE_V2):
        facts = head.get(kind)
        if isinstance(facts, dict):
            return _number(facts, VALUES)
    return 0


def _structures(values: Structure, number: int) -> list[Structure]:
    """Return the structures of a list, which is the field with this number."""
    items = values.get(number)
    if not isinstance(items, list):
        raise ThriftError(f"field {number} is not a list")
    structures = [item for item in items if isinstance(item, dict)]
    if len(structures) < len(items):
        raise ThriftError(f"field {number} is not a list of structures")
    return structures


def _number(values: Structure, number: int) -> int:
    """Return a number that is not negative, as sizes and places are."""
    value = values.get(number)
    if not isinstance(value, int) or value < 0:
        raise ThriftError(f"field {number} is neither a size nor a place")
    return value
