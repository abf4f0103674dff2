"""Some rows of a table: their cells, each with its place in the file."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat

Places = Callable[[Sequence[int]], list[str]]
"""Tells where rows of a block stand in the file, given their numbers in ascending order."""
Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""Whether each row of a block is meant."""

Texts = Callable[[], pl.DataFrame]
"""Reads a block's cells again, as its file has them."""


@dataclass(frozen=True)
class NullValues:
    """What missing cells look like, besides empty ones.

    Attributes:
        texts: Cells without the spaces around them.
        numbers: The texts that are finite numbers, as files with types hold them.
    """

    texts: tuple[str, ...]
    numbers: tuple[float, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "NullValues":
        """Return the null values that are written like this.

        Args:
            texts: The texts of missing cells, without the spaces around them, as `data.null_values`
                lists them.
        """
        series = pl.Series(texts, dtype=pl.String)
        numbers = series.cast(pl.Float64, strict=False)
        finite = numbers.filter(numbers.is_finite())
        return cls(tuple(texts), tuple(finite))


@dataclass(frozen=True)
class Block:
    """Some rows of a file.

    Attributes:
        name: The file, as messages call it.
        frame: The cells, empty ones null: text (pl.String), or numbers if the file has types.
            Columns of a CSV file that a `ReadingPlan` names may be pl.Float64.
        places: Tells where rows stand: `17`, the line of a text file, or `row 16`.
        read_texts: Reads the cells again, all of a CSV file's as text.
        null_values: What missing cells look like.
        number_format: How text writes numbers.
        blank_rows: How many rows of the file are left out of the block, since every cell is empty.
        text_columns: The columns that the file itself says to be text, as Parquet does.
    """

    name: str
    frame: pl.DataFrame
    places: Places
    read_texts: Texts
    null_values: NullValues
    number_format: NumberFormat = PLAIN_NUMBERS
    blank_rows: int = 0
    text_columns: frozenset[str] = frozenset()

    def has(self, columns: Sequence[str]) -> bool:
        """Tell whether the block holds these columns; a Parquet file's has those wanted alone.

        Args:
            columns: The names of columns, in any order.
        """
        return set(columns) <= set(self.frame.columns)

    def column(self, name: str) -> pl.Series:
        """Return a column's cells as the frame has them, as a series that has no name.

        The methods of a series begin with `pl.col(its name)`, which takes `^x$` for a pattern.

        Args:
            name: A column that the block holds.

        Returns:
            A series of shape (rows,), pl.String or numeric, null where a cell is empty.
        """
        return self.frame[name].alias("")

    def cells(self, column: str) -> pl.Series:
        """Return a column's cells as the file has them: those of a CSV file are text.

        The series has no name, as those of `column` and `texts`.

        Args:
            column: A column that the block holds. Where it was read as numbers, the block is read
                again.

        Returns:
            A series of shape (rows,), null where a cell is empty.
        """
        if self.frame[column].dtype == pl.Float64:
            return self._as_read[column].alias("")
        return self.column(column)

    def texts(self, column: str) -> pl.Series:
        """Return a column's cells as text without the spaces around it; missing ones are null.

        Args:
            column: A column that the block holds. Where it was read as numbers, the block is read
                again.

        Returns:
            A pl.String series of shape (rows,).
        """
        cells = self.cells(column)
        texts: pl.Series = cells.cast(pl.String).str.strip_chars()
        is_missing = texts.is_in(["", *self.null_values.texts])
        if cells.dtype.is_numeric():
            numbers = cells.cast(pl.Float64)
            is_missing |= numbers.is_in(self.null_values.numbers)
        return texts.set(is_missing, None)

    def without_missing(self, columns: Sequence[str]) -> "Block":
        """Return the block without the rows in which a cell of these columns is missing.

        Args:
            columns: The columns whose cells a row must have. Without any, every row stays.
        """
        if not columns:
            return self
        is_whole = pl.repeat(value=True, n=len(self.frame), eager=True)
        for column in columns:
            is_whole &= self.texts(column).is_not_null()
        return self._take(is_whole.arg_true())

    def without_blank_rows(self) -> "Block":
        """Return the block without the rows in which every cell is empty, which it then counts."""
        if not all(column.null_count() for column in self.frame):  # so it is nearly always
            return self
        every_cell_is_null = pl.all_horizontal(pl.all().is_null())
        is_blank = self.frame.select(every_cell_is_null).to_series()
        kept = self._take((~is_blank).arg_true())
        return replace(kept, blank_rows=int(is_blank.sum()))

    def only(self, is_chosen: Mask) -> "Block":
        """Return the block of the rows that are chosen.

        Args:
            is_chosen: Whether each row of the block is chosen, shape (rows,).
        """
        return self._take(pl.Series(is_chosen).arg_true())

    def slice(self, start: int, rows: int) -> "Block":
        """Return the block of at most so many rows from `start` on.

        Args:
            start: The first of the rows, counted from 0 in the block.
            rows: How many at the most: the block may end before.
        """
        end = min(start + rows, len(self.frame))
        return self._take(pl.int_range(start, end, eager=True))

    @cached_property
    def _as_read(self) -> pl.DataFrame:
        return self.read_texts()

    def _take(self, rows: pl.Series) -> "Block":
        """Return the block of the rows that have these numbers, in ascending order."""

        def places(taken: Sequence[int]) -> list[str]:
            own_rows = rows.gather(list(taken))
            return self.places(own_rows.to_list())

        return replace(
            self,
            frame=self.frame[rows],
            places=places,
            read_texts=lambda: self._as_read[rows],
        )
