"""nnrun runs: the runs in a folder, a line each."""

from pathlib import Path

import click

from nnrun.cli.completion import complete_metric
from nnrun.cli.options import PATH, command, json_option
from nnrun.cli.terminal import line_width, say, say_json, say_text, tell

SORT_HELP = (
    "List the best run by this metric first: the smallest loss or error, the largest of anything "
    "else. Runs without it come last."
)
COLUMNS_HELP = (
    "Show these settings and metrics, as in optimizer.learning_rate,val_loss. Default: the "
    "settings that differ, then the metrics."
)
BEST_HELP = "Print only the path of the finished run that is best by this metric."


@command("runs --sort val_accuracy")
@click.argument("folder", type=PATH, default=Path("runs"))
@click.option(
    "-s",
    "--sort",
    metavar="METRIC",
    help=SORT_HELP,
    shell_complete=complete_metric,
)
@click.option("--columns", metavar="KEY,...", help=COLUMNS_HELP)
@click.option(
    "--best",
    metavar="METRIC",
    help=BEST_HELP,
    shell_complete=complete_metric,
)
@json_option
def runs(
    folder: Path,
    sort: str | None,
    columns: str | None,
    best: str | None,
    as_json: bool,
) -> None:
    """List the runs in FOLDER with status, settings and metrics.

    Settings are those in which the runs differ. The default FOLDER is runs. Without --sort, the
    latest is last.
    """
    from nnrun.reporting.runs_table import chosen_columns, describe_runs
    from nnrun.runs.listing import best_run, list_runs

    if best and (sort or columns or as_json):
        rule = "--best prints only a path"
        raise click.UsageError(f"{rule}; leave --sort, --columns and --json out")
    if best:
        say(best_run(folder, best))
        return
    summaries = list_runs(folder, sort)
    if as_json:
        say_json(summaries)
    else:
        chosen = None
        if columns:
            chosen = chosen_columns(summaries, columns)
        say_text(describe_runs(summaries, line_width(), sort, chosen))
    for run in summaries:
        if "error" in run:
            tell(run["error"])
    if not summaries:
        tell(f"no run in {folder}")
