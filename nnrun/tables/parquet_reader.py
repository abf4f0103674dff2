"""A Parquet file as blocks of rows."""

from collections.abc import Container, Sequence
from functools import partial

import polars as pl

from nnrun.tables.table_file import Blocks, TableFile, TableSource

ROWS = 131_072  # of a block of a Parquet file


def open_parquet(source: TableSource, name: str) -> TableFile:
    def places(first: int, rows: Sequence[int]) -> list[str]:
        return [f"row {first + row + 1}" for row in rows]

    def blocks(_: Container[str]) -> Blocks:
        for first in range(0, scan.select(pl.len()).collect().item(), ROWS):
            frame = pl.DataFrame([_as_text(column) for column in scan.slice(first, ROWS).collect()])
            yield frame, partial(places, first), partial(pl.DataFrame, frame)

    scan = pl.scan_parquet(source, glob=False)
    return TableFile(name, list(scan.collect_schema()), blocks)


def _as_text(column: pl.Series) -> pl.Series:
    if column.dtype.is_nested() or column.dtype in (
        pl.Binary,
        pl.Duration,
    ):  # which polars cannot cast
        texts = [None if cell is None else str(cell) for cell in column.to_list()]
        return pl.Series(column.name, texts, dtype=pl.String)
    return column if column.dtype.is_numeric() else column.cast(pl.String)
