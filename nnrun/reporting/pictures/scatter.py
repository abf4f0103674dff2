"""Predicted numbers: a point a row, against the actual numbers and as residuals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nnrun.reporting.pictures.figure import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class TargetSample:
    """A sample of rows of one target: what is true and what was predicted, each of shape (rows,).

    `extent` says how many rows are drawn, as in " (4,000 of 50,000 rows)", or is "" for all.
    """

    name: str
    actual: Numbers
    predicted: Numbers
    extent: str


def draw_predictions(sample: TargetSample, axes: Axes) -> None:
    """Draw predicted against actual numbers; on the dotted line they are equal."""
    _draw_points(sample.actual, sample.predicted, axes)
    mean = sample.actual.mean()
    axes.axline((mean, mean), slope=1, linestyle=":", color=INK)
    axes.set(title=sample.name, xlabel=f"actual{sample.extent}", ylabel="predicted")


def draw_residuals(sample: TargetSample, axes: Axes) -> None:
    """Draw the residuals, actual minus predicted; on the dotted line they are zero."""
    _draw_points(sample.predicted, sample.actual - sample.predicted, axes)
    axes.axline((sample.predicted.mean(), 0), slope=0, linestyle=":", color=INK)
    axes.set(title=sample.name, xlabel=f"predicted{sample.extent}", ylabel="residual")


def _draw_points(x: Numbers, y: Numbers, axes: Axes) -> None:
    axes.plot(
        x,
        y,
        ".",
        rasterized=True,  # thousands of shapes would make a page slow
        alpha=0.5,
        markersize=4,
        markeredgewidth=0,
        color="C0",
    )
