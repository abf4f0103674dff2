"""Inputs that equal a target in every row, gathered block by block."""

from itertools import product

import numpy as np

from nnrun.features.feature import Feature
from nnrun.features.statistics import Values

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
        comparable = [
            column for column, feature in enumerate(inputs) if feature.kind in ("number", "boolean")
        ]
        self._pairs = list(product(comparable, range(targets)))

    def add(self, x: Values, y: Values) -> None:
        """Take rows into account: x of shape (rows, inputs) and y of shape (rows, targets)."""
        self._pairs = [(i, j) for i, j in self._pairs if _are_equal(x[:, i], y[:, j])]

    def names(self) -> list[str]:
        """Return the columns that equal a target."""
        return list(dict.fromkeys(self._inputs[column].name for column, _ in self._pairs))


def _are_equal(
    one: np.ndarray[tuple[int], np.dtype[np.float64]],
    other: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> bool:
    """Tell whether columns are equal as float32, which training sees."""
    some = np.array_equal(one[:SAMPLE].astype(np.float32), other[:SAMPLE].astype(np.float32))
    return some and np.array_equal(one.astype(np.float32), other.astype(np.float32))
