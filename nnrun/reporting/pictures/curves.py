"""Curves: loss and metrics by epoch, of one run or of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nnrun.reporting.pictures.figure import INK
from nnrun.reporting.pictures.history import best_epoch, drawable_history
from nnrun.reporting.pictures.names import shortened
from nnrun.runs.directory import Run
from nnrun.runs.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnrun.reporting.pictures.figure import Panel

MOST_PANELS = 9  # quantities that are drawn; a picture of more cannot be read
MOST_POINTS = 2_000  # of a line, which is more than a picture has pixels
TRAINING = ""  # how the names of quantities begin in the history
VALIDATION = "val_"
DECADES = 100  # largest to smallest value, from which the axis is logarithmic


@dataclass(frozen=True)
class RunCurves:
    """What is drawn of a run: its history, and its best epoch, from 1, or None if none is known."""

    name: str
    history: History
    best_epoch: int | None

    @property
    def epochs(self) -> int:
        """How many epochs the history has."""
        return len(self.history["loss"])

    @property
    def shown_epochs(self) -> slice:
        """Which epochs are points of a line: all, or every so manieth, the best one among them."""
        step = 1 + self.epochs // MOST_POINTS
        best = self.best_epoch or 1
        return slice((best - 1) % step, None, step)


def curve_panels(paths: Sequence[Path]) -> list[Panel]:
    """Return a panel for the loss, and one for each metric, of one run or of several.

    Raises:
        RunError: A path is no run, has no epoch yet, or its files were altered.
    """
    runs = [_curves_of(path) for path in paths]
    quantities = _quantities(runs)[:MOST_PANELS]
    if len(runs) == 1:
        return [partial(_draw_run, quantity, runs[0]) for quantity in quantities]
    return [partial(_draw_runs, quantity, runs) for quantity in quantities]


def _curves_of(path: Path) -> RunCurves:
    history = drawable_history(Run(path))
    return RunCurves(shortened(str(path)), history, best_epoch(history))


def _quantities(runs: Sequence[RunCurves]) -> list[str]:
    """Return what the runs log of training, each once; that of validation has the same panel."""
    names: dict[str, None] = {}
    for run in runs:
        names.update(dict.fromkeys(run.history))
    names.pop("epoch", None)
    return [name for name in names if not name.startswith(VALIDATION)]


def _draw_run(quantity: str, run: RunCurves, axes: Axes) -> None:
    """Draw one run: a colour each for training and validation."""
    _draw_line(run, TRAINING + quantity, axes, color="C0", label="training")
    _draw_line(run, VALIDATION + quantity, axes, color="C1", label="validation")
    _draw_best_epoch(run, axes, color=INK, label="best epoch")
    _finish(quantity, [run], axes)


def _draw_runs(quantity: str, runs: Sequence[RunCurves], axes: Axes) -> None:
    """Draw several runs: a colour each, with dashes for training."""
    for i, run in enumerate(runs):
        color = f"C{i}"
        _draw_line(run, TRAINING + quantity, axes, color=color, linestyle="--")
        _draw_line(run, VALIDATION + quantity, axes, color=color)
        _draw_best_epoch(run, axes, color=color, label=f"{run.name!r}: best epoch")
    axes.plot([], [], "--", color=INK, label="training")  # for the legend alone
    axes.plot([], [], "-", color=INK, label="validation")
    _finish(quantity, runs, axes)


def _draw_line(
    run: RunCurves,
    name: str,
    axes: Axes,
    *,
    color: str,
    linestyle: str = "-",
    label: str | None = None,
) -> None:
    """Draw a column of the history, if it has that column; a single epoch is a marker."""
    if name not in run.history:
        return
    epochs = np.arange(1, run.epochs + 1)
    shown = run.shown_epochs
    marker = "o" if run.epochs == 1 else ""
    axes.plot(
        epochs[shown],
        run.history[name][shown],
        linestyle,
        color=color,
        marker=marker,
        label=label,
    )


def _draw_best_epoch(run: RunCurves, axes: Axes, *, color: str, label: str) -> None:
    place = run.best_epoch or np.nan  # NaN draws nothing, and leaves an entry in the legend
    label = f"{label} {run.best_epoch or 'unknown'}"
    axes.axvline(place, linestyle=":", color=color, label=label)


def _finish(quantity: str, runs: Sequence[RunCurves], axes: Axes) -> None:
    """Name the axes and choose their scale."""
    if _is_logarithmic(quantity, _finite_values(quantity, runs)):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter("{x:g}")  # matplotlib's own is a formula
        axes.minorticks_off()
    axes.set(title=shortened(quantity), xlabel="epoch")
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)


def _finite_values(quantity: str, runs: Sequence[RunCurves]) -> npt.NDArray[np.float64]:
    nothing = np.empty(0)
    drawn = []
    for run in runs:
        drawn.append(run.history.get(TRAINING + quantity, nothing))
        drawn.append(run.history.get(VALIDATION + quantity, nothing))
    values = np.concatenate(drawn)
    return values[np.isfinite(values)]


def _is_logarithmic(quantity: str, values: npt.NDArray[np.float64]) -> bool:
    """Return whether the values are positive and span decades. Shares, as accuracy, stay linear."""
    if not len(values):
        return False
    if quantity not in ("loss", "learning_rate") and values.max() <= 1:
        return False
    return bool(0 < DECADES * values.min() <= values.max())
