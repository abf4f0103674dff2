"""nnrun evaluate: how good a run is, on the rows it held out or on another table."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnrun.cli.completion import complete_goal
from nnrun.cli.options import (
    check_csv_output,
    command,
    json_option,
    output_option,
    path_argument,
    run_argument,
)
from nnrun.cli.reading import reading_options
from nnrun.cli.rows_to_measure import (
    note_on_refit,
    note_on_weights,
    rows_to_measure,
    run_to_measure,
)
from nnrun.cli.terminal import say_json, say_text, tell, terminal_width
from nnrun.cli.threshold_option import threshold_option
from nnrun.files import open_output
from nnrun.near_files import TABLE_ENDINGS
from nnrun.results.reading import Reading

if TYPE_CHECKING:
    from nnrun.results.evaluated_rows import EvaluatedRows
    from nnrun.results.held_out import Readers
    from nnrun.results.row_losses import AnyThreshold
    from nnrun.results.threshold_choice import Threshold
    from nnrun.results.trained_run import ComputedBlock, TrainedRun
    from nnrun.tables.table import Table
    from nnrun.tables.writer import CsvWriter

PREDICTIONS_HELP = (
    "Write the rows as CSV as well: their line in the table, the true value, and the prediction."
)
BEST_HELP = (
    "Find the threshold that is best by f1, balanced_accuracy or cost=FP:FN, such as cost=10:1, "
    "and measure with it. Without DATA, store it in the run for predict --threshold f1."
)


@command("evaluate runs/digits-relu")
@run_argument
@path_argument("data", TABLE_ENDINGS, required=False, metavar="[DATA]")
@output_option(PREDICTIONS_HELP)
@threshold_option
@click.option(
    "--best-threshold",
    metavar="GOAL",
    help=BEST_HELP,
    shell_complete=complete_goal,
)
@reading_options
@json_option
def evaluate(
    run: Path,
    data: Path | None,
    output: Path | None,
    threshold: float | str | None,
    best_threshold: str | None,
    as_json: bool,
    reading: Reading,
) -> None:
    """Measure a RUN on the rows that it held out, or on DATA.

    The rows held out are those of validation, then those of the test table. DATA is a table with
    the target, or - for standard input.
    """
    from nnrun.results.evaluated_rows import summarize

    _check_thresholds(threshold, best_threshold, data)
    if output:
        check_csv_output(output, data or Path())
    trained = run_to_measure(run, data)
    readers = rows_to_measure(run, trained, data, reading)
    chosen = _threshold(run, trained, readers, threshold, best_threshold)
    with _writer(output) as writer:
        evaluated = _evaluate(run, trained, readers, chosen.value, writer)
        for reader in readers.values():
            reading.check(reader)
    if as_json:
        say_json(summarize(evaluated))
    else:
        say_text(_as_text(evaluated))
    if chosen.note:
        tell(chosen.note)
    if data is not None:
        _tell_of_training_table(run, readers[""].table, evaluated[""].rows)
    else:
        tell(*note_on_refit(trained))
    tell(*_notes(trained, readers, evaluated))
    if output:
        tell(f"saved in {output}")


def _check_thresholds(threshold: object, goal: str | None, data: Path | None) -> None:
    """Raise a UsageError where options exclude each other, or DATA cannot be read twice."""
    if goal is None:
        return
    if threshold is not None:
        raise click.UsageError("--threshold and --best-threshold exclude each other; give one")
    if data and _is_read_once(data):
        raise click.UsageError(
            "--best-threshold reads DATA twice; save it as a file first, or leave DATA out"
        )


def _is_read_once(data: Path) -> bool:
    """Return whether a table is standard input or a pipe."""
    return str(data) == "-" or data.is_fifo()


def _notes(
    trained: TrainedRun, readers: Readers, evaluated: Mapping[str, EvaluatedRows]
) -> Iterator[str]:
    """Yield what is to be told of rows that were measured; parts share some of it."""
    reasons = [rows.reason for rows in evaluated.values() if rows.reason]
    yield from dict.fromkeys(reasons)
    yield from trained.notes()
    if trained.config.data.sample_weight is not None:
        notes = []
        for rows in evaluated.values():
            notes.append(note_on_weights(trained, rows.weight))
        yield from dict.fromkeys(notes)
    for reader in readers.values():
        yield from reader.notes()


def _threshold(
    run: Path,
    trained: TrainedRun,
    readers: Readers,
    threshold: float | str | None,
    goal: str | None,
) -> Threshold:
    """Return the threshold that is given, or that is best on the rows to measure."""
    from nnrun.results.threshold_choice import (
        best_threshold_of_table,
        store_best_threshold,
        threshold_for,
    )

    if goal is None:
        return threshold_for(run, trained, threshold)
    if "" not in readers:
        return store_best_threshold(run, trained, readers, goal)
    return best_threshold_of_table(trained, readers[""], goal)


@contextmanager
def _writer(output: Path | None) -> Iterator[CsvWriter | None]:
    """Yield what writes the rows to a file, or None where none is asked for."""
    from nnrun.tables.writer import CsvWriter

    if output is None:
        yield None
        return
    with open_output(output) as file:
        yield CsvWriter(file)


def _evaluate(
    run: Path,
    trained: TrainedRun,
    readers: Readers,
    threshold: AnyThreshold,
    writer: CsvWriter | None,
) -> dict[str, EvaluatedRows]:
    """Return the measures of each part, whose rows are written meanwhile."""
    from nnrun.results.evaluated_rows import evaluate_rows
    from nnrun.results.predicted_rows import predicted_rows

    evaluated = {}
    for part, reader in readers.items():

        def write(computed: ComputedBlock, part: str = part) -> None:
            if writer:
                rows = predicted_rows(trained, computed, part, threshold)
                writer.write(rows)

        evaluated[part] = evaluate_rows(trained, reader, run, threshold, write)
    return evaluated


def _as_text(evaluated: Mapping[str, EvaluatedRows]) -> str:
    from nnrun.reporting.evaluation_text import describe_rows
    from nnrun.reporting.metrics_text import wrapped

    texts = [describe_rows(part, rows) for part, rows in evaluated.items()]
    return wrapped("\n\n".join(texts), terminal_width())


def _tell_of_training_table(run: Path, table: Table, rows: int) -> None:
    """Say so where DATA is the table that the run was trained on."""
    from nnrun.results.held_out import parts_held_out
    from nnrun.results.judged_run import is_training_table
    from nnrun.runs.directory import Run

    if not is_training_table(run, table, rows):
        return
    note = (
        f"{table.name} is the table that the run was trained on: results on new rows will be worse"
    )
    if parts_held_out(Run(run)):
        quoted_run = shlex.quote(str(run))
        note += f"; nnrun evaluate {quoted_run} measures the rows held out"
    tell(note)
