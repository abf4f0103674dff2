"""Measures of predictions against what is true."""

from typing import Any

import numpy as np

from nnrun.features.matrix_store import Matrix
from nnrun.features.statistics import Moments, Values

SCORE_BITS = 9  # of float32's 24 that AUC leaves out: ties are scores that agree to 2^-14 of p, or of 1 - p beyond 0.5
COARSE_BITS = 16  # the same where each of several labels has scores: half a megabyte each
SCORED = 12  # labels up to which each has scores, for a ROC curve: more cannot be told apart
SAMPLE = 4_000  # rows of numbers that are kept for a picture


class Scores:
    """The probabilities of rows without a label, and of those with it, as two histograms over the bits of float32."""

    def __init__(self, bits: int) -> None:
        self.bits, self.half = bits, int(np.float32(0.5).view(np.int32)) >> bits
        self.counts = np.zeros((2, 2 * self.half + 1), np.int64)

    def add(self, labelled: Any, probability: Any) -> None:
        """Count rows: whether they have the label (rows,), their probabilities of it (rows,)."""
        # the bits of a float32 from 0 to 1 are in its order
        p = np.clip(
            np.ascontiguousarray(probability, np.float32), 0, 1
        )  # a linear output may be beyond
        bits = np.minimum(p, 1 - p).view(np.int32) >> self.bits
        np.add.at(
            self.counts, (labelled.astype(int), np.where(p < 0.5, bits, 2 * self.half - bits)), 1
        )

    def auc(self) -> float | None:
        """Return the area under the ROC curve: the share of pairs ranked rightly, ties counting half, or None."""
        return float(np.trapezoid(*self.roc()[::-1])) if self.counts.any(axis=1).all() else None

    def roc(self) -> "np.ndarray[Any, np.dtype[np.float64]]":
        """Return the rates of false and of true positives (2, thresholds), as the threshold falls from above 1 to 0."""
        falling = self.counts[:, self.counts.any(axis=0)][:, ::-1]
        rates: Values = (
            np.cumsum(np.pad(falling, ((0, 0), (1, 0))), axis=1)
            / np.maximum(1, falling.sum(1))[:, None]
        )
        return rates


class ClassMeasure:
    """Confusion matrix of labels, and of two labels AUC, precision and recall of the second."""

    def __init__(self, labels: int) -> None:
        self.confusion = np.zeros((labels, labels), np.int64)
        scored = range(labels if labels <= SCORED else 0)
        self.scores = (
            {1: Scores(SCORE_BITS)}
            if labels == 2
            else {label: Scores(COARSE_BITS) for label in scored}
        )

    def add(self, y: Matrix, probability: Matrix) -> None:
        """Count rows: y (rows, 1) the label's number, probability (rows, 1) of the second of two, or (rows, labels)."""
        actual = y[:, 0].astype(int)
        called = (
            probability.argmax(axis=1)
            if probability.shape[1] > 1
            else (probability[:, 0] >= 0.5).astype(int)
        )
        np.add.at(self.confusion, (actual, called), 1)
        for label, scores in self.scores.items():
            scores.add(actual == label, probability[:, min(label, probability.shape[1] - 1)])

    def metrics(self) -> dict[str, Any]:
        """Return `confusion_matrix`, a row per true label, and of two labels `auc`, `precision`, `recall`, or None."""
        table = {"confusion_matrix": self.confusion.tolist()}
        if len(self.confusion) > 2:
            return table
        (_, false_positive), (false_negative, true_positive) = self.confusion.tolist()
        ratios = {
            "precision": (true_positive, true_positive + false_positive),
            "recall": (true_positive, true_positive + false_negative),
        }
        shares = {name: part / whole if whole else None for name, (part, whole) in ratios.items()}
        return {"auc": self.scores[1].auc(), **shares, **table}


class NumberMeasure:
    """Root mean squared error, mean absolute error and R2 of `targets` target columns; a sample (rows, 2, targets)."""

    def __init__(self, targets: int) -> None:
        self.actual = Moments(targets)
        self.squared, self.absolute = np.zeros(targets), np.zeros(targets)
        self.sample, self._draws, self._generator = (
            np.empty((0, 2, targets)),
            np.empty(0),
            np.random.default_rng(0),
        )

    def add(self, y: Matrix, prediction: Matrix) -> None:
        """Count rows; `y` and `prediction` are (rows, targets)."""
        error = prediction.astype(np.float64) - y
        self.actual.add(y.astype(np.float64))
        self.squared += (error**2).sum(axis=0)
        self.absolute += np.abs(error).sum(axis=0)
        draws = np.append(self._draws, self._generator.random(len(y)))
        chosen = np.argsort(draws)[
            :SAMPLE
        ]  # those that draw the least numbers: every row has the same chance
        self._draws = draws[chosen]
        self.sample = np.concatenate([self.sample, np.stack([y, prediction], axis=1)])[chosen]

    def metrics(self) -> dict[str, Any]:
        """Return `rmse`, `mean_absolute_error` and `r2` (None where a target is constant), means over the targets."""
        constant = (self.actual.minimum == self.actual.maximum).any()
        return {
            "rmse": float(np.sqrt(self.squared / self.actual.count).mean()),
            "mean_absolute_error": float((self.absolute / self.actual.count).mean()),
            "r2": None if constant else float((1 - self.squared / self.actual.squares).mean()),
        }
