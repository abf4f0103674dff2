"""Inputs that equal a target in every row, gathered block by block."""

from itertools import product

import numpy as np

from nnrun.features.feature import Feature
from nnrun.features.statistics import Values, Vector

SAMPLE = 1_000
"""As many rows are compared before all of a block are."""


class TargetCopies:
    """Finds the numbers that equal a target.

    Args:
        inputs: The feature of each column of x.
        targets: How many columns y has.
    """

    def __init__(self, inputs: list[Feature], targets: int) -> None:
        self._inputs = inputs
        self._pairs: list[tuple[int, int]] = []
        for column, feature in enumerate(inputs):
            if feature.kind in ("number", "boolean"):
                self._pairs += product([column], range(targets))

    def add(self, x: Values, y: Values) -> None:
        """Take rows into account.

        Args:
            x: Their inputs, shape (rows, inputs), NaN where a number is missing.
            y: Their targets, shape (rows, targets).
        """
        equal = []
        for column, target in self._pairs:
            if _are_equal(x[:, column], y[:, target]):
                equal.append((column, target))
        self._pairs = equal

    def names(self) -> list[str]:
        """Return the columns that equal a target."""
        names = [self._inputs[column].name for column, _ in self._pairs]
        return list(dict.fromkeys(names))


def _are_equal(one: Vector, other: Vector) -> bool:
    """Tell whether columns are equal as float32, which training sees."""
    for rows in (slice(SAMPLE), slice(None)):
        sample = one[rows].astype(np.float32)
        other_sample = other[rows].astype(np.float32)
        if not np.array_equal(sample, other_sample):
            return False
    return True
