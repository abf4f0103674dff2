"""nnrun evaluate: how good a run is on a table."""

import json
from pathlib import Path

import click

from nnrun.cli.options import command, data_argument, json_option, run_argument, tell
from nnrun.files import finite


@command("evaluate runs/digits-relu configs/digits01.csv")
@run_argument
@data_argument
@json_option
def evaluate(run: Path, data: Path, as_json: bool) -> None:
    """Measure a run on DATA, a table with the target.

    DATA may be - for standard input.
    """
    from nnrun.reporting.metrics_text import describe_evaluation
    from nnrun.results.trained_run import open_run

    trained, reader = open_run(run, data, target=True)
    rows, metrics = trained.evaluate(reader)
    if as_json:
        click.echo(json.dumps({"rows": rows, "metrics": finite(metrics)}))
    else:
        click.echo(describe_evaluation(rows, metrics))
    tell(*trained.notes(), *reader.notes())
