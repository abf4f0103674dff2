"""Measures of predicted numbers, summed as rows stream by; scikit-learn's names and meanings."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnrun.results.array_types import Floats, Integers, Numbers, RowWeights
from nnrun.results.measure_values import all_but, defined_numbers, mean_of, mean_where_all
from nnrun.results.value_counts import ValueCounter, ValueCounts
from nnrun.results.weighted_moments import WeightedMoments, weighted_sums


@dataclass(frozen=True)
class TargetMetrics:
    """Measures of one target; None where a number is not defined.

    Attributes:
        rows: The number of rows.
        rmse: The root of the mean squared error, in the target's unit.
        mean_absolute_error: In the target's unit.
        median_absolute_error: In the target's unit. It is exact while there are at most 65,536
            different errors, and beyond of the precision of the counter's bins.
        r2: The share of the variance that is explained; None where the target is constant.
        mape: The mean of |error / target|, as a share; None where a target is 0.
    """

    rows: int
    rmse: float
    mean_absolute_error: float
    median_absolute_error: float
    r2: float | None
    mape: float | None

    def numbers(self) -> dict[str, float]:
        """Return the measures that are a single number and defined, by name."""
        return defined_numbers(self)


@dataclass(frozen=True)
class NumberMetrics:
    """Measures of predicted numbers.

    Attributes:
        mean: The mean of each measure over the targets; None where one of them has None.
        targets: The measures of each target, in the order of the config.
    """

    mean: TargetMetrics
    targets: tuple[TargetMetrics, ...]

    @property
    def rows(self) -> int:
        """The number of rows."""
        return self.mean.rows

    def numbers(self) -> dict[str, float]:
        """Return the means that are defined, by name."""
        return self.mean.numbers()

    def as_json(self) -> dict[str, Any]:
        """Return the means, None where one is not defined, as `evaluate --json` shows them."""
        return all_but(self.mean, {"rows"})


class NumberAccumulator:
    """Sums what `NumberMetrics` needs, block by block.

    Args:
        targets: The number of target columns.
    """

    def __init__(self, targets: int) -> None:
        self._actual = WeightedMoments(targets)
        self._squared = np.zeros(targets)
        self._absolute = np.zeros(targets)
        self._relative = np.zeros(targets)
        self._has_zero = np.zeros(targets, bool)
        self._errors = [ValueCounter(groups=1) for _ in range(targets)]

    def add(self, y: Numbers, outputs: Numbers, weights: RowWeights = None) -> None:
        """Count rows.

        Args:
            y: The targets, (rows, targets).
            outputs: The predictions, of the same shape and units.
            weights: By how much each row counts, (rows,), above 0; None where each counts by 1.
        """
        actual = y.astype(np.float64)
        predictions = outputs.astype(np.float64)
        error = np.abs(predictions - actual)
        is_zero = actual == 0
        self._actual.add(actual, weights)
        self._squared += weighted_sums(error**2, weights)
        self._absolute += weighted_sums(error, weights)
        size = np.abs(np.where(is_zero, 1, actual))
        self._relative += weighted_sums(error / size, weights)
        self._has_zero |= is_zero.any(axis=0)
        one_group = np.zeros(len(error), np.int64)
        for counter, errors in zip(self._errors, error.T, strict=True):
            counter.add(_keys(errors), one_group, weights)

    def result(self) -> NumberMetrics:
        """Return the measures of all rows that were added, at least one."""
        numbers = range(len(self._errors))
        targets = tuple(self._target(number) for number in numbers)
        mean = TargetMetrics(
            rows=targets[0].rows,
            rmse=mean_of(targets, "rmse"),
            mean_absolute_error=mean_of(targets, "mean_absolute_error"),
            median_absolute_error=mean_of(targets, "median_absolute_error"),
            r2=mean_where_all(targets, "r2"),
            mape=mean_where_all(targets, "mape"),
        )
        return NumberMetrics(mean, targets)

    def _target(self, number: int) -> TargetMetrics:
        """Return the measures of one target."""
        weight = self._actual.weight
        mean_square = self._squared[number] / weight
        mean_absolute = self._absolute[number] / weight
        return TargetMetrics(
            rows=self._actual.rows,
            rmse=float(np.sqrt(mean_square)),
            mean_absolute_error=float(mean_absolute),
            median_absolute_error=_median(self._errors[number].result()),
            r2=self._r2(number),
            mape=self._mape(number),
        )

    def _r2(self, number: int) -> float | None:
        """Return the share of a target's variance that is predicted, or None of a constant."""
        if self._actual.is_constant[number]:
            return None
        unexplained = self._squared[number] / (self._actual.squares[number] or 1.0)
        return float(1 - unexplained)

    def _mape(self, number: int) -> float | None:
        """Return the mean error as a share of the target, or None where one is 0."""
        if self._has_zero[number]:
            return None
        return float(self._relative[number] / self._actual.weight)


def _keys(errors: Floats) -> Integers:
    """Return the bits of absolute errors: whole numbers in the same order."""
    return np.ascontiguousarray(errors).view(np.int64)


def _median(counts: ValueCounts) -> float:
    """Return the middle error, or the mean of the two in the middle."""
    up_to = counts.counts[0].cumsum()
    half = up_to[-1] / 2
    # of weights too, half of the sum lies at or below the first, and at or above the second
    first = np.searchsorted(up_to, half, "left")
    second = np.searchsorted(up_to, half, "right")
    errors = counts.keys[[first, second]].view(np.float64)
    return float(errors.mean())
