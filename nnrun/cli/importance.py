"""nnrun importance: which columns a run goes by."""

from __future__ import annotations

from pathlib import Path

import click

from nnrun.cli.options import command, json_option, path_argument, run_argument
from nnrun.cli.reading import reading_options
from nnrun.cli.rows_to_measure import (
    note_on_refit,
    note_on_weights,
    rows_to_measure,
    run_to_measure,
)
from nnrun.cli.terminal import say_json, say_text, tell
from nnrun.cli.whole_number import WholeNumber
from nnrun.near_files import TABLE_ENDINGS
from nnrun.results.reading import Reading

REPEATS_HELP = "How often each column is shuffled."
SEED_HELP = "The seed by which rows are drawn and shuffled."
ROWS_HELP = "The most rows to shuffle. If there are more, they are drawn at random."
MOST = 1_000_000  # rows that are kept in memory, or times that a column is shuffled


@command("importance runs/digits-relu")
@run_argument
@path_argument("data", TABLE_ENDINGS, required=False, metavar="[DATA]")
@click.option(
    "--repeats",
    type=WholeNumber(1, MOST),
    default=5,
    show_default=True,
    help=REPEATS_HELP,
)
@click.option(
    "--seed",
    type=WholeNumber(0, 2**32 - 1),
    default=0,
    show_default=True,
    help=SEED_HELP,
)
@click.option(
    "-n",
    "--rows",
    type=WholeNumber(2, MOST),
    default=5_000,
    show_default=True,
    help=ROWS_HELP,
)
@reading_options
@json_option
def importance(
    run: Path,
    data: Path | None,
    repeats: int,
    seed: int,
    rows: int,
    as_json: bool,
    reading: Reading,
) -> None:
    """Measure which columns of its table matter to a RUN.

    It measures how much the loss grows when a column is shuffled, on the rows that the run held out
    (of the test table, else of validation), or on DATA, a table with the target.
    """
    from nnrun.reporting.importance_text import describe_importance
    from nnrun.results.run_importance import run_importance

    trained = run_to_measure(run, data)
    readers = rows_to_measure(run, trained, data, reading)
    part, reader = list(readers.items())[-1]
    result = run_importance(
        trained,
        reader,
        repeats=repeats,
        seed=seed,
        most_rows=rows,
    )
    reading.check(reader)
    if as_json:
        say_json(result.as_json(part))
    else:
        say_text(describe_importance(part, result))
    if trained.config.data.sample_weight is not None:
        tell(note_on_weights(trained, result.weight))
    if data is None:
        tell(*note_on_refit(trained))
    tell(*reader.notes())
