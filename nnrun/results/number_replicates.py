"""Measures of predicted numbers for many sets of row weights at once: the bootstrap's loop."""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Floats, Numbers
from nnrun.results.bootstrap import Replicates


@dataclass(frozen=True)
class NumberRows:
    """Rows whose numbers were predicted, as the bootstrap draws them.

    Attributes:
        actual: The targets, shape (rows, targets).
        outputs: Their predictions, shape (rows, targets).
    """

    actual: Numbers
    outputs: Numbers

    def headline(self, weights: Floats) -> Replicates:
        """Return the RMSE alone, the mean over targets.

        Args:
            weights: How often each replicate draws each row, shape (replicates, rows).

        Returns:
            An array of shape (replicates,), by the name of the measure.
        """
        errors = self.outputs.astype(np.float64) - self.actual
        rmse = np.sqrt(_means(errors**2, weights))
        return {"rmse": rmse.mean(axis=1)}

    def measures(self, weights: Floats) -> Replicates:
        """Return all measures, means over targets.

        Args:
            weights: How often each replicate draws each row, shape (replicates, rows).

        Returns:
            Arrays of shape (replicates,), by the name of the measure.
        """
        actual = self.actual.astype(np.float64)
        predictions = self.outputs.astype(np.float64)
        errors = np.abs(predictions - actual)
        mean_errors = _means(errors, weights)
        medians = [weighted_median(column, weights) for column in errors.T]
        explained = _r2(actual, errors, weights)
        replicates = self.headline(weights)
        replicates["mean_absolute_error"] = mean_errors.mean(axis=1)
        replicates["median_absolute_error"] = np.mean(medians, axis=0)
        replicates["r2"] = explained.mean(axis=1)
        if actual.all():
            relative_errors = _means(errors / np.abs(actual), weights)
            replicates["mape"] = relative_errors.mean(axis=1)
        return replicates


def _means(values: Floats, weights: Floats) -> Floats:
    """Return the mean of each target's values (rows, targets), shape (replicates, targets)."""
    rows = weights.sum(axis=1, keepdims=True)
    sums = weights @ values
    return np.asarray(sums / rows)


def _r2(actual: Floats, errors: Floats, weights: Floats) -> Floats:
    """Return R2 of each target, NaN where a draw's targets are equal, (replicates, targets)."""
    rows = weights.sum(axis=1, keepdims=True)
    centred = actual - actual.mean(axis=0)  # sums of squares lose nothing to large means
    sums = weights @ centred
    squares = weights @ centred**2
    variation = squares - sums**2 / rows
    varies = variation > 1e-12 * squares  # less is rounding
    divisor = np.where(varies, variation, 1)
    squared_errors = weights @ errors**2
    unexplained = squared_errors / divisor
    return np.where(varies, 1 - unexplained, np.nan)


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Return the lower median of values (rows,) for each set of weights, shape (replicates,).

    Args:
        values: The values of rows, shape (rows,).
        weights: How often each replicate draws each row, shape (replicates, rows).
    """
    order = np.argsort(values)
    ascending = values[order]
    up_to = weights[:, order].cumsum(axis=1)
    half = up_to[:, -1:] / 2
    is_past_half = up_to >= half
    middle = is_past_half.argmax(axis=1)
    return np.asarray(ascending[middle])
