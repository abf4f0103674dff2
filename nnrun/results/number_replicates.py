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
        rows = weights.sum(axis=1, keepdims=True)
        mean_squares = weights @ errors**2 / rows
        return {"rmse": np.sqrt(mean_squares).mean(axis=1)}

    def measures(self, weights: Floats) -> Replicates:
        """Return all measures, means over targets.

        Args:
            weights: How often each replicate draws each row, shape (replicates, rows).

        Returns:
            Arrays of shape (replicates,), by the name of the measure.
        """
        actual = self.actual.astype(np.float64)
        errors = np.abs(self.outputs.astype(np.float64) - actual)
        rows = weights.sum(axis=1, keepdims=True)
        replicates = self.headline(weights)
        replicates["mean_absolute_error"] = (weights @ errors / rows).mean(axis=1)
        medians = [weighted_median(column, weights) for column in errors.T]
        replicates["median_absolute_error"] = np.mean(medians, axis=0)
        replicates["r2"] = _r2(actual, errors, weights).mean(axis=1)
        if actual.all():
            relative_errors = errors / np.abs(actual)
            replicates["mape"] = (weights @ relative_errors / rows).mean(axis=1)
        return replicates


def _r2(actual: Floats, errors: Floats, weights: Floats) -> Floats:
    """Return R2 of each target, NaN where a draw's targets are equal, (replicates, targets)."""
    rows = weights.sum(axis=1, keepdims=True)
    centred = actual - actual.mean(axis=0)  # sums of squares lose nothing to large means
    squares = weights @ centred**2
    variation = squares - (weights @ centred) ** 2 / rows
    varies = variation > 1e-12 * squares  # less is rounding
    unexplained = weights @ errors**2 / np.where(varies, variation, 1)
    return np.where(varies, 1 - unexplained, np.nan)


def weighted_median(values: Floats, weights: Floats) -> Floats:
    """Return the lower median of values (rows,) for each set of weights, shape (replicates,)."""
    order = np.argsort(values)
    up_to = weights[:, order].cumsum(axis=1)
    half = up_to[:, -1:] / 2
    middle = (up_to >= half).argmax(axis=1)
    return np.asarray(values[order][middle])
