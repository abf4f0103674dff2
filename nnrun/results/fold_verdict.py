"""The verdict on networks that were trained on folds, beside their baselines on the same folds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

import numpy as np

from nnrun.results.array_types import Floats, Integers, Numbers, RowWeights
from nnrun.results.bootstrap import (
    Interval,
    Replicates,
    interval,
    mean_replicates,
    replicate,
)
from nnrun.results.label_replicates import LabelRows
from nnrun.results.number_replicates import NumberRows
from nnrun.results.row_sample import SAMPLED_ROWS
from nnrun.results.row_weights import filled_weights
from nnrun.results.verdict import Standing, Verdict, headline_metric, verdict_on
from nnrun.results.weighted_moments import WeightedMoments


@dataclass(frozen=True)
class FoldOutputs:
    """The rows that a fold holds out, and what models of its training rows make of them.

    Attributes:
        rows: The place of each row in the table, shape (rows,).
        y: The numbers of each row's labels, or its numbers, shape (rows, targets).
        network: The network's probabilities or numbers, shape (rows, outputs).
        baseline: Those of the baseline.
        linear: Those of the linear model.
        answer: What the baseline always answers, in words.
        linear_name: What a sentence calls the linear model.
        weights: By how much each row counts, shape (rows,); None where all count alike.
    """

    rows: Integers
    y: Numbers
    network: Numbers
    baseline: Numbers
    linear: Numbers
    answer: str
    linear_name: str
    weights: RowWeights = None


@dataclass(frozen=True)
class _Gathered:
    """The rows of all folds of one draw, in the order of the table."""

    y: Numbers
    network: Numbers
    baseline: Numbers
    linear: Numbers
    weights: Floats


def judge_folds(draws: Sequence[Sequence[FoldOutputs]], labels: int, seed: int) -> Verdict:
    """Return the verdict on networks of one config.

    Every measure is that of all rows that the folds of a draw hold out, each predicted by a network
    that never saw it, and the mean over the draws. The intervals draw rows again, and each row
    counts alike in all draws: to train more often tells nothing of new rows.

    Args:
        draws: The folds of each draw, which hold out the same rows.
        labels: The number of labels of each target, 0 for numbers.
        seed: Draws the rows of the bootstrap.
    """
    gathered = list(map(_gather, draws))
    metric = _metric(gathered[0].y, gathered[0].weights, labels)
    first = draws[0][0]
    comparison = _Comparison(gathered, labels, metric)
    intervals = comparison.intervals(seed)
    values = comparison.values()
    value = values["network"]
    answers = [fold.answer for fold in chain.from_iterable(draws)]
    standing = Standing(
        metric=metric,
        value=value,
        interval=intervals["network"] or Interval(value, value),
        gain=intervals["gain"],
        baseline=values["baseline"],
        baseline_answer=_common_answer(answers),
        linear=values["linear"],
        linear_name=first.linear_name,
    )
    return verdict_on(standing)


class _Comparison:
    """Measures of networks, baselines and linear models on the same rows."""

    def __init__(self, draws: Sequence[_Gathered], labels: int, metric: str) -> None:
        self._draws = draws
        self._labels = labels
        self._metric = metric
        self._rows = len(draws[0].y)
        deviations = _deviations(draws[0])
        self._unit = np.where(deviations > 0, deviations, 1.0)  # in which targets are compared

    def values(self) -> dict[str, float]:
        """Return each measure of all rows."""
        all_rows = np.arange(self._rows)
        weights = np.ones((1, self._rows))
        measured = self._measures(all_rows, weights)
        return {name: float(values[0]) for name, values in measured.items()}

    def intervals(self, seed: int) -> dict[str, Interval | None]:
        """Return the 95 % interval of each measure, of a sample of the rows where they are many."""
        size = min(self._rows, SAMPLED_ROWS)
        generator = np.random.default_rng(seed)
        sample = generator.choice(self._rows, size, replace=False)
        of_sample = self._measures(sample, np.ones((1, size)))
        replicates = replicate(partial(self._measures, sample), size, seed)
        intervals = {}
        for name, value in self.values().items():
            intervals[name] = interval(
                value,
                float(of_sample[name][0]),
                replicates[name],
                rows=size,
                rows_given=self._rows,
            )
        return intervals

    def _measures(self, chosen: Integers, weights: Floats) -> Replicates:
        """Return the means of the measures over all draws, each of shape (replicates,)."""
        of_draws = [self._of_draw(draw, chosen, weights) for draw in self._draws]
        return mean_replicates(of_draws, of_draws[0])

    def _of_draw(self, draw: _Gathered, chosen: Integers, weights: Floats) -> Replicates:
        """Return the measures of a draw, and what the network gains over the baseline."""
        y = draw.y[chosen]
        weights = weights * draw.weights[chosen]
        network = draw.network[chosen]
        baseline = draw.baseline[chosen]
        measured = {
            "network": self._headline(y, network, weights),
            "baseline": self._headline(y, baseline, weights),
            "linear": self._headline(y, draw.linear[chosen], weights),
        }
        if self._labels:
            measured["gain"] = measured["network"] - measured["baseline"]
        else:  # in standard deviations, so that all targets count alike
            error = self._headline_of_scaled(y, network, weights)
            error_of_baseline = self._headline_of_scaled(y, baseline, weights)
            measured["gain"] = error_of_baseline - error
        return measured

    def _headline(self, y: Numbers, outputs: Numbers, weights: Floats) -> Floats:
        """Return the metric of some outputs, the mean over targets, shape (replicates,)."""
        if not self._labels:
            measured = NumberRows(y, outputs).headline(weights)
            return measured[self._metric]
        of_targets = []
        for actual, of_target in zip(y.T, _of_each_target(y, outputs), strict=True):
            codes = actual.astype(np.int64)
            measured = LabelRows(codes, of_target, self._labels).headline(weights)
            of_targets.append(measured[self._metric])
        return np.mean(of_targets, axis=0)

    def _headline_of_scaled(self, y: Numbers, outputs: Numbers, weights: Floats) -> Floats:
        return self._headline(y / self._unit, outputs / self._unit, weights)


def _of_each_target(y: Numbers, outputs: Numbers) -> list[Numbers]:
    """Return the outputs for each target: all of them for one, and one for each of several."""
    targets = y.shape[1]
    if targets == 1:
        return [outputs]
    return [outputs[:, [number]] for number in range(targets)]


def _deviations(draw: _Gathered) -> Floats:
    """Return the standard deviation of each target."""
    moments = WeightedMoments(draw.y.shape[1])
    moments.add(draw.y.astype(np.float64), draw.weights)
    return np.asarray(np.sqrt(moments.squares / moments.weight))


def _gather(folds: Sequence[FoldOutputs]) -> _Gathered:
    """Return the rows of all folds, in the order of the table."""
    order = np.argsort(_joined(folds, "rows"), kind="stable")
    weights = np.concatenate([filled_weights(fold.weights, len(fold.y)) for fold in folds])
    return _Gathered(
        y=_joined(folds, "y")[order],
        network=_joined(folds, "network")[order],
        baseline=_joined(folds, "baseline")[order],
        linear=_joined(folds, "linear")[order],
        weights=weights[order],
    )


def _joined(folds: Sequence[FoldOutputs], name: str) -> Numbers:
    return np.concatenate([getattr(fold, name) for fold in folds])


def _metric(y: Numbers, weights: Floats, labels: int) -> str:
    """Return the metric that the verdict goes by."""
    if not labels:
        return "rmse"
    metrics = set()
    for column in y.T:
        codes = column.astype(np.int64)
        counts = np.bincount(codes, weights, labels)
        shares = counts / counts.sum()
        metrics.add(headline_metric(tuple(shares.tolist())))
    return "balanced_accuracy" if "balanced_accuracy" in metrics else "accuracy"


def _common_answer(answers: Sequence[str]) -> str:
    """Return what the baselines answer, or what they are where folds have several answers."""
    if len(set(answers)) == 1:
        return answers[0]
    return "the baseline of each fold"
