"""Predicted numbers: a point a row, against the actual numbers and as residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nnrun.reporting.pictures.figure import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOTS = "#3a8fd0"
"""The colour of points. These are an image in a page, which cannot take the page's own blue: this
one has a contrast of 3 on white and of 5 on the dark of a page."""

FEW = 500  # points, up to which each is larger
MOST_TICKS = 4  # on axes that are equal and so the narrower: more numbers would touch
MARGIN = 0.04  # of the range, beyond the points

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TargetSample:
    """A sample of rows of one target of numbers.

    Attributes:
        name: The name of the target.
        actual: What is true, float64 (rows,), in the target's units.
        predicted: What was predicted, float64 (rows,), in the same units.
        extent: How many rows are drawn, as in " (4,000 of 50,000 rows)"; "" where all are.
    """

    name: str
    actual: Numbers
    predicted: Numbers
    extent: str


def draw_predictions(sample: TargetSample, axes: Axes) -> None:
    """Draw predicted against actual numbers, on equal axes; on the dotted line they are equal.

    Args:
        sample: The rows that are drawn.
        axes: Matplotlib's axes to draw them on.
    """
    _draw_points(sample.actual, sample.predicted, axes)
    ends = _common_ends(sample)
    axes.plot(ends, ends, ":", color=INK)
    axes.set(xlim=ends, ylim=ends, aspect="equal")
    axes.locator_params(nbins=MOST_TICKS)
    axes.set_title(f"{sample.name}\npredicted against actual")
    axes.set(xlabel=f"actual{sample.extent}", ylabel="predicted")


def draw_residuals(sample: TargetSample, axes: Axes) -> None:
    """Draw the residuals, actual minus predicted; on the dotted line they are zero.

    Args:
        sample: The rows that are drawn.
        axes: Matplotlib's axes to draw them on.
    """
    residuals = sample.actual - sample.predicted
    _draw_points(sample.predicted, residuals, axes)
    point_at_zero = (sample.predicted.mean(), 0)
    axes.axline(point_at_zero, slope=0, linestyle=":", color=INK)
    axes.set_title(f"{sample.name}\nresiduals: actual minus predicted")
    axes.set(xlabel=f"predicted{sample.extent}", ylabel="residual")


def _common_ends(sample: TargetSample) -> tuple[float, float]:
    """Return where both axes begin and end, with a margin."""
    both = (sample.actual, sample.predicted)
    low = min(float(numbers.min()) for numbers in both)
    high = max(float(numbers.max()) for numbers in both)
    margin = MARGIN * (high - low)
    if margin == 0:  # the numbers are all one
        margin = 1.0
    return low - margin, high + margin


def _draw_points(x: Numbers, y: Numbers, axes: Axes) -> None:
    """Draw a dot for each pair, larger and darker where there are few."""
    is_few = len(x) <= FEW
    axes.plot(
        x,
        y,
        "o",
        rasterized=True,  # thousands of shapes would make a page slow
        alpha=0.8 if is_few else 0.5,
        markersize=4 if is_few else 3,
        markeredgewidth=0,
        color=DOTS,
    )
