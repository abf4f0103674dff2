"""The reliability curve: how often a label is true where it was given a probability."""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Booleans, Numbers

BINS = 10
INNER_EDGES = np.linspace(0, 1, BINS + 1)[1:-1]


@dataclass(frozen=True)
class ReliabilityBin:
    """The rows whose probability lies between two edges.

    Attributes:
        low: The bin's lower edge, not included but for 0.
        high: The bin's upper edge, included.
        rows: The number of rows.
        probability: The mean of their probabilities.
        share: The share of them of which it was true.
    """

    low: float
    high: float
    rows: int
    probability: float
    share: float


class ReliabilityCounter:
    """Sums probabilities and truths in bins of equal width."""

    def __init__(self) -> None:
        self._rows = np.zeros(BINS, np.int64)
        self._probabilities = np.zeros(BINS)
        self._true = np.zeros(BINS)

    def add(self, is_true: Booleans, probability: Numbers) -> None:
        """Count rows: whether it was true, (rows,), and the probability it was given, (rows,)."""
        bins = np.searchsorted(INNER_EDGES, probability)
        self._rows += np.bincount(bins, minlength=BINS)
        self._probabilities += np.bincount(bins, probability, BINS)
        self._true += np.bincount(bins, is_true, BINS)

    def result(self) -> tuple[ReliabilityBin, ...]:
        """Return the bins that hold rows, by rising probability."""
        return tuple(self._bin(number) for number in range(BINS) if self._rows[number])

    def _bin(self, number: int) -> ReliabilityBin:
        rows = int(self._rows[number])
        return ReliabilityBin(
            low=float(number / BINS),
            high=float((number + 1) / BINS),
            rows=rows,
            probability=float(self._probabilities[number] / rows),
            share=float(self._true[number] / rows),
        )


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return the mean distance of probability and share over rows: 0 of perfect probabilities."""
    rows = sum(group.rows for group in bins)
    distance = sum(group.rows * abs(group.probability - group.share) for group in bins)
    return distance / max(1, rows)
