"""nnrun runs: the runs in a folder, a line each."""

from pathlib import Path

import click

from nnrun.cli.completion import complete_metric
from nnrun.cli.options import PATH, command, json_option
from nnrun.cli.terminal import line_width, say_json, say_text, tell

SORT_HELP = (
    "List the best of a metric first: the least of losses and errors, else the greatest; those "
    "without it last."
)


@command("runs --sort val_accuracy")
@click.argument("folder", type=PATH, default=Path("runs"))
@click.option("-s", "--sort", metavar="METRIC", help=SORT_HELP, shell_complete=complete_metric)
@json_option
def runs(folder: Path, sort: str | None, as_json: bool) -> None:
    """List the runs in FOLDER with status, epochs and metrics.

    FOLDER is runs by default. Without --sort, the latest is last.
    """
    from nnrun.reporting.runs_table import describe_runs
    from nnrun.runs.listing import list_runs

    found = list_runs(folder, sort)
    if as_json:
        say_json(found)
    else:
        say_text(describe_runs(found, line_width(), sort))
    tell(*(run["error"] for run in found if "error" in run))
    if not found:
        tell(f"no run in {folder}")
