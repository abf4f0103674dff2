"""Probabilities of a label, counted as they stream by: ROC and precision-recall curves."""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Booleans, Floats, Integers, Numbers, RowWeights
from nnrun.results.value_counts import ValueCounter
from nnrun.runs.arrays import Array

HALF_BITS = int(np.float32(0.5).view(np.int32))


@dataclass(frozen=True)
class RankedScores:
    """The rows of a label and those of all others, by falling probability of the label.

    Weighted rows are counted by their weights.

    Attributes:
        thresholds: The distinct probabilities, falling, shape (thresholds,).
        true_positives: Rows of the label with at least this probability, shape (thresholds,).
        false_positives: Rows of other labels with at least this probability, (thresholds,).
        is_exact: Whether probabilities are told apart as finely as float32 holds them.
    """

    thresholds: Floats
    true_positives: Integers | Floats
    false_positives: Integers | Floats
    is_exact: bool

    @property
    def positives(self) -> float:
        """The number of rows that have the label."""
        return _last(self.true_positives)

    @property
    def negatives(self) -> float:
        """The number of rows that have another label."""
        return _last(self.false_positives)

    def roc(self) -> Floats:
        """Return rates of false and of true positives, shape (2, thresholds + 1), from 0 to 1."""
        false_rate = self.false_positives / (self.negatives or 1)
        true_rate = self.true_positives / (self.positives or 1)
        rates = np.stack([false_rate, true_rate])
        return _with_zero_first(rates)

    def auc(self) -> float | None:
        """Return the share of pairs ranked rightly, ties counting half; None without both kinds."""
        if not (self.positives and self.negatives):
            return None
        false_rate, true_rate = self.roc()
        return float(np.trapezoid(true_rate, false_rate))

    def precision_recall(self) -> Floats:
        """Return precision and recall at each threshold, shape (2, thresholds)."""
        called = self.true_positives + self.false_positives
        precision = self.true_positives / called
        recall = self.true_positives / (self.positives or 1)
        return np.stack([precision, recall])

    def average_precision(self) -> float | None:
        """Return the mean of precision weighted by the gain of recall; None without positives.

        As in scikit-learn: steps, not the trapezoids that flatter. Bins of more than one score
        shift it by some 0.00002; AUC, where ties count half, by less than 0.000001.
        """
        if not self.positives:
            return None
        precision, recall = self.precision_recall()
        gain = np.diff(recall, prepend=0.0)
        return float(np.sum(gain * precision))

    def of_first(self) -> "RankedScores":
        """Return the same rows ranked by the first of two labels, whose probability is 1 - p."""
        at_least = np.stack([self.false_positives, self.true_positives])
        above = _with_zero_first(at_least)[:, :-1]
        totals = np.array([[self.negatives], [self.positives]])
        at_most = totals - above
        first, second = at_most[:, ::-1]
        thresholds = 1 - self.thresholds[::-1]
        return RankedScores(thresholds, first, second, self.is_exact)

    def counts_at(self, threshold: float) -> tuple[float, float]:
        """Return the true and the false positives where a probability >= threshold is positive.

        The threshold is compared as float32, as predictions compare it.

        Args:
            threshold: A probability from 0 to 1.

        Returns:
            Numbers of rows, or the sums of their weights where they have any.
        """
        bound = float(np.float32(threshold))
        called = int(np.searchsorted(-self.thresholds, -bound, "right"))
        if not called:
            return 0, 0
        true_positives = _last(self.true_positives[:called])
        false_positives = _last(self.false_positives[:called])
        return true_positives, false_positives


class ScoreCounter:
    """Counts the probabilities of rows with a label, and of rows without it."""

    def __init__(self) -> None:
        self._counter = ValueCounter(groups=2)

    def add(self, has_label: Booleans, probability: Numbers, weights: RowWeights = None) -> None:
        """Count rows.

        Args:
            has_label: Whether the row has the label, shape (rows,).
            probability: The probability of the label, shape (rows,); clipped to 0 and 1, since
                a linear output may lie beyond.
            weights: By how much each row counts, shape (rows,), above 0; by default by 1.
        """
        groups = has_label.astype(np.int64)
        self._counter.add(score_keys(probability), groups, weights)

    def result(self) -> RankedScores:
        """Return the rows by falling probability."""
        counted = self._counter.result()
        from_the_highest = counted.counts[:, ::-1]
        false_positives, true_positives = from_the_highest.cumsum(axis=1)
        thresholds = scores_of(counted.keys[::-1])
        return RankedScores(thresholds, true_positives, false_positives, counted.is_exact)


def _with_zero_first(rates: Array) -> Floats:
    """Return values of shape (2, thresholds) with a column of zeros before them."""
    return np.pad(rates, ((0, 0), (1, 0)))


def _last(counts: Integers | Floats) -> float:
    """Return the last count, a whole number unless rows are weighted; 0 where there is none."""
    last: float = counts[-1].item() if len(counts) else 0
    return last


def score_keys(probability: Numbers) -> Integers:
    """Return whole numbers in the order of float32 probabilities, as fine near 1 as near 0.

    The bits of a float32 from 0 to 0.5 are in its order; above 0.5, those of 1 - p are, and this
    difference is exact.

    Args:
        probability: From 0 to 1, shape (rows,); numbers beyond are taken for 0 or 1.

    Returns:
        Int64, shape (rows,).
    """
    contiguous = np.ascontiguousarray(probability, np.float32)
    clipped = np.clip(contiguous, 0, 1)
    clipped += np.float32(0)  # the bits of -0.0 are not in order
    distance = np.minimum(clipped, 1 - clipped)
    bits = distance.view(np.int32).astype(np.int64)
    return np.where(clipped < 0.5, bits, 2 * HALF_BITS - bits)


def scores_of(keys: Integers) -> Floats:
    """Return the probabilities that `score_keys` gave these keys.

    Args:
        keys: What `score_keys` returned, int64 (rows,).

    Returns:
        Float64, shape (rows,), each a number that float32 holds.
    """
    is_low = keys < HALF_BITS
    bits = np.where(is_low, keys, 2 * HALF_BITS - keys)
    distance_in_float32 = bits.astype(np.int32).view(np.float32)
    distance = distance_in_float32.astype(np.float64)
    return np.where(is_low, distance, 1 - distance)
