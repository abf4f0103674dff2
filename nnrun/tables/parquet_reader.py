"""A Parquet file as blocks of rows."""

import io
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import polars as pl
import polars.selectors as cs

from nnrun.tables.block import Block, NullValues
from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat
from nnrun.tables.parquet_rows import ParquetRows
from nnrun.tables.parquet_sizes import ParquetSizes
from nnrun.tables.stored_file import StoredFile
from nnrun.tables.table_file import ReadingPlan, TableFile

MICROSECONDS = 1_000_000  # of a second: durations are seconds
TEXT = (pl.String, pl.Categorical, pl.Enum)  # of such columns, 1 and 2 are text too


def open_parquet(
    source: StoredFile | bytes,
    name: str,
    null_values: NullValues,
    number_format: NumberFormat = PLAIN_NUMBERS,
) -> TableFile:
    """Read the header of a Parquet file.

    Args:
        source: The file, or its bytes.
        name: The table, as messages call it.
        null_values: The texts and numbers that stand for missing cells.
        number_format: How numbers are written in text.

    Raises:
        PolarsError, OSError: It cannot be read.
        TableError: It changed while it was read, or memory has no room for what it unpacks to. The
            rows raise this too.
    """
    with _unchanged(source):
        scan = pl.scan_parquet(_bytes_or_path(source), glob=False)
        schema = scan.collect_schema()
    file = _ParquetFile(source, name, scan, schema, null_values, number_format)
    return TableFile(name, list(schema), file.blocks)


@dataclass(frozen=True)
class _ParquetFile:
    """A Parquet file whose header is known.

    Attributes:
        source: The file, or its bytes.
        name: The table, as messages call it.
        scan: The rows, of which none is read yet.
        schema: The type of each column, by its name.
        null_values: What missing cells look like.
        number_format: How numbers are written in text.
    """

    source: StoredFile | bytes
    name: str
    scan: pl.LazyFrame
    schema: pl.Schema
    null_values: NullValues
    number_format: NumberFormat

    def blocks(self, plan: ReadingPlan) -> Iterator[Block]:
        """Yield the rows of the wanted columns; the file has types, whatever the plan says."""
        with _hashed(self.source):
            first = 0
            wanted = [name for name in self.schema if plan.wants(name)]
            for frame in self._frames(wanted):
                yield self._block(frame, first)
                first += len(frame)

    def _frames(self, columns: list[str]) -> Iterator[pl.DataFrame]:
        """Yield rows, so many at a time, as long as the file stays as it is."""
        with _unchanged(self.source), _opened(self.source) as file:
            sizes = ParquetSizes(file, self.name).measure(columns)
            rows = self.scan.select(pl.len()).collect().item()
        reader = ParquetRows(
            name=self.name,
            read=self._cells,
            sizes=sizes,
            file_size=self._size,
        )
        yield from reader.frames(rows)

    def _cells(self, columns: list[str], first: int, count: int) -> pl.DataFrame:
        """Return some rows of some columns, if the file is as it was."""
        with _unchanged(self.source):
            wanted = self.scan.select(cs.by_name(columns))
            return wanted.slice(first, count).collect()

    @property
    def _size(self) -> int:
        if isinstance(self.source, bytes):
            return len(self.source)
        return self.source.size

    def _block(self, cells: pl.DataFrame, first: int) -> Block:
        """Return the block of some rows, of which the first has this number."""
        columns = []
        for column in cells:
            nameless = column.alias("")  # the methods of polars take names such as ^x$ for patterns
            columns.append(_as_number_or_text(nameless))
        frame = pl.DataFrame(columns, schema=cells.columns)
        text_columns = [name for name, dtype in self.schema.items() if dtype in TEXT]
        return Block(
            name=self.name,
            frame=frame,
            places=partial(_name_rows, first),
            read_texts=partial(pl.DataFrame, frame),
            null_values=self.null_values,
            number_format=self.number_format,
            text_columns=frozenset(text_columns),
        )


def _opened(source: StoredFile | bytes) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return source.path.open("rb")


def _bytes_or_path(source: StoredFile | bytes) -> Path | bytes:
    if isinstance(source, bytes):
        return source
    return source.path


def _hashed(source: StoredFile | bytes) -> AbstractContextManager[None]:
    """Hash a file while the body reads it."""
    if isinstance(source, bytes):
        return nullcontext()
    return source.hashed_beside()


@contextmanager
def _unchanged(source: StoredFile | bytes) -> Iterator[None]:
    """Raise a TableError if polars met another file at the path, whatever it made of that."""
    if isinstance(source, bytes):
        yield
        return
    source.check_path()
    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError):
        source.check_path()
        raise
    source.check_path()


def _name_rows(first: int, rows: Sequence[int]) -> list[str]:
    return [f"row {first + row + 1}" for row in rows]


def _as_number_or_text(column: pl.Series) -> pl.Series:
    """Return a column without a name as one of numbers or of text."""
    if column.dtype.is_numeric():
        return column
    if column.dtype == pl.Duration:
        return column.dt.total_microseconds() / MICROSECONDS
    if column.dtype.is_nested() or column.dtype == pl.Binary:  # polars casts none
        texts = [None if cell is None else str(cell) for cell in column.to_list()]
        return pl.Series(texts, dtype=pl.String)
    return column.cast(pl.String)
