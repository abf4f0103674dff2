"""Slices of a sweep: its metric over the values of each setting, a dot for each trial."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from nnrun.config.search_space import LOG_RATIO
from nnrun.reporting.pictures.names import shortened
from nnrun.runs.listing import less_is_better
from nnrun.runs.trial_record import TrialRecord

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from nnrun.reporting.pictures.figure import Panel

MOST_SLICES = 9  # settings that are drawn; a picture of more cannot be read
BEST_DOT = 10  # points of the ring around the best trial


def slice_panels(trials: Sequence[TrialRecord], metric: str) -> list[Panel]:
    """Return a panel for each setting of a sweep.

    Args:
        trials: The trials that have ended; those without the metric are not drawn.
        metric: The metric by which they are compared.
    """
    drawn = [trial for trial in trials if trial.metrics.get(metric) is not None]
    keys = list(drawn[0].settings)[:MOST_SLICES] if drawn else []
    return [partial(_draw_slice, key, drawn, metric) for key in keys]


def _draw_slice(key: str, trials: Sequence[TrialRecord], metric: str, axes: Axes) -> None:
    """Draw the metric over a setting: full dots for trials that finished, rings for pruned ones."""
    places = _places([trial.settings[key] for trial in trials], axes)
    values = [trial.metrics[metric] or 0.0 for trial in trials]
    for status, look in (("finished", {"color": "C0"}), ("pruned", {"mec": "C1", "mfc": "none"})):
        chosen = [number for number, trial in enumerate(trials) if trial.status == status]
        if chosen:
            x = [places[number] for number in chosen]
            y = [values[number] for number in chosen]
            axes.plot(x, y, "o", label=status, **look)  # type: ignore[arg-type]
    finished = [number for number, trial in enumerate(trials) if trial.status == "finished"]
    if finished:
        best = min(finished, key=lambda number: _rank(values[number], metric))
        axes.plot(
            [places[best]], [values[best]], "o", mfc="none", mec="C2", ms=BEST_DOT, label="best"
        )
    axes.set(xlabel=shortened(key), ylabel=shortened(metric))
    if _is_wide(values):
        axes.set_yscale("log")
        _write_plain_numbers(axes.yaxis)


def _rank(value: float, metric: str) -> float:
    return value if less_is_better(metric) else -value


def _places(texts: Sequence[str], axes: Axes) -> list[float]:
    """Return where each value stands on the axis: numbers to scale, texts beside each other."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        known = list(dict.fromkeys(texts))
        axes.set_xticks(range(len(known)), [shortened(text) for text in known])
        axes.margins(x=0.2)
        return [float(known.index(text)) for text in texts]
    if _is_wide(numbers):
        axes.set_xscale("log")
        _write_plain_numbers(axes.xaxis)
    return numbers


def _is_wide(values: Sequence[float]) -> bool:
    """Return whether positive values are so far apart that each power of ten counts alike."""
    return min(values) > 0 and max(values) >= LOG_RATIO * min(values)


def _write_plain_numbers(axis: Axis) -> None:
    """Label the powers of ten of an axis as `0.001`: nnrun's pictures have no formulas."""
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
