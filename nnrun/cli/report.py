"""nnrun report: a run, several runs or a sweep as one HTML page."""

from pathlib import Path

import click

from nnrun.cli.completion import complete_metric_of_runs
from nnrun.cli.options import check_output, command, output_option, quiet_option, save
from nnrun.cli.several_runs import (
    named_runs,
    refuse_metric_of_one,
    several_runs_argument,
    sweep_metric,
)
from nnrun.wording import counted

PAGE_HELP = "The page to write or replace. Default: <RUN's name>.html, or runs.html for several"
METRIC_HELP = (
    "The metric by which several runs are compared. Default: that of the sweep, else the loss."
)


@command("report runs/digits-relu -o report.html")
@several_runs_argument
@click.option(
    "--metric",
    metavar="METRIC",
    help=METRIC_HELP,
    shell_complete=complete_metric_of_runs,
)
@output_option(PAGE_HELP)
@quiet_option
def report(
    runs: tuple[Path, ...],
    metric: str | None,
    output: Path | None,
    quiet: bool,
) -> None:
    """Write one HTML page about a RUN, which can be read offline.

    It says first whether the network is any good, then what it goes by, where it fails, what the
    table holds and how it was trained. It names no folder of this machine. Of several runs, or of
    the folder of runs or of a sweep, it shows a table of what differs and of the metrics, the
    metric over each setting, and the curves of the best.
    """
    name = "runs"
    if len(runs) == 1:
        name = runs[0].resolve().name
    output = output or Path(f"{name}.html")
    check_output(output, runs[0], (".html", ".htm"))
    page = _page(runs, metric)
    save(output, page.encode(), quiet=quiet)


def _page(named_paths: tuple[Path, ...], metric: str | None) -> str:
    """Return the page of a sweep, of a run, or of several."""
    from nnrun.reporting.page import make_page
    from nnrun.reporting.runs_page import make_runs_page
    from nnrun.reporting.sweep_page import make_sweep_page

    first = named_paths[0]
    ranking = sweep_metric(named_paths, metric)
    if ranking is not None:
        return make_sweep_page(first, ranking)
    runs = named_runs(named_paths)
    if len(runs) == 1:
        refuse_metric_of_one(metric)
        return make_page(runs[0])
    name = counted(len(runs), "run")
    if len(named_paths) == 1:
        name = first.resolve().name
    return make_runs_page(name, runs, metric)
