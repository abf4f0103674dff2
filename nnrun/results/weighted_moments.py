"""Mean, variance and range of the columns of a matrix whose rows have weights."""

import numpy as np

from nnrun.results.array_types import Booleans, Floats, RowWeights


class WeightedMoments:
    """Mean, sum of squared deviations and range of each column of blocks of rows.

    Args:
        columns: The number of columns.

    Attributes:
        rows: The number of rows.
        weight: The sum of the weights: the number of rows where they have none.
        mean: The mean of each column, shape (columns,).
        squares: The sum of squared deviations from it, each times its weight, shape (columns,).
    """

    def __init__(self, columns: int) -> None:
        self.rows = 0
        self.weight = 0.0
        self.mean: Floats = np.zeros(columns)
        self.squares: Floats = np.zeros(columns)
        self._minimum: Floats = np.full(columns, np.inf)
        self._maximum: Floats = np.full(columns, -np.inf)

    @property
    def is_constant(self) -> Booleans:
        """Whether all rows have the same number, shape (columns,)."""
        return self._minimum == self._maximum

    def add(self, values: Floats, weights: RowWeights = None) -> None:
        """Take a block of rows into account.

        Args:
            values: The numbers, shape (rows, columns).
            weights: By how much each row counts, shape (rows,); None where each counts by 1.
        """
        weight = float(len(values))
        if weights is not None:
            weight = float(weights.sum())
        if not weight:
            return
        self.rows += len(values)
        self._minimum = np.minimum(self._minimum, values.min(axis=0))
        self._maximum = np.maximum(self._maximum, values.max(axis=0))
        mean = weighted_sums(values, weights) / weight
        deviations = values - mean
        squares = weighted_sums(deviations**2, weights)
        # combined as in Chan, Golub and LeVeque (1979), which loses nothing to large means
        total = self.weight + weight
        shift = mean - self.mean
        between = shift**2 * (self.weight * weight / total)
        self.squares = self.squares + squares + between
        self.mean = self.mean + shift * (weight / total)
        self.weight = total


def weighted_sums(values: Floats, weights: RowWeights) -> Floats:
    """Return the sum of each column of values (rows, columns), each row times its weight.

    Args:
        values: The numbers, shape (rows, columns).
        weights: By how much each row counts, shape (rows,); None where each counts by 1.
    """
    if weights is None:
        return np.asarray(values.sum(axis=0))
    return np.asarray(weights @ values)
