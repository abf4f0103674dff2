"""nnrun diff: two runs side by side."""

from pathlib import Path

from nnrun.cli.options import RUN, command, json_option, path_argument
from nnrun.cli.terminal import say_json, say_text


@command("diff runs/digits-relu runs/digits-relu-2")
@path_argument("first", RUN, metavar="RUN")
@path_argument("second", RUN, metavar="RUN")
@json_option
def diff(first: Path, second: Path, as_json: bool) -> None:
    """Show two runs side by side: settings, tables and metrics.

    It shows the settings, tables and versions that differ, and all metrics.
    """
    from nnrun.reporting.comparison_text import describe_comparison
    from nnrun.runs.comparison import compare_runs

    comparison = compare_runs(first, second)
    if as_json:
        say_json(comparison.as_json())
    else:
        names = (str(first), str(second))
        say_text(describe_comparison(names, comparison))
