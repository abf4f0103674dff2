"""nnrun evaluate: how good a run is on a table."""

import json
from pathlib import Path

import click

from nnrun.cli.options import command, data_argument, json_option, run_argument, tell
from nnrun.cli.reading import Reading, reading_options
from nnrun.files import finite
from nnrun.wording import printable


@command("evaluate runs/digits-relu configs/digits01.csv")
@run_argument
@data_argument
@reading_options
@json_option
def evaluate(run: Path, data: Path, as_json: bool, reading: Reading) -> None:
    """Measure a run on DATA, a table with the target.

    DATA may be - for standard input.
    """
    from nnrun.reporting.metrics_text import describe_evaluation
    from nnrun.results.judged_run import is_training_table, judge_table
    from nnrun.results.trained_run import open_run

    trained, reader = open_run(
        run, data, target=True, null_values=reading.null_values, bad_cells=reading.bad_cells
    )
    judged = judge_table(run, trained, reader)
    reading.check(reader)
    verdict = judged.assessment.verdict if judged.assessment else None
    if as_json:
        summary = {"rows": judged.rows, "metrics": finite(judged.metrics)}
        more = judged.assessment.as_json() if judged.assessment else {}
        click.echo(json.dumps({**summary, **more}))
    else:
        click.echo(describe_evaluation(judged.rows, judged.metrics))
        if verdict:
            click.echo(printable(verdict.sentence))
    if is_training_table(run, reader.table, judged.rows):
        tell(f"{data} is the table that the run was trained on: new rows will do worse")
    tell(*trained.notes(), *reader.notes())
