"""Measures of predicted labels, summed as rows stream by; scikit-learn's names and meanings."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nnrun.results.array_types import Floats, Integers, Numbers, RowWeights
from nnrun.results.measure_values import all_but, defined_numbers, mean_defined, mean_of
from nnrun.results.ranked_scores import RankedScores, ScoreCounter
from nnrun.results.reliability import ReliabilityBin, ReliabilityCounter
from nnrun.results.row_losses import (
    brier_losses,
    called_labels,
    log_losses,
    second_probability,
)

SCORED_LABELS = 12
"""Labels up to which each has scores, which take 1.5 MB and a sort each; a picture cannot tell
more ROC curves apart."""


@dataclass(frozen=True)
class LabelScore:
    """How well one label is told from all others; None where a number is not defined.

    Attributes:
        label: The label.
        rows: The rows that have it.
        predicted: The rows that are called it.
        precision: The share of rows called it that have it.
        recall: The share of rows with it that are called it.
        f1: The harmonic mean of precision and recall.
        auc: The area under the ROC curve of its probability.
        average_precision: The area under the precision-recall curve: of rare labels, what counts.
    """

    label: str
    rows: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None
    auc: float | None
    average_precision: float | None


NO_SCORE = LabelScore("", 0, 0, None, None, None, None, None)
"""Stands for the second of two labels where there are more: none of its measures is defined."""


@dataclass(frozen=True)
class LabelMetrics:
    """Measures of predicted labels; None where a number is not defined.

    Attributes:
        rows: The number of rows.
        accuracy: The share of rows called rightly.
        balanced_accuracy: The mean of recall over the labels that rows have.
        precision: Precision of the second of two labels; None for several, as `recall` and `f1`.
        recall: Recall of the second of two labels.
        f1: F1 of the second of two labels.
        macro_precision: The mean over labels that rows have or are called, counting None as 0.
        macro_recall: The mean of recall over the same labels.
        macro_f1: The mean of F1 over the same labels.
        log_loss: The mean of minus the logarithm of the true label's probability.
        auc: Of the second of two labels; of several, the mean over labels, each against the rest.
        average_precision: Of the second of two labels; of several, the mean over labels.
        brier_score: The mean squared distance of probabilities from the truth.
        calibration_error: The mean distance of probability and truth in bins.
        labels: Measures of each label.
        confusion_matrix: Counts of rows, a row for each true label, a column for each called one.
        reliability: The reliability curve: of the second of two labels, or of the called label.
    """

    rows: int
    accuracy: float
    balanced_accuracy: float
    precision: float | None
    recall: float | None
    f1: float | None
    macro_precision: float
    macro_recall: float
    macro_f1: float
    log_loss: float
    auc: float | None
    average_precision: float | None
    brier_score: float
    calibration_error: float
    labels: tuple[LabelScore, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    reliability: tuple[ReliabilityBin, ...]

    def numbers(self) -> dict[str, float]:
        """Return the measures that are a single number and defined, by name."""
        return defined_numbers(self)

    def as_json(self) -> dict[str, Any]:
        """Return all measures, as `evaluate --json` shows them.

        Those of the second of two labels are left out where there are more, and those of ranked
        scores where there are too many labels to rank.
        """
        per_label = {}
        for score in self.labels:
            per_label[score.label] = all_but(score, {"label"})
        return {
            **all_but(self, self._left_out),
            "per_label": per_label,
            "reliability": list(map(asdict, self.reliability)),
            "labels": list(per_label),
            "confusion_matrix": list(map(list, self.confusion_matrix)),
        }

    @property
    def _left_out(self) -> set[str]:
        """The names of the measures that this number of labels has not."""
        names = {"rows", "labels", "confusion_matrix", "reliability"}
        if len(self.labels) > 2:
            names |= {"precision", "recall", "f1"}
        if not scored_labels(len(self.labels)):
            names |= {"auc", "average_precision"}
        return names


class LabelAccumulator:
    """Sums what `LabelMetrics` needs, block by block.

    Where rows have weights, all measures count them by these; the confusion matrix, and how many
    rows have or are called a label, are of rows.

    Args:
        labels: The labels in the order of their numbers, at least two.
        threshold: The probability from which on a row is called the second of two labels; by
            default, 0.5, or of two outputs the larger.
    """

    def __init__(self, labels: tuple[str, ...], threshold: float | None = None) -> None:
        self._labels = labels
        self._threshold = threshold
        shape = (len(labels), len(labels))
        self._confusion: Integers = np.zeros(shape, np.int64)
        self._weighted: Floats | None = None  # the confusion, by the weights of rows
        self._scores = {number: ScoreCounter() for number in scored_labels(len(labels))}
        self._reliability = ReliabilityCounter()
        self._log_loss = 0.0
        self._brier = 0.0

    def add(self, y: Numbers, outputs: Numbers, weights: RowWeights = None) -> None:
        """Count rows.

        Args:
            y: The number of the true label, shape (rows, 1).
            outputs: Probabilities of the second of two labels, (rows, 1), or of each label,
                (rows, labels).
            weights: By how much each row counts, shape (rows,), above 0; by default by 1.
        """
        actual = y[:, 0].astype(np.int64)
        self._add_confusion(actual, outputs, weights)
        self._log_loss += weighted_sum(log_losses(actual, outputs), weights)
        self._brier += weighted_sum(brier_losses(actual, outputs), weights)
        last = outputs.shape[1] - 1  # of two labels there may be one output, the second one's
        for number, scores in self._scores.items():
            has_label = actual == number
            probability = outputs[:, min(number, last)]
            scores.add(has_label, probability, weights)
        self._add_reliability(actual, outputs, weights)

    def _add_confusion(self, actual: Integers, outputs: Numbers, weights: RowWeights) -> None:
        """Count rows by the label they have and the label they are called."""
        labels = len(self._labels)
        called = called_labels(outputs, self._threshold)
        self._confusion += confusion(actual, called, labels)
        if weights is None:
            return
        cells = weighted_confusion(actual, called, labels, weights)
        self._weighted = cells if self._weighted is None else self._weighted + cells

    def _add_reliability(self, actual: Integers, outputs: Numbers, weights: RowWeights) -> None:
        """Sum the probability of the second of two labels, or that of the label with the most."""
        if len(self._labels) == 2:
            self._reliability.add(actual == 1, second_probability(outputs), weights)
        else:
            is_right = actual == outputs.argmax(axis=1)
            self._reliability.add(is_right, outputs.max(axis=1), weights)

    @property
    def weighted(self) -> Integers | Floats:
        """The confusion by the weights of rows, (labels, labels); counts where they have none."""
        return self._confusion if self._weighted is None else self._weighted

    def scores(self) -> dict[int, RankedScores]:
        """Return the ranked scores of the second of two labels, or of each, by its number."""
        return {number: scores.result() for number, scores in self._scores.items()}

    def result(self) -> LabelMetrics:
        """Return the measures of all rows that were added, at least one."""
        ranked = self.scores()
        labels = label_scores(self._labels, self._confusion, self.weighted, _of_each(ranked))
        weight = self.weighted.sum().item()
        right = np.trace(self.weighted).item()
        appearing = list(filter(_appears, labels))
        second = labels[1] if len(labels) == 2 else NO_SCORE
        recalls = [score.recall for score in labels]
        aucs = [scores.auc() for scores in ranked.values()]
        average_precisions = [scores.average_precision() for scores in ranked.values()]
        return LabelMetrics(
            rows=int(self._confusion.sum()),
            accuracy=right / weight,
            balanced_accuracy=mean_defined(recalls) or 0.0,
            precision=second.precision,
            recall=second.recall,
            f1=second.f1,
            macro_precision=mean_of(appearing, "precision"),
            macro_recall=mean_of(appearing, "recall"),
            macro_f1=mean_of(appearing, "f1"),
            log_loss=self._log_loss / weight,
            auc=mean_defined(aucs),
            average_precision=mean_defined(average_precisions),
            brier_score=self._brier / weight,
            calibration_error=self._reliability.calibration_error(),
            labels=labels,
            confusion_matrix=tuple(map(tuple, self._confusion.tolist())),
            reliability=self._reliability.result(),
        )


def scored_labels(labels: int) -> range:
    """Return the numbers of the labels that have scores, given how many labels there are.

    Args:
        labels: How many labels there are, two at least.
    """
    if labels == 2:
        return range(1, 2)  # the first label's scores are those of the second, reversed
    if labels > SCORED_LABELS:
        return range(0)
    return range(labels)


def confusion(actual: Integers, called: Integers, labels: int) -> Integers:
    """Return counts of rows by true label and called label, shape (labels, labels).

    Args:
        actual: The number of each row's true label, shape (rows,).
        called: The number of the label that it is called, shape (rows,).
        labels: How many labels there are.
    """
    places = actual * labels + called
    cells = np.bincount(places, minlength=labels * labels)
    return cells.reshape(labels, labels)


def weighted_confusion(actual: Integers, called: Integers, labels: int, weights: Floats) -> Floats:
    """Return sums of weights by true label and called label, shape (labels, labels).

    Args:
        actual: The number of each row's true label, shape (rows,).
        called: The number of the label that it is called, shape (rows,).
        labels: How many labels there are.
        weights: The weight of each row, shape (rows,).
    """
    places = actual * labels + called
    cells = np.bincount(places, weights, labels * labels)
    return np.asarray(cells.reshape(labels, labels), np.float64)


def weighted_sum(values: Floats, weights: RowWeights) -> float:
    """Return the sum of the values of rows, shape (rows,), each times its weight.

    Args:
        values: A number for each row, shape (rows,).
        weights: By how much each row counts, shape (rows,); None where each counts by 1.
    """
    if weights is None:
        return float(values.sum())
    return float(values @ weights)


def label_scores(
    labels: tuple[str, ...],
    matrix: Integers,
    weighted: Integers | Floats,
    ranked: dict[int, RankedScores],
) -> tuple[LabelScore, ...]:
    """Return the measures of each label.

    Args:
        labels: The labels in the order of their numbers.
        matrix: The confusion matrix, a row for each true label, shape (labels, labels).
        weighted: The same by the weights of rows.
        ranked: The scores of some labels, by number.
    """
    all_actual = weighted.sum(axis=1).tolist()
    all_predicted = weighted.sum(axis=0).tolist()
    scores = []
    for number, label in enumerate(labels):
        right = weighted[number, number].item()
        actual = all_actual[number]
        predicted = all_predicted[number]
        auc, average_precision = _areas(ranked.get(number))
        score = LabelScore(
            label=label,
            rows=int(matrix[number].sum()),
            predicted=int(matrix[:, number].sum()),
            precision=ratio(right, predicted),
            recall=ratio(right, actual),
            f1=ratio(2 * right, actual + predicted),
            auc=auc,
            average_precision=average_precision,
        )
        scores.append(score)
    return tuple(scores)


def _of_each(ranked: dict[int, RankedScores]) -> dict[int, RankedScores]:
    """Return the scores of the first of two labels too; several labels have their own."""
    if len(ranked) != 1:
        return ranked
    return {0: ranked[1].of_first(), **ranked}


def _areas(scores: RankedScores | None) -> tuple[float | None, float | None]:
    """Return AUC and average precision, None where there are no scores."""
    if scores is None:
        return None, None
    return scores.auc(), scores.average_precision()


def ratio(part: float, whole: float) -> float | None:
    """Return part / whole, or None where the whole is 0.

    Args:
        part: How many rows of the whole there are, or the sum of their weights.
        whole: How many rows there are, or the sum of their weights.
    """
    return part / whole if whole else None


def _appears(score: LabelScore) -> bool:
    return score.rows + score.predicted > 0
