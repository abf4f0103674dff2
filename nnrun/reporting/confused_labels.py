"""Labels that a network takes for each other, the most frequent mistakes first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ConfusedPair:
    """Rows of one label that are called another.

    Attributes:
        actual: The label that they have.
        called: The label that they are called.
        rows: How many they are.
        share: Their share of all rows that have the label.
    """

    actual: str
    called: str
    rows: int
    share: float


def confused_pairs(labels: Sequence[str], matrix: Sequence[Sequence[int]]) -> list[ConfusedPair]:
    """Return the pairs of labels that are confused at least once, the most rows first.

    Args:
        labels: The labels in the order of the matrix.
        matrix: Counts of rows, a row for each true label, a column for each called one.
    """
    counts = np.array(matrix)
    rows_of_label = counts.sum(axis=1)
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)
    most_first = np.argsort(-mistakes, axis=None, kind="stable")
    pairs = []
    for place in most_first:
        actual, called = divmod(int(place), len(labels))
        rows = int(mistakes[actual, called])
        if not rows:
            break
        pair = ConfusedPair(
            actual=labels[actual],
            called=labels[called],
            rows=rows,
            share=rows / int(rows_of_label[actual]),
        )
        pairs.append(pair)
    return pairs
