"""A Parquet file as blocks of rows."""

from collections.abc import Iterator, Sequence
from functools import partial

import polars as pl

from nnrun.tables.block import Block, NullValues
from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat
from nnrun.tables.table_file import ReadingPlan, TableFile, TableSource

ROWS = 131_072  # of a block


def open_parquet(
    source: TableSource,
    name: str,
    null_values: NullValues,
    number_format: NumberFormat = PLAIN_NUMBERS,
) -> TableFile:
    """Read the header of a Parquet file.

    Raises:
        PolarsError, OSError: It cannot be read.
    """
    scan = pl.scan_parquet(source, glob=False)

    def blocks(_: ReadingPlan) -> Iterator[Block]:  # the file has types
        rows = scan.select(pl.len()).collect().item()
        for first in range(0, rows, ROWS):
            columns = scan.slice(first, ROWS).collect()
            frame = pl.DataFrame([_as_number_or_text(column) for column in columns])
            places = partial(_name_rows, first)
            read_texts = partial(pl.DataFrame, frame)
            yield Block(name, frame, places, read_texts, null_values, number_format)

    return TableFile(name, list(scan.collect_schema()), blocks)


def _name_rows(first: int, rows: Sequence[int]) -> list[str]:
    return [f"row {first + row + 1}" for row in rows]


def _as_number_or_text(column: pl.Series) -> pl.Series:
    if column.dtype.is_numeric():
        return column
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Duration):  # polars casts none
        texts = [None if cell is None else str(cell) for cell in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column.cast(pl.String)
