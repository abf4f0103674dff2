"""Whole numbers of which hardly any occurs twice, gathered block by block."""

import polars as pl

NEARLY_ALL = 0.9
"""The share of the cells from which on distinct ones are taken for an identifier."""

MOST_ROWS = 1 << 22
"""So many numbers are compared, which takes 32 MiB. A later one hardly is the first repeated."""


class DistinctNumbers:
    """Counts the distinct numbers of a column, as long as nearly all are distinct and whole."""

    def __init__(self) -> None:
        self._may_be_distinct = True
        self._rows = 0
        self._numbers: list[pl.Series] = []

    def add(self, numbers: pl.Series, *, whole: bool) -> None:
        """Take a block into account.

        Args:
            numbers: The numbers of a block; those that are missing are null.
            whole: Whether all numbers so far are whole.
        """
        if not self._may_be_distinct or self._rows >= MOST_ROWS:
            return
        present = numbers.drop_nulls()
        self._may_be_distinct = whole and _are_nearly_distinct(present)
        self._rows += len(present)
        self._numbers.append(present)
        if not self._may_be_distinct:
            self._numbers.clear()

    def share(self) -> float:
        """Return the share of the numbers that are distinct; 0 where it is below NEARLY_ALL."""
        if not self._may_be_distinct or not self._rows:
            return 0.0
        numbers = pl.concat(self._numbers)
        share = numbers.n_unique() / self._rows
        if share < NEARLY_ALL:
            return 0.0
        return share


def _are_nearly_distinct(numbers: pl.Series) -> bool:
    return numbers.n_unique() >= NEARLY_ALL * len(numbers)
