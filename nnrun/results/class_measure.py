"""Measures of predicted labels."""

from typing import Any

import numpy as np

from nnrun.features.matrix_store import Matrix
from nnrun.results.label_measure import confusion, ratio, scored_labels
from nnrun.results.ranked_scores import RankedScores, ScoreCounter
from nnrun.results.row_losses import called_labels

LABELS_WITH_CONFUSION = 1_000
"""Their matrix is 8 MB, and its text some more; of 20,000 labels it would be 3 GB."""


class ClassMeasure:
    """The confusion of labels; and of two labels AUC, precision and recall of the second.

    Args:
        labels: How many there are.

    Attributes:
        confusion: Rows by true label and predicted label, int64 (labels, labels), or None of too
            many labels.
    """

    def __init__(self, labels: int) -> None:
        self.confusion = _empty_confusion(labels)
        self._scores = {label: ScoreCounter() for label in scored_labels(labels)}

    def add(self, y: Matrix, probability: Matrix) -> None:
        """Count rows.

        Args:
            y: The places of their labels, (rows, 1).
            probability: Probabilities of the second of two labels (rows, 1), or of every label
                (rows, labels).
        """
        actual = y[:, 0].astype(int)
        if self.confusion is not None:
            called = called_labels(probability)
            self.confusion += confusion(actual, called, len(self.confusion))
        last = probability.shape[1] - 1
        for label, scores in self._scores.items():
            has_label = actual == label
            scores.add(has_label, probability[:, min(label, last)])

    @property
    def scores(self) -> dict[int, RankedScores]:
        """The scores of the second of two labels, or of each of a few, by the label's place."""
        return {label: scores.result() for label, scores in self._scores.items()}

    def metrics(self) -> dict[str, Any]:
        """Return the measures of the rows so far.

        Returns:
            `confusion_matrix`, a list for each true label, unless there are too many; and of two
            labels `auc`, `precision` and `recall`, which are None where they are undefined.
        """
        if self.confusion is None:
            return {}
        matrix = self.confusion.tolist()
        if len(matrix) > 2:
            return {"confusion_matrix": matrix}
        first_label, second_label = matrix
        _, false_positives = first_label
        false_negatives, true_positives = second_label
        return {
            "auc": self.scores[1].auc(),
            "precision": ratio(true_positives, true_positives + false_positives),
            "recall": ratio(true_positives, true_positives + false_negatives),
            "confusion_matrix": matrix,
        }


class MultilabelMeasure:
    """The measures of several targets, each of two labels.

    Args:
        targets: How many there are.

    Attributes:
        targets: The measure of each target.
    """

    def __init__(self, targets: int) -> None:
        self.targets = [ClassMeasure(2) for _ in range(targets)]

    def add(self, y: Matrix, probability: Matrix) -> None:
        """Count rows.

        Args:
            y: The places of labels, 0 or 1, float32 (rows, targets).
            probability: The probabilities of the second labels, of the same shape.
        """
        for number, measure in enumerate(self.targets):
            actual = y[:, [number]]
            of_target = probability[:, [number]]
            measure.add(actual, of_target)


def _empty_confusion(labels: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]] | None":
    """Return a confusion matrix of no rows, or None where it would be too large."""
    if labels > LABELS_WITH_CONFUSION:
        return None
    return np.zeros((labels, labels), np.int64)
