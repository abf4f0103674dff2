"""The vertical scale of curves: logarithmic, linear, or without what the first epochs need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DECADES = 100  # largest to smallest value, from which the axis is logarithmic
FIRST = 0.1  # the share of the epochs that may lie beyond the axis
FEWEST_EPOCHS = 10  # below which no epoch may
FLATTENED = 3  # times the range of the other epochs: above, these are a flat line
MARGIN = 0.05  # of the range, above and below the curves, as matplotlib has it

Curve = npt.NDArray[np.float64]
"""Epochs and values, of shape (2, epochs)."""


def set_vertical_scale(quantity: str, curves: Sequence[Curve], axes: Axes) -> int:
    """Choose the scale of a quantity's axis.

    Args:
        quantity: The quantity: a loss may be drawn by its logarithm, and a share not.
        curves: What is drawn.
        axes: Where it is drawn.

    Returns:
        How many of the first epochs may lie beyond the axis, 0 where all are within.
    """
    values = _finite([curve[1] for curve in curves])
    if _is_logarithmic(quantity, values):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")  # matplotlib's own is a formula
        axes.minorticks_off()
        return 0
    numbers_of_epochs = [curve.shape[1] for curve in curves]
    most_epochs = max(numbers_of_epochs, default=0)
    first = int(FIRST * most_epochs)
    parts = []
    for epochs, values_of_curve in curves:
        parts.append(values_of_curve[epochs > first])
    later_values = _finite(parts)
    if not _flattens(values, later_values, first):
        return 0
    low = later_values.min()
    high = later_values.max()
    margin = MARGIN * (high - low)
    axes.set_ylim(low - margin, high + margin)
    return first


def _flattens(values: Curve, later_values: Curve, first: int) -> bool:
    """Return whether the first epochs make a flat line of the others."""
    epochs = first * (1 / FIRST)
    if epochs < FEWEST_EPOCHS or not len(later_values):
        return False
    range_of_others = float(np.ptp(later_values))
    range_of_all = float(np.ptp(values))
    return 0 < FLATTENED * range_of_others < range_of_all


def _finite(parts: Sequence[Curve]) -> Curve:
    values = np.concatenate([np.empty(0), *parts])
    return np.asarray(values[np.isfinite(values)])


def _is_logarithmic(quantity: str, values: Curve) -> bool:
    """Return whether the values are positive and span decades. Shares, as accuracy, stay linear."""
    if not len(values):
        return False
    low = float(values.min())
    high = float(values.max())
    if quantity not in ("loss", "learning_rate") and high <= 1:
        return False
    return 0 < DECADES * low <= high
