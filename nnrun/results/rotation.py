"""Standardised rows in the directions of their variance, where inputs do not correlate.

A linear model with an L2 penalty is the same in any rotation of its inputs. In this one the
Hessian is nearly diagonal, ridge regression is a division, directions without variance fall away,
and there are never more of them than rows.
"""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Floats, Numbers, RowWeights

LEAST_VARIANCE = 1e-10
"""A direction with less variance than this share of the largest holds only rounding."""


@dataclass(frozen=True)
class RotatedRows:
    """Rows in the directions of their variance.

    Attributes:
        rows: The rows, centred, shape (rows, directions).
        squares: The sum of squares of each direction, shape (directions,).
        directions: How each standardised input counts in each direction, (inputs, directions).
        mean: The mean of each input, shape (inputs,).
        scale: The standard deviation of each input, 1 of a constant, shape (inputs,).
    """

    rows: Floats
    squares: Floats
    directions: Floats
    mean: Floats
    scale: Floats


def rotate(x: Numbers, weights: RowWeights = None) -> RotatedRows:
    """Return encoded rows of shape (rows, inputs), standardised and rotated.

    Where rows have weights (rows,), means, variances and directions are those of weighted rows.

    Args:
        x: The inputs of the network, (rows, inputs).
        weights: By how much each row counts, (rows,); None where each counts by 1.
    """
    values, mean, scale = _standardised(x, weights)
    counted = _weighted(values, weights)
    rows, inputs = values.shape
    if inputs <= rows:
        squares, directions = _significant(counted.T @ counted)
        return RotatedRows(values @ directions, squares, directions, mean, scale)
    # the products of rows hold the same variances as those of inputs, and are fewer
    squares, places = _significant(counted @ counted.T)
    root = np.sqrt(squares)
    directions = counted.T @ (places / root)
    rotated = places * root if weights is None else values @ directions
    return RotatedRows(rotated, squares, directions, mean, scale)


def _standardised(x: Numbers, weights: RowWeights) -> tuple[Floats, Floats, Floats]:
    """Return standardised rows (rows, inputs), and the mean and scale of each input (inputs,)."""
    values = x.astype(np.float64)
    mean = np.average(values, axis=0, weights=weights)
    is_constant = values.min(axis=0) == values.max(axis=0)  # exactly: deviations would round
    values -= mean
    values[:, is_constant] = 0
    variance = np.average(values**2, axis=0, weights=weights)
    scale = np.sqrt(variance)
    scale[scale == 0] = 1
    values /= scale
    return values, mean, scale


def _weighted(values: Floats, weights: RowWeights) -> Floats:
    """Return rows times the roots of their weights, whose products are weighted once."""
    if weights is None:
        return values
    roots = np.sqrt(weights)
    return np.asarray(values * roots[:, None])


def _significant(products: Floats) -> tuple[Floats, Floats]:
    """Return the eigenvalues that are more than rounding, and their vectors as columns."""
    values, vectors = np.linalg.eigh(products)
    keep = values > values[-1] * LEAST_VARIANCE
    return values[keep], vectors[:, keep]
