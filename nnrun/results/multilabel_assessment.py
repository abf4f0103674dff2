"""The predictions of several targets of two labels each, beside those of simpler models.

Each target is assessed as the only one would be; the verdict goes by the mean over the targets.
"""

import numpy as np

from nnrun.results.array_types import Floats, Numbers, RowWeights
from nnrun.results.assessment import GAIN, Assessment, LabelAssessor, ModelAssessor, intervals_of
from nnrun.results.baseline import MultilabelBaseline
from nnrun.results.bootstrap import Interval, Replicates, mean_replicates
from nnrun.results.label_replicates import LabelRows
from nnrun.results.linear_model import LinearModel
from nnrun.results.multilabel_measure import MultilabelAccumulator, MultilabelMetrics
from nnrun.results.row_losses import AnyThreshold, threshold_of
from nnrun.results.verdict import headline_metric, verdict_on

HEADLINES = ("accuracy", "balanced_accuracy")


class MultilabelAssessor(ModelAssessor[MultilabelAccumulator]):
    """Assesses the predictions of several targets.

    Args:
        baseline: The baseline of the training rows.
        linear: The linear model of the training rows, or None.
        threshold: The probability from which on a row is called the second label of a target.
        seed: Draws the rows of the bootstrap.
    """

    def __init__(
        self,
        baseline: MultilabelBaseline,
        linear: LinearModel | None = None,
        *,
        threshold: AnyThreshold = None,
        seed: int = 0,
    ) -> None:
        labels = [of_target.labels for of_target in baseline.targets]
        super().__init__(
            MultilabelAccumulator(labels, threshold),
            MultilabelAccumulator(labels),
            MultilabelAccumulator(labels),
            (baseline, linear),
            seed,
        )
        self._baseline = baseline
        self._threshold = threshold
        self._assessors = []
        for number, of_target in enumerate(baseline.targets):
            assessor = LabelAssessor(
                of_target,
                linear.of_output(number) if linear else None,
                threshold=threshold_of(threshold, number),
                seed=seed,
            )
            self._assessors.append(assessor)

    def add(self, x: Numbers, y: Numbers, outputs: Numbers, weights: RowWeights = None) -> None:
        """Take rows into account, for all targets together and for each alone.

        Args:
            x: The inputs of the network, (rows, inputs).
            y: The places of labels, 0 or 1, (rows, targets).
            outputs: The probabilities of the second labels, (rows, targets).
            weights: By how much each row counts, (rows,), above 0; None where each counts by 1.
        """
        super().add(x, y, outputs, weights)
        for number, assessor in enumerate(self._assessors):
            actual = y[:, [number]]
            probability = outputs[:, [number]]
            assessor.add(x, actual, probability, weights)

    def result(self) -> Assessment:
        """Return the assessment of all rows that were added, at least one."""
        metrics = self._measure.result()
        baseline = self._of_baseline.result()
        linear = self._of_linear.result() if self._linear else None
        metric = self._headline()
        intervals = self._intervals(metric, metrics, baseline)
        standing = self._standing(metric, metrics, baseline, linear, intervals)
        return Assessment(
            metrics,
            baseline,
            linear,
            intervals,
            verdict_on(standing),
            scores={},
            targets=tuple(assessor.result() for assessor in self._assessors),
        )

    def _headline(self) -> str:
        """Return the metric of the verdict: balanced accuracy where a target has a rare label."""
        metrics = {headline_metric(of_target.shares) for of_target in self._baseline.targets}
        return "balanced_accuracy" if "balanced_accuracy" in metrics else "accuracy"

    def _intervals(
        self, metric: str, metrics: MultilabelMetrics, baseline: MultilabelMetrics
    ) -> dict[str, Interval]:
        """Return the intervals of the means that a verdict may go by, and that of the gain."""
        sample = self._sampler.result()
        y, outputs = sample.matrices[:2]
        network = self._rows(y, outputs, self._threshold)
        constant = self._rows(y, self._baseline.predict(len(y)), None)

        def measures(weights: Floats) -> Replicates:
            means = _mean_headlines(network, weights)
            of_baseline = _mean_headlines(constant, weights)
            gain = means[metric] - of_baseline[metric]
            return {**means, GAIN: gain}

        numbers = metrics.numbers()
        numbers_of_baseline = baseline.numbers()
        values = {name: numbers[name] for name in HEADLINES}
        values[GAIN] = numbers[metric] - numbers_of_baseline[metric]
        return intervals_of(measures, values, sample, self._seed)

    def _rows(self, y: Numbers, outputs: Numbers, threshold: AnyThreshold) -> list[LabelRows]:
        """Return the rows of each target."""
        of_targets = []
        for number, actual in enumerate(y.T):
            rows = LabelRows(
                actual.astype(np.int64),
                outputs[:, [number]],
                labels=2,
                threshold=threshold_of(threshold, number),
            )
            of_targets.append(rows)
        return of_targets


def _mean_headlines(of_targets: list[LabelRows], weights: Floats) -> Replicates:
    """Return the means over the targets, of weights (replicates, rows)."""
    replicates = [rows.headline(weights) for rows in of_targets]
    return mean_replicates(replicates, HEADLINES)
