"""Measures of predicted labels for many sets of row weights at once: the bootstrap's inner loop."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nnrun.results.array_types import Booleans, Floats, Integers, Numbers
from nnrun.results.bootstrap import Replicates
from nnrun.results.label_measure import SCORED_LABELS
from nnrun.results.row_losses import brier_losses, called_labels, log_losses

MOST_LABELS = 100
"""Labels up to which measures of each label are replicated: each is a column of products."""


@dataclass(frozen=True)
class LabelRows:
    """Rows whose labels were predicted, as the bootstrap draws them.

    Attributes:
        actual: The number of each row's true label, shape (rows,).
        outputs: Probabilities of the second of two labels, (rows, 1), or of each, (rows, labels).
        labels: The number of labels.
        threshold: The probability from which on a row is called the second of two labels.
    """

    actual: Integers
    outputs: Numbers
    labels: int
    threshold: float | None = None

    @cached_property
    def called(self) -> Integers:
        """The number of the label that each row is called, shape (rows,)."""
        return called_labels(self.outputs, self.threshold)

    def headline(self, weights: Floats) -> Replicates:
        """Return accuracy and balanced accuracy alone; accuracy only where there are many labels.

        Args:
            weights: How often each replicate draws each row, shape (replicates, rows).

        Returns:
            Arrays of shape (replicates,), by the name of the measure.
        """
        rows = weights.sum(axis=1)
        right = (self.called == self.actual).astype(np.float64)
        accuracy = weights @ right / rows
        if self.labels > MOST_LABELS:
            return {"accuracy": accuracy}
        has_label = one_hot(self.actual, self.labels)
        right_of_label = has_label * right[:, None]
        right_rows = weights @ right_of_label
        all_rows = weights @ has_label
        recalls = _divide(right_rows, all_rows)
        return {"accuracy": accuracy, "balanced_accuracy": _mean_defined(recalls)}

    def measures(self, weights: Floats) -> Replicates:
        """Return all measures that are a number.

        Args:
            weights: How often each replicate draws each row, shape (replicates, rows).

        Returns:
            Arrays of shape (replicates,), by the name of the measure; NaN where it is not defined.
        """
        rows = weights.sum(axis=1)
        log_loss_of_rows = log_losses(self.actual, self.outputs)
        brier_score_of_rows = brier_losses(self.actual, self.outputs)
        replicates = self.headline(weights)
        replicates["log_loss"] = weights @ log_loss_of_rows / rows
        replicates["brier_score"] = weights @ brier_score_of_rows / rows
        if self.labels <= MOST_LABELS:
            replicates |= self._by_label(weights)
        if self.labels <= SCORED_LABELS:
            replicates |= self._by_scores(weights)
        return replicates

    def _by_label(self, weights: Floats) -> Replicates:
        """Return precision, recall and F1: of the second of two labels, and the means."""
        has_label = one_hot(self.actual, self.labels)
        is_called = one_hot(self.called, self.labels)
        right = weights @ (has_label * is_called)
        actual = weights @ has_label
        called = weights @ is_called
        of_labels = {
            "precision": _divide(right, called),
            "recall": _divide(right, actual),
            "f1": _divide(2 * right, actual + called),
        }
        appears = actual + called > 0
        labels_that_appear = appears.sum(axis=1)
        replicates = {}
        for name, values in of_labels.items():
            counted = np.where(appears, np.nan_to_num(values), 0)
            replicates[f"macro_{name}"] = counted.sum(axis=1) / labels_that_appear
            if self.labels == 2:
                replicates[name] = values[:, 1]
        return replicates

    def _by_scores(self, weights: Floats) -> Replicates:
        """Return AUC and average precision: of the second of two labels, or the means."""
        numbers = [1] if self.labels == 2 else range(self.labels)
        by_row = np.ascontiguousarray(weights.T)
        curves = []
        last = self.outputs.shape[1] - 1
        for number in numbers:
            has_label = self.actual == number
            scores = self.outputs[:, min(number, last)]
            curves.append(weighted_curves(has_label, scores, by_row))
        aucs, average_precisions = zip(*curves, strict=True)
        return {
            "auc": _mean_defined(np.column_stack(aucs)),
            "average_precision": _mean_defined(np.column_stack(average_precisions)),
        }


def weighted_curves(has_label: Booleans, scores: Numbers, weights: Floats) -> tuple[Floats, Floats]:
    """Return AUC and average precision for each set of weights; NaN where one is not defined.

    Args:
        has_label: Whether each row has the label, shape (rows,).
        scores: The probability of the label, shape (rows,).
        weights: How often each row counts, shape (rows, replicates): running sums over rows are
            several times as fast this way round.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = weights[order]
    ranked_true = ranked * has_label[order, None]
    true = ranked_true.cumsum(axis=0)
    all_rows = ranked.cumsum(axis=0)
    steps = np.diff(scores[order], append=np.inf)
    ends = np.flatnonzero(steps)  # the last row of each tie
    if len(ends) < len(scores):
        true = true[ends]
        all_rows = all_rows[ends]
    positives = true[-1]
    negatives = all_rows[-1] - positives
    gained = np.diff(true, axis=0, prepend=0)
    precision = true / np.where(all_rows > 0, all_rows, 1)
    average_precision = _divide(_column_sums(gained, precision), positives)
    # each false positive ranks below all true ones before its tie, and below half of its tie's
    false_gained = np.diff(all_rows, axis=0, prepend=0) - gained
    pairs = _column_sums(false_gained, true)
    tied_pairs = _column_sums(false_gained, gained)
    ranked_rightly = pairs - tied_pairs / 2
    auc = _divide(ranked_rightly, positives * negatives)
    return auc, average_precision


def _column_sums(first: Floats, second: Floats) -> Floats:
    """Return the sum of products in each column."""
    return np.asarray(np.einsum("ij,ij->j", first, second))


def one_hot(numbers: Integers, labels: int) -> Floats:
    """Return 1 in the column of each row's number, and 0 elsewhere, shape (rows, labels).

    Args:
        numbers: The number of each row's label, from 0 on, shape (rows,).
        labels: How many labels there are.
    """
    has_label = numbers[:, None] == np.arange(labels)
    return np.asarray(has_label, np.float64)


def _divide(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where the whole is 0."""
    is_defined = whole > 0
    divisor = np.where(is_defined, whole, 1)
    return np.where(is_defined, part / divisor, np.nan)


def _mean_defined(values: Floats) -> Floats:
    """Return the mean of each row's values that are not NaN, or NaN where all are."""
    is_defined = ~np.isnan(values)
    defined_values = np.where(is_defined, values, 0)
    return _divide(defined_values.sum(axis=1), is_defined.sum(axis=1))
