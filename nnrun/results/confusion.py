"""Confusion of two labels at many thresholds, as Keras counts it, and metrics made of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nnrun.config.named import Spec
from nnrun.features.matrix_store import Matrix
from nnrun.results.array_types import Integers

Counts = np.ndarray[tuple[int], np.dtype[np.float64]]

Probabilities = np.ndarray[tuple[int], np.dtype[np.float32]]

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class Confusion:
    """Counts of rows at each threshold, float64 (thresholds,).

    Where rows have weights, these are summed in place of counts.

    Attributes:
        true_positives: The positive rows that are called positive.
        false_positives: The negative rows that are called positive.
        true_negatives: The negative rows that are called negative.
        false_negatives: The positive rows that are called negative.
    """

    true_positives: Counts
    false_positives: Counts
    true_negatives: Counts
    false_negatives: Counts

    @property
    def precision(self) -> Counts:
        """The share of the rows called positive that are."""
        return divide(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Counts:
        """The share of the positive rows that are called so."""
        return divide(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> Counts:
        """The share of the negative rows that are called so."""
        return divide(self.true_negatives, self.true_negatives + self.false_positives)


@dataclass(frozen=True)
class Thresholds:
    """Thresholds that probabilities are compared with, as Keras compares them.

    Attributes:
        count: How many there are.
        count_below: Returns how many are below each of some float32 probabilities (rows,).
    """

    count: int
    count_below: Callable[[Probabilities], Integers]


class ConfusionCounts:
    """Counts cells of the targets by their label, and by the thresholds below their probability."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._counts = np.zeros((2, thresholds.count + 1))

    def add(self, y: Matrix, probability: Matrix, weights: Counts | None = None) -> None:
        """Count cells.

        Args:
            y: Labels of 0 or 1, float32 (rows, targets).
            probability: Probabilities of 1, of the same shape.
            weights: By how much each row counts, (rows,); by default by 1.
        """
        below = self._thresholds.count_below(probability.ravel())
        is_positive = y.ravel() != 0
        first_places = is_positive * (self._thresholds.count + 1)
        of_cells = None
        if weights is not None:
            of_cells = np.repeat(weights, y.shape[1])
        counts = np.bincount(first_places + below, of_cells, minlength=self._counts.size)
        self._counts += counts.reshape(self._counts.shape)

    def result(self) -> Confusion:
        """Return the confusion of the rows so far."""
        from_the_highest = self._counts[:, ::-1]
        at_least = np.cumsum(from_the_highest, axis=1)[:, ::-1]
        negatives, positives = at_least[:, 0]
        false_positives, true_positives = at_least[:, 1:]
        return Confusion(
            true_positives=true_positives,
            false_positives=false_positives,
            true_negatives=negatives - false_positives,
            false_negatives=positives - true_positives,
        )


def one_threshold(threshold: float | None) -> Thresholds:
    """Return a threshold that a positive row's probability is above; None is Keras's default.

    Args:
        threshold: From 0 to 1, or None.
    """
    if threshold is None:
        threshold = DEFAULT_THRESHOLD
    bound = np.float32(threshold)

    def count_below(probability: Probabilities) -> Integers:
        is_above = probability > bound
        return is_above.astype(np.int64)

    return Thresholds(1, count_below)


def even_thresholds(count: int, *, first_below_all: bool) -> Thresholds:
    """Return `count` thresholds from 0 to 1, which Keras finds by rounding, `metrics_utils.py`.

    Args:
        count: How many there are.
        first_below_all: Whether the first is below 0, as that of AUC is, so that every row is above
            it.
    """
    least = int(first_below_all)

    def count_below(probability: Probabilities) -> Integers:
        scaled = np.clip(probability, 0, 1) * np.float32(count - 1)
        below = np.maximum(np.ceil(scaled), least)
        return below.astype(np.int64)

    return Thresholds(count, count_below)


def area_under_curve(confusion: Confusion, arguments: Spec) -> float:
    """Return `keras.metrics.AUC` as a sum of areas between thresholds.

    Args:
        confusion: The counts at each threshold, from the lowest threshold to the highest.
        arguments: The config's arguments of the metric, of which `curve` and `summation_method`
            count.
    """
    curve = arguments.get("curve", "ROC")
    method = arguments.get("summation_method", "interpolation")
    if (curve, method) == ("PR", "interpolation"):
        return _interpolated_precision_area(confusion)
    curve_of = CURVES[curve]
    height_between = HEIGHTS[method]
    x, y = curve_of(confusion)
    widths = x[:-1] - x[1:]
    heights = height_between(y[:-1], y[1:])
    return float(np.sum(widths * heights))


def divide(numerator: Counts, denominator: Counts) -> Counts:
    """Return the quotient, or 0 where the denominator is 0, `ops.divide_no_nan`.

    Args:
        numerator: Counts or sums of any shape.
        denominator: What to divide by, of the same shape.
    """
    quotient: Counts = np.divide(
        numerator, denominator, out=np.zeros(np.shape(numerator)), where=denominator != 0
    )
    return quotient


def _roc(confusion: Confusion) -> tuple[Counts, Counts]:
    negatives = confusion.false_positives + confusion.true_negatives
    return divide(confusion.false_positives, negatives), confusion.recall


def _precision_recall(confusion: Confusion) -> tuple[Counts, Counts]:
    return confusion.recall, confusion.precision


def _gains(confusion: Confusion) -> tuple[Counts, Counts]:
    """Return the gains of recall and of precision (Flach and Kull, 2015), as Keras bounds them."""
    hits = confusion.true_positives
    positives = hits + confusion.false_negatives
    negatives = confusion.true_negatives + confusion.false_positives
    odds = divide(positives, negatives)
    recall_gain = 1 - odds * divide(confusion.false_negatives, hits)
    precision_gain = 1 - odds * divide(confusion.false_positives, hits)
    has_no_hits = hits == 0
    recall_gain = np.where(has_no_hits, 0.0, recall_gain)
    precision_gain = np.where(has_no_hits, 1.0, precision_gain)
    return np.maximum(recall_gain, 0), precision_gain


def _interpolated_precision_area(confusion: Confusion) -> float:
    """Return the area under the precision-recall curve (Davis and Goadrich, 2006)."""
    hits = confusion.true_positives
    called = hits + confusion.false_positives
    gained = hits[:-1] - hits[1:]
    lower = called[:-1]
    upper = called[1:]
    slope = divide(gained, np.maximum(lower - upper, 0))
    intercept = hits[1:] - slope * upper
    are_called = (lower > 0) & (upper > 0)
    ratio = np.where(are_called, divide(lower, upper), 1.0)
    positives = hits + confusion.false_negatives
    gained_precision = slope * (gained + intercept * np.log(ratio))
    areas = divide(gained_precision, positives[1:])
    return float(areas.sum())


CURVES: dict[str, Callable[[Confusion], tuple[Counts, Counts]]] = {
    "ROC": _roc,
    "PR": _precision_recall,
    "PRGAIN": _gains,
}
HEIGHTS: dict[str, Callable[[Counts, Counts], Counts]] = {
    "interpolation": lambda left, right: (left + right) / 2,
    "minoring": np.minimum,
    "majoring": np.maximum,
}


def best_under(constrained: Counts, dependent: Counts, least: float) -> float:
    """Return the greatest of `dependent` where `constrained` is at least `least`, or 0.

    Args:
        constrained: A rate at each threshold.
        dependent: Another rate at each threshold.
        least: What the first rate must be at least.
    """
    is_feasible = constrained.astype(np.float32) >= np.float32(least)
    feasible = np.where(is_feasible, dependent, 0)
    return float(np.max(feasible, initial=0))
