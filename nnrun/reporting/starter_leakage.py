"""Columns that are the target itself, or tell it exactly: known too late to predict from."""

from typing import Literal

import polars as pl

from nnrun.features.cells import ParsedCells

Leakage = Literal["equal", "one to one"]
"""A column equals the target, or each of its values goes with one value of the target alone."""

FEWEST_ROWS = 100
"""In fewer rows a good input may go with the target one to one by chance."""

ROWS_OF_A_VALUE = 2
"""Where values occur less often on average, two unrelated columns go with each other one to one;
then numbers must rise or fall together as well."""


class LeakageSurvey:
    """Gathers whether a column tells the target exactly, block by block.

    It keeps the distinct pairs of the two as long as they go one to one, which few columns do
    beyond the first block.
    """

    def __init__(self) -> None:
        self._rows = 0
        self._pairs: pl.DataFrame | None = pl.DataFrame()
        self._is_equal = True

    def add(self, column: ParsedCells, target: ParsedCells) -> None:
        """Take the cells of a block into account.

        Args:
            column: The cells of the column, in rows that have a target.
            target: The cells of the target in the same rows.
        """
        if self._pairs is None:
            return
        values = {"column": _values(column), "target": _values(target)}
        pairs = pl.DataFrame(values).drop_nulls("column")
        self._rows += len(pairs)
        self._is_equal = self._is_equal and _are_equal(pairs)
        self._keep(pairs.unique())

    def result(self) -> Leakage | None:
        """Return how the column tells the target, or None where it does not."""
        if self._pairs is None or len(self._pairs) < 2:
            return None
        if self._is_equal:
            return "equal"
        if self._rows >= FEWEST_ROWS:
            return "one to one"
        return None

    def _keep(self, new_pairs: pl.DataFrame) -> None:
        """Keep the new pairs, or none any more where pairs no longer go one to one."""
        if self._pairs is None:
            return
        pairs = new_pairs
        if len(self._pairs):
            if self._pairs.schema != new_pairs.schema:  # numbers in one block are text in another
                self._pairs = None
                return
            pairs = pl.concat([self._pairs, new_pairs]).unique()
        if self._go_together(pairs):
            self._pairs = pairs
        else:
            self._pairs = None

    def _go_together(self, pairs: pl.DataFrame) -> bool:
        """Return whether each value goes with one target alone, and not by chance."""
        for name in pairs.columns:
            if pairs[name].n_unique() < len(pairs):
                return False
        if self._is_equal or self._rows >= ROWS_OF_A_VALUE * len(pairs):
            return True
        return _rise_or_fall(pairs)


def _values(cells: ParsedCells) -> pl.Series:
    """Return the cells as numbers where they all are, else as text without spaces around it."""
    if cells.texts is None:
        return cells.values
    are_all_numbers = cells.values.null_count() == cells.texts.null_count()
    if are_all_numbers:
        return cells.values
    return cells.texts


def _are_equal(pairs: pl.DataFrame) -> bool:
    column, target = pairs
    if column.dtype != target.dtype:
        return False
    return bool((column == target).all())


def _rise_or_fall(pairs: pl.DataFrame) -> bool:
    """Tell whether numbers rise, or fall, with the target throughout."""
    if pl.String in pairs.dtypes:
        return False
    target = pairs.sort("column")["target"]
    return target.is_sorted() or target.is_sorted(descending=True)
