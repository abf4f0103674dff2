"""Measures of predicted numbers."""

from typing import Any

import numpy as np

from nnrun.features.matrix_store import Matrix
from nnrun.features.statistics import Moments

SAMPLE_ROWS = 4_000  # as many points as a picture can show


class NumberMeasure:
    """Root mean squared error, mean absolute error and R2 of targets, and a sample of rows.

    Args:
        targets: How many columns there are.

    Attributes:
        actual: Statistics of what is true.
        sample: What is true and what is predicted, (rows, 2, targets), of rows that were drawn
            evenly.
    """

    def __init__(self, targets: int) -> None:
        self.actual = Moments(targets)
        self.sample = np.empty((0, 2, targets))
        self._squared = np.zeros(targets)
        self._absolute = np.zeros(targets)
        self._draws = np.empty(0)
        self._generator = np.random.default_rng(0)

    def add(self, y: Matrix, prediction: Matrix) -> None:
        """Count rows.

        Args:
            y: The targets, float32 (rows, targets).
            prediction: The predictions, of the same shape and units.
        """
        error = prediction.astype(np.float64) - y
        squared = error**2
        absolute = np.abs(error)
        self.actual.add(y.astype(np.float64))
        self._squared += squared.sum(axis=0)
        self._absolute += absolute.sum(axis=0)
        self._draw(np.stack([y, prediction], axis=1))

    def metrics(self) -> dict[str, Any]:
        """Return the measures of the rows so far, means over the targets.

        Returns:
            `rmse` and `mean_absolute_error`, in the units of the targets, and `r2`, which is None
            where a target is constant.
        """
        rmse = np.sqrt(self._squared / self.actual.count)
        mean_absolute_error = self._absolute / self.actual.count
        return {
            "rmse": float(rmse.mean()),
            "mean_absolute_error": float(mean_absolute_error.mean()),
            "r2": self._explained(),
        }

    def _explained(self) -> float | None:
        """Return the mean of R2 over the targets, or None where one of them is constant."""
        is_constant = self.actual.minimum == self.actual.maximum
        if is_constant.any():
            return None
        explained = 1 - self._squared / self.actual.squares
        return float(explained.mean())

    def _draw(self, pairs: "np.ndarray[Any, np.dtype[Any]]") -> None:
        """Keep the rows that draw the least numbers, so that all have the same chance."""
        draws = np.append(self._draws, self._generator.random(len(pairs)))
        chosen = np.argsort(draws)[:SAMPLE_ROWS]
        self._draws = draws[chosen]
        self.sample = np.concatenate([self.sample, pairs])[chosen]
