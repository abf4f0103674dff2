"""Slices: the metric of runs or trials over the values of each setting, a dot for each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from nnrun.reporting.pictures.compared import Compared
from nnrun.reporting.pictures.names import all_shortened, shortened
from nnrun.reporting.pictures.value_scale import ValueScale, is_wide, value_scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from nnrun.reporting.pictures.figure import Panel

MOST_SLICES = 9  # settings that are drawn; a picture of more cannot be read
BEST_DOT = 10  # points of the ring around the best
LETTERS = 36  # of the names of values that fit beside each other below a panel
LONGEST_NAME = 18  # characters of a name that is turned
LONGEST_METRIC = 26  # characters of the metric's name, which stands beside a panel
LONGEST_KEY = 36  # characters of the setting's name, which stands below a panel
MOST_NAMES = 24  # values that have room below a panel

Place = tuple[float, float]
"""Where a point stands: by the value of a setting, and by its metric."""


def slice_panels(compared: Compared) -> list[Panel]:
    """Return a panel for each setting.

    Args:
        compared: The points, with their settings and metric.
    """
    return [partial(_draw_slice, key, compared) for key in compared.keys[:MOST_SLICES]]


def _draw_slice(key: str, compared: Compared, axes: Axes) -> None:
    """Draw the metric over a setting: full dots for what finished, rings for what was pruned."""
    scale = value_scale(compared.texts(key))
    places = list(zip(scale.places, compared.values, strict=True))
    finished = []
    pruned = []
    for place, point in zip(places, compared.points, strict=True):
        if point.status == "pruned":
            pruned.append(place)
        else:
            finished.append(place)
    _draw_dots(finished, "finished", axes)
    _draw_rings(pruned, "pruned", "C1", axes)
    if compared.best:
        number = compared.points.index(compared.best)
        _draw_rings([places[number]], "best", "C2", axes, size=BEST_DOT)
    xlabel = shortened(key, LONGEST_KEY)
    ylabel = shortened(compared.metric, LONGEST_METRIC)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    _set_scale(scale, axes)
    if is_wide(compared.values):
        axes.set_yscale("log")
        _write_plain_numbers(axes.yaxis)


def _draw_dots(places: Sequence[Place], label: str, axes: Axes) -> None:
    if places:
        x, y = zip(*places, strict=True)
        axes.plot(x, y, "o", color="C0", label=label)


def _draw_rings(
    places: Sequence[Place],
    label: str,
    color: str,
    axes: Axes,
    size: float | None = None,
) -> None:
    """Draw points as rings, if there are any."""
    if places:
        x, y = zip(*places, strict=True)
        axes.plot(
            x,
            y,
            "o",
            mec=color,
            mfc="none",
            ms=size,
            label=label,
        )


def _set_scale(scale: ValueScale, axes: Axes) -> None:
    """Give the horizontal axis the scale of the setting's values."""
    if scale.is_log:
        axes.set_xscale("log")
        _write_plain_numbers(axes.xaxis)
    if scale.names:
        _name_values(scale.names, axes)


def _name_values(names: Sequence[str], axes: Axes) -> None:
    """Write the names of values below their dots, turned where they are long."""
    texts = all_shortened(names, LONGEST_NAME)
    count = len(texts)
    axes.margins(x=0.2 / math.sqrt(count))
    step = math.ceil(count / MOST_NAMES)
    places = range(0, count, step)
    axes.set_xticks(places, texts[::step])
    letters = sum(len(text) + 2 for text in texts)
    if letters > LETTERS:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")


def _write_plain_numbers(axis: Axis) -> None:
    """Label the powers of ten of an axis as `0.001`: nnrun's pictures have no formulas."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
