"""Parallel coordinates: an axis for each setting and one for the metric, a line for each trial."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nnrun.reporting.pictures.compared import Compared, Point
from nnrun.reporting.pictures.figure import GROUND, INK
from nnrun.reporting.pictures.names import all_shortened
from nnrun.reporting.pictures.value_scale import ValueScale, is_wide, value_scale
from nnrun.wording import short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnrun.reporting.pictures.figure import Panel

FEWEST_SETTINGS = 2  # of one, the slice says all
MOST_SETTINGS = 8  # axes that stand beside each other in a picture that can be read
MOST_NAMES = 12  # names of values that have room along an axis
LONGEST_NAME = 14  # characters of a value beside its axis
MOST_IN_A_LINE = 5  # keys of settings that have room beside each other
LONGEST_KEY = 26  # characters of a setting's key below its axis
TICKS = 5  # numbers along an axis
LINE_HEIGHT = 0.05  # of an axis, which a line of text takes
COLORS = "plasma"  # grows lighter evenly, for the colour-blind too, and has no green
DARKEST = 0.2  # of these colours: the first are not seen on black,
LIGHTEST = 0.85  # and the last not on white
BEST = "C2"  # green, as the ring around the best in the slices
GOOD = 2.4  # points of the best line's width
USUAL = 1.1  # points of the others'


def parallel_panel(compared: Compared) -> list[Panel]:
    """Return the panel, which takes the width of several; none of fewer than two settings.

    Args:
        compared: The points, with their settings and metric.
    """
    if len(compared.keys) < FEWEST_SETTINGS:
        return []
    return [partial(_draw, compared)]


def _draw(compared: Compared, axes: Axes) -> None:
    """Draw a line for each point, the worse first, so that the better lie above them."""
    scales = _scales(compared)
    heights = np.stack([_heights(scale) for scale in scales])
    ranks = [compared.rank(point) for point in compared.points]
    best_first = list(enumerate(np.argsort(ranks)))
    for rank, number in reversed(best_first):
        point = compared.points[number]
        color = _color(rank, len(best_first))
        _draw_line(point, heights[:, number], color, compared, axes)
    names = [*compared.keys[:MOST_SETTINGS], compared.metric]
    _draw_axes(names, scales, axes)


def _scales(compared: Compared) -> list[ValueScale]:
    """Return the scale of each axis, that of the metric last."""
    keys = compared.keys[:MOST_SETTINGS]
    scales = [value_scale(compared.texts(key)) for key in keys]
    values = compared.values
    return [*scales, ValueScale(values, is_log=is_wide(values))]


def _heights(scale: ValueScale) -> npt.NDArray[np.float64]:
    """Return where the values stand on an axis from 0 to 1."""
    places = np.asarray(scale.places, np.float64)
    return _scaled(places, scale)


def _scaled(values: npt.NDArray[np.float64], scale: ValueScale) -> npt.NDArray[np.float64]:
    """Return where values stand on an axis whose lowest place is 0 and whose highest is 1."""
    low = min(scale.places)
    high = max(scale.places)
    if scale.is_log:
        low = math.log(low)
        high = math.log(high)
        values = np.log(values)
    if low == high:
        return np.full(values.shape, 0.5)
    return (values - low) / (high - low)


def _color(rank: int, count: int) -> tuple[float, ...]:
    """Return the colour of a line: dark for the best, light for the worst."""
    import matplotlib

    share = rank / max(1, count - 1)
    lightness = DARKEST + (LIGHTEST - DARKEST) * share
    colormap = matplotlib.colormaps[COLORS]
    return colormap(lightness)


def _draw_line(
    point: Point,
    heights: npt.NDArray[np.float64],
    color: tuple[float, ...],
    compared: Compared,
    axes: Axes,
) -> None:
    """Draw one point: dotted where it was given up, thick and named where it is the best."""
    style: dict[str, Any] = {
        "color": color,
        "linewidth": USUAL,
        "zorder": 2,
    }
    if point is compared.best:
        style = {
            "color": BEST,
            "linewidth": GOOD,
            "zorder": 3,
            "label": "best",
        }
    linestyle = ":" if point.status == "pruned" else "-"
    axes.plot(np.arange(len(heights)), heights, linestyle, **style)


def _draw_axes(names: Sequence[str], scales: Sequence[ValueScale], axes: Axes) -> None:
    """Draw an upright axis for each setting, with its values beside it."""
    axes.grid(visible=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.set_yticks([])
    axes.set_xticks(range(len(names)), _key_names(names))
    axes.tick_params("x", length=0)
    axes.margins(x=0.04, y=0.06)
    axes.set_xlim(-0.2, len(names) - 0.3)  # room for what stands beside the last axis
    for place, scale in enumerate(scales):
        axes.axvline(place, color=INK, linewidth=0.8, zorder=4)
        for height, text in _ticks(scale):
            _write(text, place, height, axes)


def _key_names(names: Sequence[str]) -> list[str]:
    """Return the names below the axes; many of them stand in two lines by turns."""
    shown = all_shortened(names, LONGEST_KEY)
    if len(names) > MOST_IN_A_LINE:
        for place in range(1, len(names), 2):
            shown[place] = f"\n{shown[place]}"
    return shown


def _write(
    text: str,
    place: float,
    height: float,
    axes: Axes,
) -> None:
    """Write a value beside its axis, on a light ground, since lines pass there."""
    axes.annotate(
        text,
        (place, height),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        bbox={
            "facecolor": GROUND,
            "edgecolor": "none",
            "alpha": 0.75,
            "pad": 1,
        },
        zorder=5,
    )


def _ticks(scale: ValueScale) -> list[tuple[float, str]]:
    """Return the height and the text of each value that is written along an axis."""
    if scale.names:
        names = all_shortened(scale.names, LONGEST_NAME)
        step = math.ceil(len(names) / MOST_NAMES)
        places = np.arange(len(names), dtype=np.float64)
        heights = _scaled(places, scale).tolist()
        return list(zip(heights[::step], names[::step], strict=True))
    values = _written_numbers(scale)
    heights = _scaled(values, scale).tolist()
    texts = map(short_number, values.tolist())
    ticks = list(zip(heights, texts, strict=True))
    return _apart(ticks)


def _apart(ticks: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Return the ticks without those whose texts would lie over others; both ends stay."""
    if len(ticks) < 3:
        return ticks
    first, *between, last = ticks
    kept = [first]
    top, _ = last
    for height, text in between:
        below, _ = kept[-1]
        room = min(height - below, top - height)
        if room >= LINE_HEIGHT:
            kept.append((height, text))
    kept.append(last)
    return kept


def _written_numbers(scale: ValueScale) -> npt.NDArray[np.float64]:
    """Return the numbers that are written: each where they are few, else round ones between."""
    from matplotlib.ticker import LogLocator, MaxNLocator

    distinct = np.unique(np.asarray(scale.places, np.float64))
    if len(distinct) <= TICKS:
        return distinct
    low = distinct[0]
    high = distinct[-1]
    locator = LogLocator() if scale.is_log else MaxNLocator(TICKS)
    ticks = np.asarray(locator.tick_values(low, high), np.float64)
    is_within: npt.NDArray[np.bool_] = (ticks >= low) & (ticks <= high)
    return np.compress(is_within, ticks)
