"""How many rows of equal weight would tell as much as rows of several weights."""

from nnrun.results.array_types import RowWeights


class EffectiveRows:
    """Counts the effective number of rows: (sum of weights)^2 / sum of squared weights.

    It is that of Kish, Survey Sampling (1965): a mean of so many rows that count alike varies as
    much as the weighted mean of the rows does.
    """

    def __init__(self) -> None:
        self._sum = 0.0
        self._squares = 0.0

    def add(self, rows: int, weights: RowWeights = None) -> None:
        """Take rows into account.

        Args:
            rows: How many there are.
            weights: By how much each counts, shape (rows,); None where each counts by 1.
        """
        if weights is None:
            self._sum += rows
            self._squares += rows
        else:
            squares = weights**2
            self._sum += float(weights.sum())
            self._squares += float(squares.sum())

    def count(self) -> int:
        """Return the effective number of rows, rounded; at least 1."""
        if not self._squares:
            return 1
        return max(1, round(self._sum**2 / self._squares))
