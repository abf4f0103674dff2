"""The reliability curve: how often a label is true where it was given a probability."""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Booleans, Numbers, RowWeights
from nnrun.results.row_weights import filled_weights

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
        self._weights = np.zeros(BINS)
        self._probabilities = np.zeros(BINS)
        self._true = np.zeros(BINS)

    def add(self, is_true: Booleans, probability: Numbers, weights: RowWeights = None) -> None:
        """Count rows.

        Args:
            is_true: Whether what was predicted was true, (rows,).
            probability: The probability it was given, (rows,).
            weights: By how much each row counts, (rows,); None where each counts by 1.
        """
        bins = np.searchsorted(INNER_EDGES, probability)
        of_rows = filled_weights(weights, len(bins))
        weighted_probability = probability * of_rows
        weighted_truth = is_true * of_rows
        self._rows += np.bincount(bins, minlength=BINS)
        self._weights += np.bincount(bins, of_rows, BINS)
        self._probabilities += np.bincount(bins, weighted_probability, BINS)
        self._true += np.bincount(bins, weighted_truth, BINS)

    def result(self) -> tuple[ReliabilityBin, ...]:
        """Return the bins that hold rows, by rising probability."""
        bins = []
        for number in range(BINS):
            if self._rows[number]:
                bins.append(self._bin(number))
        return tuple(bins)

    def _bin(self, number: int) -> ReliabilityBin:
        """Return a bin that holds rows."""
        weight = self._weights[number]
        probability = self._probabilities[number] / weight
        share = self._true[number] / weight
        return ReliabilityBin(
            low=float(number / BINS),
            high=float((number + 1) / BINS),
            rows=int(self._rows[number]),
            probability=float(probability),
            share=float(share),
        )

    def calibration_error(self) -> float:
        """Return the mean distance of probability and share over rows: 0 of perfect ones."""
        distances = np.abs(self._probabilities - self._true)
        weight = max(self._weights.sum(), np.finfo(float).tiny)
        return float(distances.sum() / weight)
