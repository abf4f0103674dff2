"""nnrun predict: a prediction for each row of a table."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import click

from nnrun.cli.completion import complete_columns
from nnrun.cli.options import (
    check_csv_output,
    command,
    output_option,
    path_argument,
    run_argument,
)
from nnrun.cli.reading import reading_options
from nnrun.cli.terminal import document_stream, say_document, tell
from nnrun.cli.threshold_option import threshold_option
from nnrun.files import open_output
from nnrun.near_files import TABLE_ENDINGS
from nnrun.results.reading import Reading
from nnrun.wording import joined

if TYPE_CHECKING:
    from polars import DataFrame

    from nnrun.features.encoded_reader import EncodedReader
    from nnrun.results.interval import Interval
    from nnrun.results.row_losses import AnyThreshold
    from nnrun.results.trained_run import TrainedRun

MOST_IGNORED = 20  # columns that are named
COPIED = 1 << 20  # bytes at a time
KEEP_HELP = (
    "The columns of DATA to copy. Commas separate names, unless a column has that name. Repeatable."
)
ESCAPE_HELP = (
    "Put ' before text that a spreadsheet would run as a formula (= + - @). Numbers stay as they "
    "are."
)

INTERVAL_HELP = (
    "Add the bounds between which the truth lies in this share of rows, such as 0.9: "
    "prediction_low and prediction_high, or for labels prediction_set. They follow from the errors "
    "on the rows held out."
)
SPREAD_HELP = (
    "Add a column `spread`: the standard deviation of the predictions of an ensemble's members."
)

JSON_LINES_HELP = (
    "For programs: read a JSON object from each line of standard input, and answer it at once."
)
JSON_LINES_RULE = (
    "--json-lines reads standard input and writes standard output; leave out DATA, -o, --keep "
    "and --escape-formulas"
)
ENGINE_HELP = "Compute with NumPy, or with Keras, to compare the two.  [default: numpy]"


@command("predict runs/digits-relu configs/digits01.csv --keep label")
@run_argument
@path_argument("data", TABLE_ENDINGS, required=False, metavar="[DATA]")
@output_option("The CSV to write. Default: stdout.")
@click.option(
    "-k",
    "--keep",
    multiple=True,
    metavar="COLUMNS",
    help=KEEP_HELP,
    shell_complete=complete_columns("data"),
)
@threshold_option
@click.option("--interval", type=float, metavar="SHARE", help=INTERVAL_HELP)
@click.option("--escape-formulas", is_flag=True, help=ESCAPE_HELP)
@click.option("--spread", is_flag=True, help=SPREAD_HELP)
@reading_options
@click.option("--json-lines", is_flag=True, help=JSON_LINES_HELP)
@click.option(
    "--engine",
    type=click.Choice(["numpy", "keras"]),
    default="numpy",
    help=ENGINE_HELP,
)
def predict(  # noqa: PLR0913  a parameter for each option
    *,
    run: Path,
    data: Path | None,
    output: Path | None,
    keep: tuple[str, ...],
    threshold: float | str | None,
    interval: float | None,
    escape_formulas: bool,
    spread: bool,
    json_lines: bool,
    engine: str,
    reading: Reading,
) -> None:
    """Predict each row of DATA, a table or - for standard input.

    Columns are found by name, in any order.
    """
    if json_lines:
        if data or output or keep or escape_formulas:
            raise click.UsageError(JSON_LINES_RULE)
        _answer_lines(run, threshold, interval, engine, reading, spread=spread)
        return
    if not data:
        raise click.UsageError("Missing argument 'DATA': a table, or - for standard input.")
    if output:
        check_csv_output(output, data)
    trained, reader = _open_run(run, data, reading)
    bound = _bound(run, trained, threshold)
    ranges = _interval(run, trained, interval)
    kept_columns = _column_names(keep, reader.table.columns)
    ignored = []
    for name in trained.ignored(reader.table):
        if name not in kept_columns:
            ignored.append(name)
    computing = _with_engine(trained, engine)
    predictions = computing.predictions(reader, kept_columns, bound, ranges, spread=spread)
    if ignored:
        names = joined(ignored, MOST_IGNORED)
        tell(f"ignored columns: {names}")
    with _destination(output, whole=reading.strict) as file:
        _write_csv(predictions, file, escape_formulas=escape_formulas)
        reading.check(reader)
    tell(*reader.notes())
    if output:
        tell(f"saved in {output}")


def _open_run(run: Path, data: Path, reading: Reading) -> tuple[TrainedRun, EncodedReader]:
    """Return the run, and the table read as it was trained; targets are not needed."""
    from nnrun.results.trained_run import open_run

    return open_run(
        run,
        data,
        target=False,
        owed=True,
        null_values=reading.null_values,
        bad_cells=reading.bad_cells,
    )


def _write_csv(frames: Iterable[DataFrame], file: IO[bytes], *, escape_formulas: bool) -> None:
    from nnrun.tables.writer import write_csv

    write_csv(frames, file, escape_formulas=escape_formulas)


def _answer_lines(
    run: Path,
    threshold: float | str | None,
    level: float | None,
    engine: str,
    reading: Reading,
    *,
    spread: bool,
) -> None:
    """Answer each line of standard input at once."""
    from nnrun.results.json_lines import answer_lines
    from nnrun.results.trained_run import load_run

    trained = _with_engine(load_run(run), engine)
    bound = _bound(run, trained, threshold)
    interval = _interval(run, trained, level)
    if not sys.stdin:
        return
    answers = answer_lines(
        trained,
        sys.stdin.buffer,
        bound,
        reading,
        interval,
        spread=spread,
    )
    for answer in answers:
        say_document(answer)  # which flushes


def _bound(run: Path, trained: TrainedRun, threshold: float | str | None) -> AnyThreshold:
    """Return the threshold as a number, and say how it was chosen where it is a goal."""
    from nnrun.results.threshold_choice import threshold_for

    chosen = threshold_for(run, trained, threshold)
    if chosen.note:
        tell(chosen.note)
    return chosen.value


def _interval(run: Path, trained: TrainedRun, level: float | None) -> Interval | None:
    """Return how far the truth may be from predictions, and say how this is known."""
    from nnrun.results.saved_intervals import interval_of

    interval = interval_of(run, trained, level)
    if interval:
        tell(interval.note)
    return interval


def _with_engine(trained: TrainedRun, engine: str) -> TrainedRun:
    if engine == "numpy":
        return trained
    from nnrun.training.serving import keras_forward

    return trained.with_forward(keras_forward(trained))


@contextmanager
def _destination(output: Path | None, *, whole: bool) -> Iterator[IO[bytes]]:
    """Yield the file to write to, which is there only once the body has ended without an error.

    Standard output gets each row at once, unless it is to be `whole` too.
    """
    if output:
        with open_output(output) as file:
            yield file
    elif whole:
        with TemporaryFile() as file:
            yield file
            file.seek(0)
            while lines := file.readlines(COPIED):  # a terminal takes whole lines
                document_stream().write(b"".join(lines))
    else:
        yield document_stream()


def _column_names(keep: tuple[str, ...], columns: list[str]) -> list[str]:
    """Return the names that --keep gives, each once; commas divide what is not a column's name."""
    names: list[str] = []
    for text in keep:
        if text in columns:
            names.append(text)
        else:
            names += map(str.strip, text.split(","))
    present_names = filter(None, names)
    return list(dict.fromkeys(present_names))
