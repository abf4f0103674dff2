"""nnrun runs: the runs in a folder, a line each."""

import json
import sys
from pathlib import Path
from shutil import get_terminal_size

import click

from nnrun.cli.options import PATH, command, json_option, tell

SORT_HELP = (
    "List the best of a metric first: the least of losses and errors, else the greatest; those "
    "without it last."
)


@command("runs --sort val_accuracy")
@click.argument("folder", type=PATH, default=Path("runs"))
@click.option("--sort", metavar="METRIC", help=SORT_HELP)
@json_option
def runs(folder: Path, sort: str | None, as_json: bool) -> None:
    """List the runs in FOLDER with status, epochs and metrics.

    FOLDER is runs by default. Without --sort, the latest is last.
    """
    from nnrun.reporting.runs_table import describe_runs
    from nnrun.runs.listing import list_runs

    found = list_runs(folder, sort)
    click.echo(json.dumps(found) if as_json else describe_runs(found, _line_width(), sort))
    tell(*(run["error"] for run in found if "error" in run))
    if not found:
        tell(f"no run in {folder}")


def _line_width() -> int:
    """Return how wide a line may be; a file or pipe takes all of it."""
    return get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
