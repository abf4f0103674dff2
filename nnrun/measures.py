"""What `evaluate` tells beyond the config's own metrics, gathered block by block in memory that does not grow."""

from typing import Any

import numpy as np

from nnrun.columns import Moments

SCORE_BITS = 9  # of float32's 24 that AUC leaves out: ties are scores that agree to 2^-14 of p, or of 1 - p beyond 0.5
HALF = int(np.float32(0.5).view(np.int32)) >> SCORE_BITS


class ClassMeasure:
    """Confusion matrix of labels, and of two labels AUC, precision and recall of the second."""

    def __init__(self, labels: int) -> None:
        self.confusion = np.zeros((labels, labels), np.int64)
        self.scores = np.zeros((2, 2 * HALF + 1), np.int64)

    def add(self, y: "np.ndarray[Any, Any]", probability: "np.ndarray[Any, Any]") -> None:
        """Count rows: y (rows, 1) the label's number, probability (rows, 1) of the second of two, or (rows, labels)."""
        actual = y[:, 0].astype(int)
        called = probability.argmax(axis=1) if probability.shape[1] > 1 else (probability[:, 0] >= 0.5).astype(int)
        np.add.at(self.confusion, (actual, called), 1)
        if len(self.confusion) == 2:  # the bits of a float32 from 0 to 1 are in its order
            p = np.clip(np.ascontiguousarray(probability[:, -1], np.float32), 0, 1)  # a linear output may be beyond
            bits = np.minimum(p, 1 - p).view(np.int32) >> SCORE_BITS
            np.add.at(self.scores, (actual, np.where(p < 0.5, bits, 2 * HALF - bits)), 1)

    def metrics(self) -> dict[str, Any]:
        """Return `confusion_matrix`, a row per true label, and of two labels `auc`, `precision`, `recall`, or None."""
        table = {"confusion_matrix": self.confusion.tolist()}
        if len(self.confusion) > 2:
            return table
        (_, false_positive), (false_negative, true_positive) = self.confusion.tolist()
        negative, positive = self.scores
        below = np.cumsum(negative) - negative / 2  # AUC is the share of pairs ranked rightly, ties counting half
        ratios = {
            "auc": (float(positive @ below), float(negative.sum() * positive.sum())),
            "precision": (true_positive, true_positive + false_positive),
            "recall": (true_positive, true_positive + false_negative),
        }
        return {name: part / whole if whole else None for name, (part, whole) in ratios.items()} | table


class NumberMeasure:
    """Root mean squared error, mean absolute error and R2 of `targets` target columns."""

    def __init__(self, targets: int) -> None:
        self.actual = Moments(targets)
        self.squared, self.absolute = np.zeros(targets), np.zeros(targets)

    def add(self, y: "np.ndarray[Any, Any]", prediction: "np.ndarray[Any, Any]") -> None:
        """Count rows; `y` and `prediction` are (rows, targets)."""
        error = prediction.astype(np.float64) - y
        self.actual.add(y.astype(np.float64))
        self.squared += (error**2).sum(axis=0)
        self.absolute += np.abs(error).sum(axis=0)

    def metrics(self) -> dict[str, Any]:
        """Return `rmse`, `mean_absolute_error` and `r2` (None where a target is constant), means over the targets."""
        constant = (self.actual.minimum == self.actual.maximum).any()
        return {
            "rmse": float(np.sqrt(self.squared / self.actual.count).mean()),
            "mean_absolute_error": float((self.absolute / self.actual.count).mean()),
            "r2": None if constant else float((1 - self.squared / self.actual.squares).mean()),
        }
