"""Count, mean, variance and range of the columns of a matrix."""

from typing import NamedTuple

import numpy as np

Values = np.ndarray[tuple[int, int], np.dtype[np.float64]]
Vector = np.ndarray[tuple[int], np.dtype[np.float64]]


class ColumnStatistics(NamedTuple):
    """What is known of the numbers in a column; all zeros but the variance where there are none.

    Attributes:
        mean: Their mean.
        variance: Their variance, and 1 of a constant: Keras would divide by 1e-7.
        minimum: The least of them.
        maximum: The greatest of them.
        whole: Whether all numbers are whole, and there are any.
        missing_share: The share of the rows that have no number, from 0 to 1.
    """

    mean: float
    variance: float
    minimum: float
    maximum: float
    whole: bool
    missing_share: float


NO_NUMBERS = ColumnStatistics(
    mean=0.0,
    variance=1.0,
    minimum=0.0,
    maximum=0.0,
    whole=False,
    missing_share=1.0,
)


class Moments:
    """Count, mean, variance and range of each column of blocks of rows; NaN cells are left out.

    Args:
        columns: How many columns there are.

    Attributes:
        rows: How many rows were added.
        count: How many numbers each column has, int64 (columns,).
        mean: The mean of each column, float64 (columns,).
        squares: The sum of squared deviations from the mean, float64 (columns,).
        minimum: The least number of each column, float64 (columns,); inf where there is none.
        maximum: The greatest number of each column, float64 (columns,); -inf where there is none.
        whole: Whether all numbers of each column are whole, bool (columns,).
    """

    def __init__(self, columns: int) -> None:
        self.rows = 0
        self.count = np.zeros(columns, np.int64)
        self.mean = np.zeros(columns)
        self.squares = np.zeros(columns)  # the sum of squared deviations from the mean
        self.minimum = np.full(columns, np.inf)
        self.maximum = np.full(columns, -np.inf)
        self.whole = np.ones(columns, bool)

    def add(self, values: Values) -> None:
        """Take rows into account.

        Args:
            values: Some rows, float64 (rows, columns), NaN where a cell is missing.
        """
        self.rows += len(values)
        present = ~np.isnan(values)
        count = present.sum(axis=0)
        numbers = values
        if not present.all():
            numbers = np.where(present, values, 0.0)
        mean = numbers.sum(axis=0) / np.maximum(count, 1)
        deviations = np.where(present, numbers - mean, 0.0)
        squares = (deviations**2).sum(axis=0)
        self._combine(count, mean, squares)
        lowest = np.min(numbers, axis=0, initial=np.inf, where=present)
        highest = np.max(numbers, axis=0, initial=-np.inf, where=present)
        self.minimum = np.minimum(self.minimum, lowest)
        self.maximum = np.maximum(self.maximum, highest)
        is_whole = numbers == np.rint(numbers)
        self.whole &= is_whole.all(axis=0)

    def _combine(
        self,
        count: np.ndarray[tuple[int], np.dtype[np.int64]],
        mean: Vector,
        squares: Vector,
    ) -> None:
        """Take the count, the mean and the squared deviations of a block into account.

        They are combined as in Chan, Golub and LeVeque (1979), which loses nothing to large means.
        """
        total = np.maximum(self.count + count, 1)
        shift = mean - self.mean
        self.squares += squares + shift**2 * (self.count * count / total)
        self.mean += shift * (count / total)
        self.count += count

    def describe(self, column: int) -> ColumnStatistics:
        """Return what is known of a column.

        Args:
            column: The place of the column, from 0 on.
        """
        count = self.count[column]
        if not count:
            return NO_NUMBERS
        minimum = float(self.minimum[column])
        maximum = float(self.maximum[column])
        mean = float(self.mean[column])
        variance = float(self.squares[column] / count) or 1.0
        if minimum == maximum:  # exactly, where sums would round
            mean = minimum
            variance = 1.0
        return ColumnStatistics(
            mean=mean,
            variance=variance,
            minimum=minimum,
            maximum=maximum,
            whole=bool(self.whole[column]),
            missing_share=float(1 - count / self.rows),
        )
