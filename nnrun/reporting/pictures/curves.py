"""Curves: loss and metrics by epoch, of one run or of several."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nnrun.reporting.pictures.drawn_runs import RunCurves, best_runs, curves_of
from nnrun.reporting.pictures.figure import INK
from nnrun.reporting.pictures.names import shortened
from nnrun.reporting.pictures.vertical_scale import set_vertical_scale
from nnrun.runs.history import MEMBER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnrun.reporting.pictures.figure import Panel

MOST_PANELS = 9  # quantities that are drawn; a picture of more cannot be read
TRAINING = ""  # how the names of quantities begin in the history
VALIDATION = "val_"
LEARNING_RATE = "learning_rate"
DOT = 6  # points of a marker


def curve_panels(paths: Sequence[Path], *, training: bool = False) -> list[Panel]:
    """Return a panel for the loss, one for each metric, and one for a learning rate that changes.

    Args:
        paths: One run, or several: of more than ten the best ten are drawn.
        training: Whether the curves of training are drawn of several runs too.

    Raises:
        RunError: A path is not a run, has no epoch yet, or its files were altered.
    """
    runs = best_runs(curves_of(paths))
    panels: list[Panel] = []
    for quantity in _quantities(runs)[:MOST_PANELS]:
        if len(runs) == 1:
            panels.append(partial(_draw_run, quantity, runs[0]))
        else:
            panels.append(partial(_draw_runs, quantity, runs, training=training))
    return panels


def _quantities(runs: Sequence[RunCurves]) -> list[str]:
    """Return what the runs log of training, each once, the learning rate last.

    What they log of validation has the same panel.
    """
    names: dict[str, None] = {}
    for run in runs:
        names.update(dict.fromkeys(run.history))
    for name in ("epoch", MEMBER):  # which tell whose row it is
        names.pop(name, None)
    of_training = [name for name in names if not name.startswith(VALIDATION)]
    return sorted(of_training, key=lambda name: name == LEARNING_RATE)


def _draw_run(quantity: str, run: RunCurves, axes: Axes) -> None:
    """Draw one run: a colour each for training and validation, members over each other."""
    if quantity == LEARNING_RATE:
        _draw_lines(run, quantity, axes, color="C2")
    else:
        _draw_lines(run, TRAINING + quantity, axes, color="C0", label="training")
        _draw_lines(run, VALIDATION + quantity, axes, color="C1", label="validation")
    if run.members:
        main = _main_curve(quantity, run)
        _draw_dots(run, main, axes, color=INK, label="best epoch of each member")
    else:
        _mark_epochs(run, axes)
    _finish(quantity, axes)


def _draw_runs(
    quantity: str,
    runs: Sequence[RunCurves],
    axes: Axes,
    *,
    training: bool,
) -> None:
    """Draw several runs: a colour each, a dot for the best epoch, and dashes for training."""
    for number, run in enumerate(runs):
        color = f"C{number}"
        main = _main_curve(quantity, run)
        _draw_lines(run, main, axes, color=color, label=run.label)
        _draw_dots(run, main, axes, color=color)
        if training and main != quantity:
            _draw_lines(run, quantity, axes, color=color, linestyle="--")
    if training:
        axes.plot([], [], "--", color=INK, label="training")  # for the legend alone
        axes.plot([], [], "-", color=INK, label="validation")
    _finish(quantity, axes)


def _main_curve(quantity: str, run: RunCurves) -> str:
    """Return the column of validation, or of training where no row is held out."""
    name = VALIDATION + quantity
    if name in run.history:
        return name
    return quantity


def _draw_lines(
    run: RunCurves,
    name: str,
    axes: Axes,
    *,
    color: str,
    linestyle: str = "-",
    label: str | None = None,
) -> None:
    """Draw a column of the history, if it is there, of an ensemble once for each member.

    The legend has one of the curves; a single epoch is a marker.
    """
    for network in run.networks:
        if name not in network.history:
            continue
        epochs = np.arange(1, network.epochs + 1)
        shown = network.shown_epochs
        axes.plot(
            epochs[shown],
            network.history[name][shown],
            linestyle,
            color=color,
            marker="o" if network.epochs == 1 else "",
            label=label,
        )
        label = None


def _draw_dots(
    run: RunCurves,
    name: str,
    axes: Axes,
    *,
    color: str,
    label: str | None = None,
) -> None:
    """Draw a dot at the best epoch of a run, or of each member, where one is known."""
    epochs = []
    values = []
    for network in run.networks:
        best = network.best_epoch
        if best is not None and name in network.history:
            epochs.append(best)
            values.append(network.history[name][best - 1])
    if epochs:
        axes.plot(
            epochs,
            values,
            "o",
            linestyle="none",
            color=color,
            markersize=DOT,
            label=label,
        )


def _mark_epochs(run: RunCurves, axes: Axes) -> None:
    """Mark the best epoch and the one whose weights were kept, with one line where they are one."""
    best = run.best_epoch
    if best is None:
        axes.axvline(
            np.nan,
            linestyle=":",
            color=INK,
            label="best epoch unknown",
        )
        return
    if run.kept_epoch == best:
        axes.axvline(
            best,
            linestyle=":",
            color=INK,
            label=f"best epoch {best}, kept",
        )
        return
    axes.axvline(best, linestyle=":", color=INK, label=f"best epoch {best}")
    if run.kept_epoch is not None:
        label = f"kept epoch {run.kept_epoch}"
        axes.axvline(
            run.kept_epoch,
            linestyle="--",
            color=INK,
            linewidth=1,
            label=label,
        )


def _finish(quantity: str, axes: Axes) -> None:
    """Name the axes and choose their scale."""
    hidden = set_vertical_scale(quantity, _drawn_lines(axes), axes)
    xlabel = "epoch"
    if hidden:
        xlabel += f" (of the first {hidden}, some lie beyond the axis)"
    title = quantity.replace("learning_rate", "learning rate")
    axes.set(title=shortened(title), xlabel=xlabel)
    axes.locator_params(axis="x", integer=True, min_n_ticks=1)


def _drawn_lines(axes: Axes) -> list[npt.NDArray[np.float64]]:
    """Return epochs and values, (2, epochs), of each curve of the axes."""
    curves = []
    for line in axes.lines:
        curve = np.array(line.get_data(), np.float64)
        is_vertical = line.get_transform() != axes.transData
        if curve.size and not is_vertical:
            curves.append(curve)
    return curves
