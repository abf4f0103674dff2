"""The probability from which on a row is called the second of two labels."""

import math
from dataclasses import dataclass

import numpy as np

from nnrun.errors import InputError
from nnrun.results.array_types import Floats
from nnrun.results.label_measure import ratio
from nnrun.results.ranked_scores import RankedScores

TABLE = tuple(number / 10 for number in range(1, 10))
GOALS = "`f1`, `balanced_accuracy`, or `cost=FP:FN`, such as `cost=10:1`"


@dataclass(frozen=True)
class ThresholdGoal:
    """What the best threshold is best at.

    Attributes:
        name: `f1` or `balanced_accuracy`, to be as large as can be, or `cost`, to be least.
        false_positive_cost: The cost of a row that is called the second label and has the first.
        false_negative_cost: The cost of a row that is called the first label and has the second.
    """

    name: str
    false_positive_cost: float = 1.0
    false_negative_cost: float = 1.0

    def __str__(self) -> str:
        if self.name != "cost":
            return self.name
        return f"cost={self.false_positive_cost:g}:{self.false_negative_cost:g}"


@dataclass(frozen=True)
class ThresholdRow:
    """What a threshold gives: rows with at least this probability are called the second label.

    Attributes:
        threshold: The probability.
        precision: The share of rows called the second label that have it; None if none is.
        recall: The share of rows with the second label that are called it; None if none has it.
        f1: The harmonic mean of precision and recall.
        balanced_accuracy: The mean of recall over both labels; None if one has no rows.
        positive_share: The share of rows that are called the second label.
        false_positives: The rows of the first label that are called the second; the sum of their
            weights where rows have any.
        false_negatives: The rows of the second label that are called the first, likewise.
    """

    threshold: float
    precision: float | None
    recall: float | None
    f1: float | None
    balanced_accuracy: float | None
    positive_share: float
    false_positives: float
    false_negatives: float

    def cost(self, goal: ThresholdGoal) -> float:
        """Return the sum of the costs of all wrong rows.

        Args:
            goal: The goal, which has the cost of a wrong row of either kind.
        """
        of_positives = goal.false_positive_cost * self.false_positives
        return of_positives + goal.false_negative_cost * self.false_negatives


def parse_goal(text: str) -> ThresholdGoal:
    """Return the goal that a command line names.

    Args:
        text: `f1`, `balanced_accuracy`, or `cost=FP:FN`: the cost of a false positive and that of
            a false negative. `cost=10:1` says that to call a row the second label wrongly is ten
            times as bad as to miss one.

    Raises:
        InputError: The text is none of these, or a cost is not a number from 0 on.
    """
    if text in ("f1", "balanced_accuracy"):
        return ThresholdGoal(text)
    name, _, costs = text.partition("=")
    of_positive, _, of_negative = costs.partition(":")
    false_positive = _cost(of_positive)
    false_negative = _cost(of_negative)
    if name != "cost" or false_positive is None or false_negative is None:
        raise InputError(f"the goal of a threshold must be {GOALS}; received {text!r}")
    if not false_positive + false_negative:
        raise InputError(f"{text}: at least one of the two costs must be above 0")
    return ThresholdGoal(name, false_positive, false_negative)


def _cost(text: str) -> float | None:
    """Return the cost that a text is, or None unless it is a number from 0 on."""
    try:
        cost = float(text)
    except ValueError:
        return None
    return cost if math.isfinite(cost) and cost >= 0 else None


def threshold_row(scores: RankedScores, threshold: float) -> ThresholdRow:
    """Return what a threshold gives on the rows of these scores.

    Args:
        scores: The rows by falling probability of the second label.
        threshold: The probability from which on a row is called the second label.
    """
    right, wrong = scores.counts_at(threshold)
    called = right + wrong
    recall = ratio(right, scores.positives)
    specificity = ratio(scores.negatives - wrong, scores.negatives)
    balanced = None
    if recall is not None and specificity is not None:
        balanced = (recall + specificity) / 2
    return ThresholdRow(
        threshold=threshold,
        precision=ratio(right, called),
        recall=recall,
        f1=ratio(2 * right, called + scores.positives),
        balanced_accuracy=balanced,
        positive_share=called / (scores.positives + scores.negatives or 1),
        false_positives=wrong,
        false_negatives=scores.positives - right,
    )


def threshold_table(
    scores: RankedScores, thresholds: tuple[float, ...] = TABLE
) -> tuple[ThresholdRow, ...]:
    """Return what each threshold gives, 0.1 to 0.9 by default.

    Args:
        scores: The probabilities of the second of two labels, ranked.
        thresholds: The thresholds, which are probabilities.
    """
    return tuple(threshold_row(scores, threshold) for threshold in thresholds)


def best_threshold(scores: RankedScores, goal: ThresholdGoal) -> ThresholdRow:
    """Return the threshold that serves the goal best on the rows of these scores.

    All thresholds between two neighbouring scores call the same rows. Of these 0.5 is taken if it
    is among them, and the middle otherwise, which new rows between the two suit best. Of equally
    good ones, the nearest to 0.5 is taken.

    Args:
        scores: The probabilities of the second of two labels, ranked.
        goal: What is to be largest, or least.
    """
    candidates = _candidates(scores)
    value = _values(scores, goal)
    if len(scores.thresholds) and scores.thresholds[0] >= 1:
        value[0] = -np.inf  # no probability is large enough to call no row at all
    is_best = value >= value.max() - 1e-12  # equal but for rounding
    best = candidates[is_best]
    distances = np.abs(best - 0.5)
    nearest = best[np.argmin(distances)]
    return threshold_row(scores, float(nearest))


def _candidates(scores: RankedScores) -> Floats:
    """Return a threshold for no row at all, then one for each score and all above it."""
    uppers = np.concatenate([[1.0], scores.thresholds])
    lowers = np.concatenate([scores.thresholds, [0.0]])
    exact_middles = (uppers + lowers) / 2
    middles = exact_middles.astype(np.float32).astype(np.float64)
    # between two neighbours of float32 there is none: the middle may be rounded to the lower
    apart = np.where(middles > lowers, middles, uppers)
    has_half = (lowers < 0.5) & (uppers >= 0.5)
    return np.where(has_half, 0.5, apart)


def _values(scores: RankedScores, goal: ThresholdGoal) -> Floats:
    """Return how well each candidate serves the goal: more is better."""
    right = np.pad(scores.true_positives, (1, 0)).astype(np.float64)
    wrong = np.pad(scores.false_positives, (1, 0)).astype(np.float64)
    if goal.name == "f1":
        called_and_actual = right + wrong + scores.positives
        divisor = np.where(called_and_actual > 0, called_and_actual, 1)
        return 2 * right / divisor
    if goal.name == "balanced_accuracy":
        recall = right / (scores.positives or 1)
        false_rate = wrong / (scores.negatives or 1)
        return (recall + 1 - false_rate) / 2
    missed = scores.positives - right
    cost = goal.false_positive_cost * wrong + goal.false_negative_cost * missed
    return -cost
