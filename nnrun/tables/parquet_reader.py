"""A Parquet file as blocks of rows."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import polars as pl

from nnrun.tables.block import Block, NullValues
from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat
from nnrun.tables.stored_file import StoredFile
from nnrun.tables.table_file import ReadingPlan, TableFile

ROWS = 131_072  # of a block
MICROSECONDS = 1_000_000  # of a second: durations are seconds
TEXT = (pl.String, pl.Categorical, pl.Enum)  # of such columns, 1 and 2 are text too


def open_parquet(
    source: StoredFile | bytes,
    name: str,
    null_values: NullValues,
    number_format: NumberFormat = PLAIN_NUMBERS,
) -> TableFile:
    """Read the header of a Parquet file.

    Raises:
        PolarsError, OSError: It cannot be read.
        TableError: It changed while it was read. The rows raise this too.
    """
    with _unchanged(source):
        scan = pl.scan_parquet(_bytes_or_path(source), glob=False)
        schema = scan.collect_schema()
    text_columns = frozenset(name for name, dtype in schema.items() if dtype in TEXT)

    def blocks(_: ReadingPlan) -> Iterator[Block]:  # the file has types
        with _hashed(source):
            yield from read_blocks()

    def read_blocks() -> Iterator[Block]:
        """Yield the rows, so many at a time, as long as the file stays as it is."""
        with _unchanged(source):
            rows = scan.select(pl.len()).collect().item()
        for first in range(0, rows, ROWS):
            with _unchanged(source):
                columns = scan.slice(first, ROWS).collect()
            frame = pl.DataFrame([_as_number_or_text(column) for column in columns])
            places = partial(_name_rows, first)
            read_texts = partial(pl.DataFrame, frame)
            yield Block(
                name,
                frame,
                places,
                read_texts,
                null_values,
                number_format,
                text_columns=text_columns,
            )

    return TableFile(name, list(schema), blocks)


def _bytes_or_path(source: StoredFile | bytes) -> Path | bytes:
    return source if isinstance(source, bytes) else source.path


def _hashed(source: StoredFile | bytes) -> AbstractContextManager[None]:
    """Hash a file while the body reads it."""
    return nullcontext() if isinstance(source, bytes) else source.hashed_beside()


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
    if column.dtype.is_numeric():
        return column
    if column.dtype == pl.Duration:
        return column.dt.total_microseconds() / MICROSECONDS
    if column.dtype.is_nested() or column.dtype == pl.Binary:  # polars casts none
        texts = [None if cell is None else str(cell) for cell in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column.cast(pl.String)
