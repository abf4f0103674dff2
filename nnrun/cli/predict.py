"""nnrun predict: a prediction for each row of a table."""

import sys
from contextlib import nullcontext
from pathlib import Path

import click

from nnrun.cli.options import (
    check_output,
    command,
    data_argument,
    output_option,
    run_argument,
    tell,
)
from nnrun.files import open_output

KEEP_HELP = "Columns of DATA to copy, separated by commas."
THRESHOLD_HELP = (
    "For labels: the probability from which the prediction is the positive one.  [default: 0.5]"
)
ESCAPE_HELP = (
    "Put ' before text that a spreadsheet would run as a formula (= + - @); numbers stay as they "
    "are."
)


@command("predict runs/digits-relu configs/digits01.csv --keep label")
@run_argument
@data_argument
@output_option("The CSV to write. Default: stdout.")
@click.option("--keep", default="", metavar="COLUMNS", help=KEEP_HELP)
@click.option("--threshold", type=click.FloatRange(0, 1), help=THRESHOLD_HELP)
@click.option("--escape-formulas", is_flag=True, help=ESCAPE_HELP)
def predict(
    run: Path,
    data: Path,
    output: Path | None,
    keep: str,
    threshold: float | None,
    escape_formulas: bool,
) -> None:
    """Predict each row of DATA, a table or - for standard input.

    Columns are found by name, in any order.
    """
    if output:
        check_output(output, data)
    from nnrun.results.trained_run import open_run
    from nnrun.tables.writer import write_csv

    trained, reader = open_run(run, data, target=False, owed=True)
    kept = _column_names(keep)
    predictions = trained.predictions(reader, keep=kept, threshold=threshold)
    ignored = [name for name in trained.ignored(reader.table) if name not in kept]
    if ignored:
        tell(f"ignored columns: {', '.join(ignored)}")
    with open_output(output) if output else nullcontext(sys.stdout.buffer) as file:
        write_csv(predictions, file, escape_formulas=escape_formulas)
    tell(*reader.notes())


def _column_names(keep: str) -> list[str]:
    """Return the names between the commas, each once."""
    names = [name.strip() for name in keep.split(",")]
    return list(dict.fromkeys(filter(None, names)))
