"""nnrun plot: curves of runs, or what became of predictions, as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnrun.cli.completion import complete_metric_of_runs
from nnrun.cli.options import PATH, check_output, command, output_option, quiet_option, save
from nnrun.cli.several_runs import (
    named_runs,
    refuse_metric_of_one,
    several_runs_argument,
    sweep_metric,
)
from nnrun.cli.terminal import tell
from nnrun.wording import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATA_HELP = "Draw how one RUN predicts this table, which needs the target; - is standard input."
TRAINING_HELP = "For several runs, draw the curves of training as well, dashed."
METRIC_HELP = "The metric by which several runs are compared. Default: as in `report`."
PICTURE_HELP = "The .png, .svg or .pdf file to write or replace."


@command("plot runs/digits-relu --data configs/digits01.csv")
@several_runs_argument
@click.option("-d", "--data", type=PATH, help=DATA_HELP)
@click.option("--training", is_flag=True, help=TRAINING_HELP)
@click.option(
    "--metric",
    metavar="METRIC",
    help=METRIC_HELP,
    shell_complete=complete_metric_of_runs,
)
@output_option(PICTURE_HELP, default="plot.png")
@quiet_option
def plot(
    runs: tuple[Path, ...],
    data: Path | None,
    training: bool,
    metric: str | None,
    output: Path,
    quiet: bool,
) -> None:
    """Draw the curves of a RUN, or of several in one picture.

    Of several runs, or of the folder of runs or of a sweep, also draw the metric over each setting
    in which they differ. Several runs are labelled by these settings. If there are more than ten,
    the curves of the best ten are drawn. With --data, draw the confusion matrix and ROC or
    precision-recall curves of labels, or predicted against actual numbers and residuals.
    """
    from nnrun.reporting.pictures.figure import PICTURE_ENDINGS, encode_figure

    check_output(output, data or Path(), PICTURE_ENDINGS)
    if data and len(runs) > 1:
        raise click.UsageError(f"--data needs exactly one RUN; received {len(runs)}")
    if data:
        refuse_metric_of_one(metric)
        figure = _outcome(runs[0], data)
    else:
        figure = _compared(runs, metric, training=training)
    ending = output.suffix.lower()
    save(output, encode_figure(figure, ending), quiet=quiet)


def _compared(named_paths: tuple[Path, ...], metric: str | None, *, training: bool) -> Figure:
    """Return the picture of a sweep, of a run, or of several."""
    from nnrun.reporting.pictures.curves import curve_panels
    from nnrun.reporting.pictures.figure import make_figure
    from nnrun.reporting.runs_page import runs_panels
    from nnrun.reporting.sweep_page import sweep_panels

    ranking = sweep_metric(named_paths, metric)
    if ranking is not None:
        panels = sweep_panels(named_paths[0], ranking, training=training)
        return make_figure([*panels.slices, *panels.curves], wide=panels.parallel)
    runs = _drawable(named_paths)
    if len(runs) == 1:
        refuse_metric_of_one(metric)
        return make_figure(curve_panels(runs))
    panels = runs_panels(runs, metric, training=training)
    _tell_of_runs(len(runs))
    return make_figure([*panels.curves, *panels.slices], wide=panels.parallel)


def _drawable(named_paths: tuple[Path, ...]) -> list[Path]:
    """Return the runs to draw; those of a folder that have no epoch are left out."""
    from nnrun.runs.listing import summarize_runs

    runs = named_runs(named_paths)
    are_all_named = set(runs) <= set(named_paths)
    if are_all_named:
        return runs
    drawable = []
    for run in summarize_runs(runs):
        if run["epochs"]:
            drawable.append(Path(run["run"]))
    left_out = len(runs) - len(drawable)
    if left_out:
        counted_runs = counted(left_out, "run")
        tell(f"the picture leaves out {counted_runs} without an epoch")
    return drawable or runs


def _tell_of_runs(count: int) -> None:
    from nnrun.reporting.pictures.drawn_runs import MOST_RUNS

    if count > MOST_RUNS:
        tell(f"drawing the curves of the best {MOST_RUNS} of {count} runs")


def _outcome(run: Path, data: Path) -> Figure:
    """Return the picture of what the run predicts for a table with the target."""
    from nnrun.reporting.pictures.figure import make_figure
    from nnrun.reporting.pictures.outcome import outcome_panels
    from nnrun.results.trained_run import open_run

    trained, reader = open_run(run, data, target=True)
    blocks = ((x, y) for _, x, y in reader)
    measure = trained.measure(blocks)
    tell(*reader.notes())
    panels = outcome_panels(trained.encoder, measure)
    return make_figure(panels, columns=2)
