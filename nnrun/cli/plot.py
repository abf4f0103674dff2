"""nnrun plot: curves of runs, or what became of predictions, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnrun.cli.options import (
    PATH,
    RUN,
    check_output,
    command,
    output_option,
    path_argument,
    save,
)
from nnrun.cli.terminal import tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATA_HELP = "Draw how one RUN predicts this table, which needs the target; - is standard input."
TRAINING_HELP = "For several runs, draw the curves of training as well, dashed."
PICTURE_HELP = "The .png, .svg or .pdf file to write or replace."


@command("plot runs/digits-relu --data configs/digits01.csv")
@path_argument("runs", RUN, metavar="RUN...", several=True)
@click.option("-d", "--data", type=PATH, help=DATA_HELP)
@click.option("--training", is_flag=True, help=TRAINING_HELP)
@output_option(PICTURE_HELP, default="plot.png")
def plot(runs: tuple[Path, ...], data: Path | None, training: bool, output: Path) -> None:
    """Draw the curves of a RUN, or of several in one picture.

    Of the folder of a sweep, draw its metric over each setting, and the curves of its best runs.
    Several runs are labelled by the settings in which they differ. If there are more than ten, the
    best ten are drawn. With --data, draw the confusion matrix and ROC or precision-recall curves
    of labels, or predicted against actual numbers and residuals.
    """
    from nnrun.reporting.pictures.figure import FORMATS, encode_figure

    check_output(output, data or Path(), FORMATS)
    if data and len(runs) > 1:
        raise click.UsageError(f"--data needs exactly one RUN; received {len(runs)}")
    figure = _figure(runs, data, training=training)
    save(output, encode_figure(figure, output.suffix.lower()))


def _figure(runs: tuple[Path, ...], data: Path | None, *, training: bool) -> Figure:
    """Return the picture of a table's predictions, of a sweep, or of curves."""
    from nnrun.workflows.kept_sweep import is_sweep

    if data:
        return _outcome(runs[0], data)
    if len(runs) == 1 and is_sweep(runs[0]):
        return _sweep(runs[0], training=training)
    return _curves(runs, training=training)


def _sweep(folder: Path, *, training: bool) -> Figure:
    """Return the picture of a sweep: its metric by each setting, then the curves of its runs."""
    from nnrun.reporting.pictures.figure import make_figure
    from nnrun.reporting.sweep_page import sweep_panels
    from nnrun.workflows.kept_sweep import read_sweep

    slices, curves = sweep_panels(folder, read_sweep(folder).metric, training=training)
    return make_figure([*slices, *curves])


def _curves(runs: tuple[Path, ...], *, training: bool) -> Figure:
    from nnrun.reporting.pictures.curves import curve_panels
    from nnrun.reporting.pictures.drawn_runs import MOST_RUNS
    from nnrun.reporting.pictures.figure import make_figure

    figure = make_figure(curve_panels(runs, training=training))
    if len(runs) > MOST_RUNS:
        tell(f"drawing the {MOST_RUNS} of {len(runs)} runs with the smallest loss")
    return figure


def _outcome(run: Path, data: Path) -> Figure:
    """Return the picture of what the run predicts for a table with the target."""
    from nnrun.reporting.pictures.figure import make_figure
    from nnrun.reporting.pictures.outcome import outcome_panels
    from nnrun.results.trained_run import open_run

    trained, reader = open_run(run, data, target=True)
    measure = trained.measure((x, y) for _, x, y in reader)
    tell(*reader.notes())
    return make_figure(outcome_panels(trained.encoder, measure), columns=2)
