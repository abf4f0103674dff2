"""The metrics that a config can name, in NumPy as in Keras 3.15, over blocks of rows.

Each is an accumulator: rows are added, and the result is that of all rows so far. Keras adds up in
float32; here counts are exact and sums are float64, so that the two differ by what float32 loses.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from nnrun.config.metric_arguments import metric_arguments
from nnrun.config.named import Spec
from nnrun.config.schema import Config
from nnrun.features.matrix_store import Matrix
from nnrun.results.activations import sigmoid
from nnrun.results.array_types import Booleans, Floats, RowWeights
from nnrun.results.confusion import (
    Confusion,
    ConfusionCounts,
    Thresholds,
    area_under_curve,
    best_under,
    even_thresholds,
    one_threshold,
)
from nnrun.results.forward import KERAS_EPSILON, Outputs
from nnrun.results.losses import MEANS, RowFunction, mean_squared_error

EPSILON = float(KERAS_EPSILON)
NEARLY_ZERO = 1e-9  # an output that F1Score never takes for the largest, `f_score_metrics.py`


class Metric(ABC):
    """A metric of the rows that were added so far."""

    @abstractmethod
    def add(self, y: Matrix, outputs: Outputs, weights: RowWeights = None) -> None:
        """Take rows into account.

        Args:
            y: Their targets, float32 (rows, targets).
            outputs: What the network makes of them.
            weights: The weight of each row, (rows,); None where all count alike.
        """

    @abstractmethod
    def result(self) -> float:
        """Return the metric of the rows so far."""


class Mean(Metric):
    """The mean of a function of the rows, `keras.metrics.MeanMetricWrapper`."""

    def __init__(self, function: RowFunction, arguments: Spec) -> None:
        self._function = function
        self._arguments = arguments
        self._total = 0.0
        self._rows = 0.0

    def add(self, y: Matrix, outputs: Outputs, weights: RowWeights = None) -> None:
        """Take rows into account: see `Metric.add`."""
        values = self._function(y, outputs, self._arguments)
        if weights is not None:
            values = values * weights
        self._total += float(values.sum())
        self._rows += _count(y, weights)

    def result(self) -> float:
        """Return the metric of the rows so far."""
        if not self._rows:
            return 0.0
        return self._total / self._rows


class RootMeanSquaredError(Mean):
    """The root of the mean squared error of all rows and targets."""

    def __init__(self, arguments: Spec) -> None:
        super().__init__(mean_squared_error, arguments)

    def result(self) -> float:
        """Return the metric of the rows so far."""
        return float(np.sqrt(super().result()))


class ThresholdMetric(Metric):
    """A metric that is a function of the confusion at some thresholds, `confusion_metrics.py`."""

    def __init__(
        self, thresholds: Thresholds, function: Callable[[Confusion, Spec], float], arguments: Spec
    ) -> None:
        self._counts = ConfusionCounts(thresholds)
        self._function = function
        self._arguments = arguments

    def add(self, y: Matrix, outputs: Outputs, weights: RowWeights = None) -> None:
        """Take rows into account: see `Metric.add`."""
        probabilities = outputs.values
        if self._arguments.get("from_logits", False):
            probabilities = sigmoid(probabilities)
        self._counts.add(y, probabilities, weights)

    def result(self) -> float:
        """Return the metric of the rows so far."""
        confusion = self._counts.result()
        return float(self._function(confusion, self._arguments))


class MeanOfTargets(Metric):
    """The mean of a metric over the targets, as `keras.metrics.AUC` with `multi_label` takes it.

    Args:
        make: Makes the metric of one target.
    """

    def __init__(self, make: Callable[[], Metric]) -> None:
        self._make = make
        self._of_targets: list[Metric] = []

    def add(self, y: Matrix, outputs: Outputs, weights: RowWeights = None) -> None:
        """Take rows into account: see `Metric.add`."""
        if not self._of_targets:
            self._of_targets = [self._make() for _ in range(y.shape[1])]
        for number, metric in enumerate(self._of_targets):
            of_target = outputs.of_target(number)
            metric.add(y[:, [number]], of_target, weights)

    def result(self) -> float:
        """Return the metric of the rows so far."""
        results = [metric.result() for metric in self._of_targets]
        return float(np.mean(results))


class FBetaScore(Metric):
    """The weighted harmonic mean of precision and recall, `f_score_metrics.py`."""

    def __init__(self, arguments: Spec) -> None:
        self._beta = arguments.get("beta", 1.0)
        self._average = arguments.get("average")
        self._threshold = arguments.get("threshold")
        self._true_positives = np.zeros(1)
        self._called = np.zeros(1)
        self._positives = np.zeros(1)

    def add(self, y: Matrix, outputs: Outputs, weights: RowWeights = None) -> None:
        """Take rows into account: see `Metric.add`."""
        if self._threshold is None:  # lint sees that there is one output, which is the largest
            called = np.abs(outputs.values) > np.float32(NEARLY_ZERO)
        else:
            called = outputs.values > np.float32(self._threshold)
        positive = y != 0
        hits = self._counts(called & positive, weights)
        self._true_positives = self._true_positives + hits
        self._called = self._called + self._counts(called, weights)
        self._positives = self._positives + self._counts(positive, weights)

    def result(self) -> float:
        """Return the metric of the rows so far."""
        precision = self._true_positives / (self._called + EPSILON)
        recall = self._true_positives / (self._positives + EPSILON)
        squared = self._beta**2
        weighted_sum = squared * precision + recall + EPSILON
        scores = (1 + squared) * precision * recall / weighted_sum
        if self._average == "weighted":
            weights = self._positives / (self._positives.sum() + EPSILON)
            weighted_scores = scores * weights
            return float(weighted_scores.sum())
        return float(scores.mean())

    def _counts(self, cells: Booleans, weights: RowWeights) -> Floats:
        """Return how many cells of each target are true, or of all of them together."""
        counts = cells.sum(axis=0, dtype=np.float64)
        if weights is not None:
            counts = weights @ cells
        if self._average == "micro":
            return np.array([counts.sum()])
        return counts


class R2Score(Metric):
    """The coefficient of determination, `regression_metrics.py`."""

    def __init__(self, arguments: Spec) -> None:
        self._aggregation = arguments.get("class_aggregation", "uniform_average")
        self._regressors = arguments.get("num_regressors", 0)
        self._rows = 0.0
        self._cells = 0
        self._sum = np.zeros(1)
        self._squares = np.zeros(1)
        self._errors = np.zeros(1)

    def add(self, y: Matrix, outputs: Outputs, weights: RowWeights = None) -> None:
        """Take rows into account: see `Metric.add`."""
        targets = y.astype(np.float64)
        errors = targets - outputs.values
        weight = 1.0 if weights is None else weights[:, None]
        weighted = weight * targets
        weighted_squares = weight * np.square(targets)
        weighted_errors = weight * np.square(errors)
        self._rows += _count(y, weights)
        self._cells += y.size
        self._sum = self._sum + weighted.sum(axis=0)
        self._squares = self._squares + weighted_squares.sum(axis=0)
        self._errors = self._errors + weighted_errors.sum(axis=0)

    def result(self) -> float:
        """Return the metric of the rows so far."""
        total = self._squares - self._sum**2 / self._rows
        scores = 1 - self._errors / total
        scores = np.where(np.isinf(scores), 0.0, scores)
        mean = scores.mean()
        if self._aggregation == "variance_weighted_average":
            weighted_scores = total * scores
            mean = weighted_scores.sum() / total.sum()
        return self._adjusted(float(mean))

    def _adjusted(self, score: float) -> float:
        """Return the score adjusted for the number of regressors, where there are cells enough."""
        free = self._cells - self._regressors - 1
        if not self._regressors or free <= 0:
            return score
        return 1 - (1 - score) * (self._cells - 1) / free


def _count(y: Matrix, weights: RowWeights) -> float:
    """Return how many rows there are, each counted by its weight."""
    if weights is None:
        return float(len(y))
    return float(weights.sum())


def make_metric(config: Config, metric: Spec) -> Metric:
    """Return an accumulator of a metric of the config.

    Args:
        config: The config, by whose loss `accuracy` means one class or another.
        metric: One of its metrics, with the arguments that the file gives.
    """
    arguments = metric_arguments(config, metric)
    name = arguments["class"]
    if name in MEANS:
        return Mean(MEANS[name], arguments)
    return OTHERS[name](arguments)


def _at_one_threshold(function: Callable[[Confusion, Spec], float]) -> Callable[[Spec], Metric]:
    """Return what makes a metric that is a function of the confusion at a threshold."""

    def make(arguments: Spec) -> Metric:
        threshold = one_threshold(arguments.get("thresholds"))
        return ThresholdMetric(threshold, function, arguments)

    return make


def _at_even_thresholds(function: Callable[[Confusion, Spec], float]) -> Callable[[Spec], Metric]:
    """Return what makes a metric that is a function of the confusion at many thresholds."""

    def make(arguments: Spec) -> Metric:
        count = arguments.get("num_thresholds", 200)
        thresholds = even_thresholds(count, first_below_all=False)
        return ThresholdMetric(thresholds, function, arguments)

    return make


def _area(arguments: Spec) -> Metric:
    """Return the metric AUC, of all targets together or the mean over them."""
    count = arguments.get("num_thresholds", 200)
    thresholds = even_thresholds(count, first_below_all=True)

    def make() -> Metric:
        return ThresholdMetric(thresholds, area_under_curve, arguments)

    if arguments.get("multi_label"):
        return MeanOfTargets(make)
    return make()


OTHERS: dict[str, Callable[[Spec], Metric]] = {
    "AUC": _area,
    "F1Score": FBetaScore,
    "FBetaScore": FBetaScore,
    "FalseNegatives": _at_one_threshold(lambda c, _: c.false_negatives[0]),
    "FalsePositives": _at_one_threshold(lambda c, _: c.false_positives[0]),
    "Precision": _at_one_threshold(lambda c, _: c.precision[0]),
    "PrecisionAtRecall": _at_even_thresholds(
        lambda c, spec: best_under(c.recall, c.precision, spec["recall"])
    ),
    "R2Score": R2Score,
    "Recall": _at_one_threshold(lambda c, _: c.recall[0]),
    "RecallAtPrecision": _at_even_thresholds(
        lambda c, spec: best_under(c.precision, c.recall, spec["precision"])
    ),
    "RootMeanSquaredError": RootMeanSquaredError,
    "SensitivityAtSpecificity": _at_even_thresholds(
        lambda c, spec: best_under(c.specificity, c.recall, spec["specificity"])
    ),
    "SpecificityAtSensitivity": _at_even_thresholds(
        lambda c, spec: best_under(c.recall, c.specificity, spec["sensitivity"])
    ),
    "TrueNegatives": _at_one_threshold(lambda c, _: c.true_negatives[0]),
    "TruePositives": _at_one_threshold(lambda c, _: c.true_positives[0]),
}
"""The metrics that are not a mean over the rows."""
