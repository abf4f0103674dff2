"""Measures of predicted labels."""

from typing import Any

import numpy as np

from nnrun.features.matrix_store import Matrix
from nnrun.results.scores import COARSE_BITS, FINE_BITS, Scores

CALLED_FROM = 0.5  # the probability from which a row is called positive
LABELS_WITH_SCORES = 12  # a picture cannot tell more ROC curves apart
LABELS_WITH_CONFUSION = (
    1_000  # their matrix is 8 MB, and its text some more; of 20,000 labels it would be 3 GB
)


class ClassMeasure:
    """The confusion of labels; and of two labels AUC, precision and recall of the second.

    Args:
        labels: How many there are.

    Attributes:
        confusion: Rows by true label and predicted label, int64 (labels, labels), or None of too
            many labels.
        scores: The scores of the second of two labels, or of each of a few, by the label's place.
    """

    def __init__(self, labels: int) -> None:
        self.confusion = _empty_confusion(labels)
        self.scores = _empty_scores(labels)

    def add(self, y: Matrix, probability: Matrix) -> None:
        """Count rows.

        Args:
            y: The places of their labels, (rows, 1).
            probability: Probabilities of the second of two labels (rows, 1), or of every label
                (rows, labels).
        """
        actual = y[:, 0].astype(int)
        if self.confusion is not None:
            np.add.at(self.confusion, (actual, _called(probability)), 1)
        for label, scores in self.scores.items():
            column = min(label, probability.shape[1] - 1)
            scores.add(actual == label, probability[:, column])

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
        (_, false_positives), (false_negatives, true_positives) = matrix
        return {
            "auc": self.scores[1].auc(),
            "precision": _share(true_positives, true_positives + false_positives),
            "recall": _share(true_positives, true_positives + false_negatives),
            "confusion_matrix": matrix,
        }


def _empty_confusion(labels: int) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]] | None":
    if labels > LABELS_WITH_CONFUSION:
        return None
    return np.zeros((labels, labels), np.int64)


def _empty_scores(labels: int) -> dict[int, Scores]:
    if labels == 2:
        return {1: Scores(FINE_BITS)}
    if labels > LABELS_WITH_SCORES:
        return {}
    return {label: Scores(COARSE_BITS) for label in range(labels)}


def _called(probability: Matrix) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return the place of the label that each row is called."""
    if probability.shape[1] > 1:
        return probability.argmax(axis=1)
    return (probability[:, 0] >= CALLED_FROM).astype(np.int64)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
