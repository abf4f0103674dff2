"""A network's predictions on rows held out, beside simpler models': measures, intervals, verdict.

Rows stream by once; what is kept of them does not grow.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np

from nnrun.results.array_types import Floats, Numbers, RowWeights
from nnrun.results.baseline import LabelBaseline, MultilabelBaseline, NumberBaseline
from nnrun.results.bootstrap import (
    Interval,
    Measures,
    Replicates,
    accuracy_interval,
    interval,
    replicate,
)
from nnrun.results.effective_rows import EffectiveRows
from nnrun.results.label_measure import LabelAccumulator, LabelMetrics
from nnrun.results.label_replicates import LabelRows
from nnrun.results.linear_model import LinearModel
from nnrun.results.multilabel_measure import MultilabelAccumulator, MultilabelMetrics
from nnrun.results.number_metrics import NumberAccumulator, NumberMetrics
from nnrun.results.number_replicates import NumberRows
from nnrun.results.ranked_scores import RankedScores
from nnrun.results.row_sample import RowSampler, SampledRows
from nnrun.results.row_weights import counted_rows
from nnrun.results.verdict import (
    Standing,
    Verdict,
    headline_metric,
    verdict_on,
)

AnyMetrics = LabelMetrics | MultilabelMetrics | NumberMetrics

Accumulator = TypeVar(
    "Accumulator", bound=LabelAccumulator | MultilabelAccumulator | NumberAccumulator
)
AnyBaseline = LabelBaseline | MultilabelBaseline | NumberBaseline

GAIN = "gain"
"""Names how much better a network is than its baseline, among the measures of the bootstrap."""


@dataclass(frozen=True)
class Assessment:
    """A network's measures on rows held out, beside those of simpler models.

    Attributes:
        metrics: The network's measures.
        baseline: Those of the most frequent label, or of the mean, of the training rows.
        linear: Those of the linear model, or None where none was given.
        interval: The 95 % interval of each of the network's measures, by name.
        verdict: Whether the network is better than the baseline.
        scores: The ranked probabilities of the second of two labels, or of each of several, by
            its number; empty for numbers, and for several targets of labels.
        targets: The assessment of each of several targets of labels; else empty.
    """

    metrics: AnyMetrics
    baseline: AnyMetrics
    linear: AnyMetrics | None
    interval: Mapping[str, Interval]
    verdict: Verdict
    scores: Mapping[int, RankedScores]
    targets: "tuple[Assessment, ...]" = ()

    @property
    def rows(self) -> int:
        """The number of rows held out."""
        return self.metrics.rows

    def as_json(self) -> dict[str, Any]:
        """Return `baseline`, `linear`, `interval` and `verdict`, as `--json` shows them."""
        intervals = {name: asdict(ends) for name, ends in self.interval.items()}
        return {
            "baseline": self.baseline.numbers(),
            "linear": self.linear.numbers() if self.linear else None,
            "interval": intervals,
            "verdict": self.verdict.verdict,
        }


class ModelAssessor(Generic[Accumulator]):
    """Shows the same rows to a network, to its baseline and to the linear model.

    Args:
        measure: Sums the network's measures.
        of_baseline: Sums those of the baseline.
        of_linear: Sums those of the linear model.
        models: The baseline, and the linear model or None.
        seed: Draws the rows of the bootstrap.
    """

    def __init__(
        self,
        measure: Accumulator,
        of_baseline: Accumulator,
        of_linear: Accumulator,
        models: tuple[AnyBaseline, LinearModel | None],
        seed: int,
    ) -> None:
        self._measure = measure
        self._of_baseline = of_baseline
        self._of_linear = of_linear
        self._constant, self._linear = models
        self._seed = seed
        self._sampler = RowSampler(seed=seed)
        self._effective = EffectiveRows()

    def add(self, x: Numbers, y: Numbers, outputs: Numbers, weights: RowWeights = None) -> None:
        """Take rows into account; those of weight 0 do not count.

        Args:
            x: The encoded rows, shape (rows, inputs).
            y: The number of each row's true label, shape (rows, 1), of the label of each target,
                (rows, targets), or the targets that are numbers, (rows, targets).
            outputs: The network's probabilities, (rows, 1) or (rows, labels), those of the second
                labels of several targets, (rows, targets), or its numbers, (rows, targets).
            weights: By how much each row counts, shape (rows,); by default by 1.
        """
        if weights is None:
            self._sampler.add(y, outputs)
        else:
            counting = counted_rows(weights)
            x = x[counting]
            y = y[counting]
            outputs = outputs[counting]
            weights = weights[counting]
            self._sampler.add(y, outputs, weights[:, None])
        self._effective.add(len(y), weights)
        self._measure.add(y, outputs, weights)
        constants = self._constant.predict(len(y))
        self._of_baseline.add(y, constants, weights)
        if self._linear:
            predictions = self._linear.predict(x)
            self._of_linear.add(y, predictions, weights)

    def _standing(
        self,
        metric: str,
        metrics: AnyMetrics,
        baseline: AnyMetrics,
        linear: AnyMetrics | None,
        intervals: dict[str, Interval],
    ) -> Standing:
        """Return where the network stands by a metric; the interval of its gain leaves the rest."""
        gain = intervals.pop(GAIN, None)
        return Standing(
            metric=metric,
            value=metrics.numbers()[metric],
            interval=intervals[metric],
            gain=gain,
            baseline=baseline.numbers()[metric],
            baseline_answer=self._constant.answer,
            linear=linear.numbers()[metric] if linear else None,
            linear_name=self._linear.name if self._linear else "",
        )


class LabelAssessor(ModelAssessor[LabelAccumulator]):
    """Assesses predicted labels.

    Args:
        baseline: The baseline of the training rows.
        linear: The linear model of the training rows, or None.
        threshold: The probability from which on a row is called the second of two labels.
        seed: Draws the rows of the bootstrap.
    """

    def __init__(
        self,
        baseline: LabelBaseline,
        linear: LinearModel | None = None,
        *,
        threshold: float | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(
            LabelAccumulator(baseline.labels, threshold),
            LabelAccumulator(baseline.labels),
            LabelAccumulator(baseline.labels),
            (baseline, linear),
            seed,
        )
        self._baseline = baseline
        self._threshold = threshold

    def result(self) -> Assessment:
        """Return the assessment of all rows that were added, at least one."""
        metrics = self._measure.result()
        baseline = self._of_baseline.result()
        linear = self._of_linear.result() if self._linear else None
        metric = headline_metric(self._baseline.shares)
        intervals = self._intervals(metric, metrics, baseline)
        intervals["accuracy"] = accuracy_interval(
            metrics.accuracy, self._effective.count(), self._seed
        )
        standing = self._standing(metric, metrics, baseline, linear, intervals)
        if len(metrics.labels) == 2:
            standing = replace(standing, auc=intervals.get("auc"))
        verdict = verdict_on(standing)
        scores = self._measure.scores()
        return Assessment(metrics, baseline, linear, intervals, verdict, scores)

    def _intervals(
        self, metric: str, metrics: LabelMetrics, baseline: LabelMetrics
    ) -> dict[str, Interval]:
        """Return the interval of each measure, and that of the network's gain over the baseline."""
        sample = self._sampler.result()
        y, outputs = sample.matrices[:2]
        actual = y[:, 0].astype(np.int64)
        labels = len(self._baseline.labels)
        shares = self._baseline.predict(len(y))
        network = LabelRows(actual, outputs, labels, self._threshold)
        constant = LabelRows(actual, shares, labels)

        def measures(weights: Floats) -> Replicates:
            replicates = network.measures(weights)
            of_baseline = constant.headline(weights)
            gain = replicates[metric] - of_baseline[metric]
            return {**replicates, GAIN: gain}

        values = metrics.numbers()
        values_of_baseline = baseline.numbers()
        values[GAIN] = values[metric] - values_of_baseline[metric]
        return intervals_of(measures, values, sample, self._seed)


class NumberAssessor(ModelAssessor[NumberAccumulator]):
    """Assesses predicted numbers.

    Args:
        baseline: The baseline of the training rows.
        linear: The linear model of the training rows, or None.
        seed: Draws the rows of the bootstrap.
    """

    def __init__(
        self, baseline: NumberBaseline, linear: LinearModel | None = None, *, seed: int = 0
    ) -> None:
        targets = len(baseline.means)
        super().__init__(
            NumberAccumulator(targets),
            NumberAccumulator(targets),
            NumberAccumulator(targets),
            (baseline, linear),
            seed,
        )
        self._baseline = baseline

    def result(self) -> Assessment:
        """Return the assessment of all rows that were added, at least one."""
        metrics = self._measure.result()
        baseline = self._of_baseline.result()
        linear = self._of_linear.result() if self._linear else None
        intervals = self._intervals(metrics, baseline)
        standing = self._standing("rmse", metrics, baseline, linear, intervals)
        verdict = verdict_on(standing)
        return Assessment(metrics, baseline, linear, intervals, verdict, {})

    def _intervals(self, metrics: NumberMetrics, baseline: NumberMetrics) -> dict[str, Interval]:
        """Return the interval of each measure, and that of the RMSE that the network saves.

        What it saves is in standard deviations of each target, so that all targets count alike.
        """
        sample = self._sampler.result()
        y, outputs = sample.matrices[:2]
        unit = np.array(self._baseline.deviations)
        network = NumberRows(y, outputs)
        scaled = NumberRows(y / unit, outputs / unit)
        constants = self._baseline.predict(len(y))
        constant = NumberRows(y / unit, constants / unit)

        def measures(weights: Floats) -> Replicates:
            of_baseline = constant.headline(weights)
            of_network = scaled.headline(weights)
            gain = of_baseline["rmse"] - of_network["rmse"]
            return {**network.measures(weights), GAIN: gain}

        saved = _rmse_of_targets(baseline) - _rmse_of_targets(metrics)
        gains = saved / unit
        values = {**metrics.numbers(), GAIN: float(gains.mean())}
        return intervals_of(measures, values, sample, self._seed)


def _rmse_of_targets(metrics: NumberMetrics) -> Floats:
    return np.array([target.rmse for target in metrics.targets])


def intervals_of(
    measures: Measures, values: dict[str, float], sample: SampledRows, seed: int
) -> dict[str, Interval]:
    """Return the interval of each measure that both all rows and the sample have.

    Args:
        measures: Gives the measures of replicates of the sample.
        values: The measures of all rows.
        sample: The rows that replicates are drawn from.
        seed: Draws the replicates.
    """
    rows = len(sample.matrices[0])
    row_weights: Floats = np.ones(rows)
    if len(sample.matrices) > 2:  # a row that is drawn counts by its own weight
        weight_matrix = sample.matrices[2]
        row_weights = np.asarray(weight_matrix[:, 0], np.float64)
    of_sample = measures(row_weights[None])
    replicates = replicate(lambda draws: measures(draws * row_weights), rows, seed)
    intervals = {}
    for name, value in values.items():
        if name not in replicates:
            continue
        ends = interval(
            value,
            float(of_sample[name][0]),
            replicates[name],
            rows=rows,
            rows_given=sample.rows_given,
        )
        if ends is not None:
            intervals[name] = ends
    return intervals
