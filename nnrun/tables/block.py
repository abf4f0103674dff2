"""Some rows of a table: their cells, each with its place in the file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import polars as pl

from nnrun.tables.table_file import Places, Texts


@dataclass(frozen=True)
class Block:
    """Some rows of a file: cells as text (pl.String), or numbers where the file has types; empty ones null.

    The columns of a CSV file that are among `numbers` may be pl.Float64.
    """

    name: str
    frame: pl.DataFrame
    places: Places  # tells where rows stand: `17`, the line, or `row 16`
    as_read: Texts
    null_values: list[str]  # what missing cells look like
    null_numbers: list[float]  # those of them that are numbers
    numbers: set[str]  # columns that later blocks may read as such

    def cells(self, column: str) -> pl.Series:
        """Return a column's cells as the file has them, in this block and those to come."""
        if self.frame[column].dtype != pl.Float64:
            return self.frame[column]
        self.numbers.discard(column)
        return self._as_read[column]

    @cached_property
    def _as_read(self) -> pl.DataFrame:
        return self.as_read()

    def texts(self, column: str) -> pl.Series:
        """Return a column's cells without the spaces around them; missing ones are null."""
        cells = self.cells(column)
        texts: pl.Series = cells.cast(pl.String).str.strip_chars()
        missing = texts.is_in(["", *self.null_values])
        if cells.dtype.is_numeric():
            missing |= cells.cast(pl.Float64).is_in(self.null_numbers)
        return texts.set(missing, None)

    def without_missing(self, columns: Sequence[str]) -> "Block":
        """Return the block without the rows in which a cell of these columns is missing."""
        if not columns:
            return self
        kept = (
            pl.DataFrame([self.texts(column).is_not_null() for column in columns])
            .min_horizontal()
            .arg_true()
        )
        return replace(
            self,
            frame=self.frame[kept],
            places=lambda rows: self.places(kept.gather(list(rows)).to_list()),
            as_read=lambda: self._as_read[kept],
        )

    def slice(self, start: int, rows: int) -> "Block":
        """Return the block of these rows alone."""
        return replace(
            self,
            frame=self.frame.slice(start, rows),
            places=lambda at: self.places([start + i for i in at]),
        )
