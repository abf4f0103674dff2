"""Measures of several targets of two labels each, summed as rows stream by.

Names and meanings are scikit-learn's for multilabel targets, but that `accuracy` is Keras's: the
mean over the targets. scikit-learn's own, of rows that are right in every target, is
`subset_accuracy`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnrun.results.array_types import Numbers, RowWeights
from nnrun.results.label_measure import LabelAccumulator, LabelMetrics, ratio, weighted_sum
from nnrun.results.measure_values import all_but, defined_numbers, mean_defined, mean_of
from nnrun.results.row_losses import AnyThreshold, called_labels, threshold_of


@dataclass(frozen=True)
class MultilabelMetrics:
    """Measures of several targets; None where a number is not defined.

    Attributes:
        rows: The number of rows.
        accuracy: The share of labels called rightly: the mean over the targets, 1 minus the Hamming
            loss.
        subset_accuracy: The share of rows whose labels are called rightly in every target.
        balanced_accuracy: The mean over the targets, as of all that follow.
        macro_precision: Of the second label, where None counts as 0.
        macro_recall: Of the second label, where None counts as 0.
        macro_f1: Of the second label, where None counts as 0.
        micro_f1: Of the second labels of all targets counted together.
        log_loss: The mean log loss.
        auc: The mean AUC over the targets that have one.
        average_precision: The mean average precision over the targets that have one.
        brier_score: The mean Brier score.
        calibration_error: The mean calibration error.
        targets: The measures of each target, in the order of the config.
    """

    rows: int
    accuracy: float
    subset_accuracy: float
    balanced_accuracy: float
    macro_precision: float
    macro_recall: float
    macro_f1: float
    micro_f1: float | None
    log_loss: float
    auc: float | None
    average_precision: float | None
    brier_score: float
    calibration_error: float
    targets: tuple[LabelMetrics, ...]

    def numbers(self) -> dict[str, float]:
        """Return the measures that are a single number and defined, by name."""
        return defined_numbers(self)

    def as_json(self) -> dict[str, Any]:
        """Return the measures of all targets together, as `evaluate --json` shows them."""
        return all_but(self, {"rows", "targets"})


class MultilabelAccumulator:
    """Sums what `MultilabelMetrics` needs, block by block.

    Args:
        labels: The two labels of each target.
        threshold: The probability from which on a row is called the second label of a target.
    """

    def __init__(self, labels: Sequence[tuple[str, ...]], threshold: AnyThreshold = None) -> None:
        self._threshold = threshold
        self._of_targets = []
        for number, pair in enumerate(labels):
            of_target = threshold_of(threshold, number)
            self._of_targets.append(LabelAccumulator(pair, of_target))
        self._right_rows = 0.0
        self._rows = 0.0

    def add(self, y: Numbers, outputs: Numbers, weights: RowWeights = None) -> None:
        """Count rows.

        Args:
            y: The places of labels, 0 or 1, (rows, targets).
            outputs: The probabilities of the second labels, (rows, targets).
            weights: By how much each row counts, (rows,), above 0; None where each counts by 1.
        """
        is_right = np.ones(len(y), bool)
        for number, accumulator in enumerate(self._of_targets):
            actual = y[:, [number]]
            probability = outputs[:, [number]]
            accumulator.add(actual, probability, weights)
            called = called_labels(probability, threshold_of(self._threshold, number))
            is_right &= called == actual[:, 0]
        self._right_rows += weighted_sum(is_right.astype(np.float64), weights)
        self._rows += weighted_sum(np.ones(len(y)), weights)

    def of_targets(self) -> list[LabelAccumulator]:
        """Return what sums the measures of each target."""
        return self._of_targets

    def result(self) -> MultilabelMetrics:
        """Return the measures of all rows that were added, at least one."""
        targets = tuple(accumulator.result() for accumulator in self._of_targets)
        subset_accuracy = self._right_rows / self._rows
        micro_f1 = _micro_f1(self._of_targets)
        return summarize_targets(targets, subset_accuracy, micro_f1)


def summarize_targets(
    targets: tuple[LabelMetrics, ...], subset_accuracy: float, micro_f1: float | None
) -> MultilabelMetrics:
    """Return the measures of several targets, given the two that no target alone has.

    Args:
        targets: The measures of each target, at least one.
        subset_accuracy: The share of rows that are right in all targets.
        micro_f1: F1 over the cells of all targets.
    """
    aucs = [target.auc for target in targets]
    average_precisions = [target.average_precision for target in targets]
    return MultilabelMetrics(
        rows=targets[0].rows,
        accuracy=mean_of(targets, "accuracy"),
        subset_accuracy=subset_accuracy,
        balanced_accuracy=mean_of(targets, "balanced_accuracy"),
        macro_precision=mean_of(targets, "precision"),
        macro_recall=mean_of(targets, "recall"),
        macro_f1=mean_of(targets, "f1"),
        micro_f1=micro_f1,
        log_loss=mean_of(targets, "log_loss"),
        auc=mean_defined(aucs),
        average_precision=mean_defined(average_precisions),
        brier_score=mean_of(targets, "brier_score"),
        calibration_error=mean_of(targets, "calibration_error"),
        targets=targets,
    )


def _micro_f1(targets: list[LabelAccumulator]) -> float | None:
    """Return F1 of the second labels, counted over the cells of all targets together."""
    matrices = np.array([target.weighted for target in targets])
    first_label, second_label = matrices.sum(axis=0).tolist()
    _, false_positives = first_label
    false_negatives, true_positives = second_label
    hits = 2 * true_positives
    return ratio(hits, hits + false_positives + false_negatives)
