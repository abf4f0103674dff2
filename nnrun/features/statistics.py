"""Count, mean, variance and range of the columns of a matrix."""

from typing import Any

import numpy as np

Values = np.ndarray[tuple[int, int], np.dtype[np.float64]]


class Moments:
    """Count, mean, variance and range of each column of blocks of rows; NaN cells are left out."""

    def __init__(self, columns: int) -> None:
        self.count = np.zeros(columns, np.int64)
        self.mean = np.zeros(columns)
        self.squares = np.zeros(columns)  # the sum of squared deviations from the mean
        self.minimum, self.maximum = np.full(columns, np.inf), np.full(columns, -np.inf)
        self.whole = np.ones(columns, bool)

    def add(self, values: Values) -> None:
        """Take a float64 block of shape (rows, columns) into account."""
        present = ~np.isnan(values)
        count = present.sum(axis=0)
        known = values if present.all() else np.where(present, values, 0.0)
        mean = known.sum(axis=0) / np.maximum(count, 1)
        squares = (np.where(present, known - mean, 0.0) ** 2).sum(axis=0)
        # combined as in Chan, Golub and LeVeque (1979), which loses nothing to large means
        total, shift = np.maximum(self.count + count, 1), mean - self.mean
        self.squares += squares + shift**2 * (self.count * count / total)
        self.mean += shift * (count / total)
        self.count += count
        self.minimum = np.minimum(
            self.minimum, np.min(known, axis=0, initial=np.inf, where=present)
        )
        self.maximum = np.maximum(
            self.maximum, np.max(known, axis=0, initial=-np.inf, where=present)
        )
        self.whole &= (known == np.rint(known)).all(axis=0)

    def describe(self, column: int) -> dict[str, Any]:
        """Return mean, variance (1 of a constant: Keras would divide by 1e-7), range and whether all are whole."""
        count = self.count[column]
        low, high = (
            (float(self.minimum[column]), float(self.maximum[column])) if count else (0.0, 0.0)
        )
        mean, variance = (
            (low, 0.0)
            if low == high
            else (float(self.mean[column]), float(self.squares[column] / count))
        )
        whole = bool(count and self.whole[column])
        return {
            "mean": mean,
            "variance": variance or 1.0,
            "minimum": low,
            "maximum": high,
            "whole": whole,
        }
