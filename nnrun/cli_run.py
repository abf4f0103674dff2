"""The commands that a finished run answers: predict, evaluate, show, export."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from nnrun.cli_options import PATH, DataArgument, JsonOption, RunArgument, check_output, command, prepare
from nnrun.errors import counted, listed, printable
from nnrun.files import finite, open_output

ESCAPE_HELP = "Put ' before text that a spreadsheet would run as a formula (= + - @); numbers stay as they are."
FORMAT_HELP = "TensorFlow's SavedModel, LiteRT (as TensorFlow Lite is called now), or ONNX."
THRESHOLD_HELP = "For labels: the probability from which the prediction is the positive one.  [default: 0.5]"


@command("predict runs/digits-relu configs/digits01.csv --keep label")
@RunArgument
@DataArgument
@click.option("-o", "--output", type=PATH, help="The CSV to write. Default: stdout.")
@click.option("--keep", default="", metavar="COLUMNS", help="Columns of DATA to copy, separated by commas.")
@click.option("--threshold", type=click.FloatRange(0, 1), help=THRESHOLD_HELP)
@click.option("--escape-formulas", is_flag=True, help=ESCAPE_HELP)
def predict(run: Path, data: Path, output: Path | None, keep: str, threshold: float | None, **options: bool) -> None:
    """Predict each row of DATA, a table or - for standard input; columns are found by name."""
    if output:
        check_output(output, data)
    from nnrun.data import write_csv
    from nnrun.prediction import open_run

    trained, reading = open_run(run, data, target=False, owed=True)
    if threshold is not None and not (trained.config.is_binary and 0 <= threshold <= 1):  # NaN passes FloatRange
        raise click.UsageError("--threshold is a probability from 0 to 1, for a run with BinaryCrossentropy")
    kept = tuple(dict.fromkeys(name.strip() for name in keep.split(",") if name.strip()))
    predictions = trained.predictions(reading, keep=kept, threshold=0.5 if threshold is None else threshold)
    if ignored := [name for name in trained.ignored(reading.table) if name not in kept]:
        click.echo(printable(f"ignored columns: {', '.join(ignored)}"), err=True)
    with open_output(output) if output else nullcontext(sys.stdout.buffer) as file:
        write_csv(predictions, file, **options)
    click.echo("".join(f"{printable(line)}\n" for line in reading.notes()), err=True, nl=False)


@command("evaluate runs/digits-relu configs/digits01.csv")
@RunArgument
@DataArgument
@JsonOption
def evaluate(run: Path, data: Path, as_json: bool) -> None:
    """Measure a run on DATA, a table with the target or - for standard input."""
    from nnrun.prediction import open_run
    from nnrun.report import describe_evaluation

    trained, reading = open_run(run, data, target=True)
    rows, metrics = trained.evaluate(reading)
    summary = {"rows": rows, "metrics": finite(metrics)}
    click.echo(json.dumps(summary) if as_json else describe_evaluation(rows, metrics))
    click.echo("".join(f"{printable(line)}\n" for line in reading.notes()), err=True, nl=False)


@command("show runs/digits-relu")
@click.argument("path", metavar="RUN|CONFIG", type=PATH)
@click.option("--code", is_flag=True, help="Print the plain Keras script that does the same without nnrun.")
def show(path: Path, code: bool) -> None:
    """Show the layers with shapes and parameters, the data, and a run's best epoch; or all of it as a Keras script."""
    from nnrun.codegen import dataset_script, run_script
    from nnrun.report import describe_dataset, describe_run

    of_run, of_dataset = (run_script, dataset_script) if code else (describe_run, describe_dataset)
    click.echo(of_run(path) if path.is_dir() else of_dataset(prepare(path, ())))


@command("export runs/digits-relu --format onnx -o digits.onnx")
@RunArgument
@click.option("--format", "form", type=click.Choice(["saved_model", "litert", "onnx"]), required=True, help=FORMAT_HELP)
@click.option("-o", "--output", type=PATH, required=True, help="The file, or for saved_model the folder, to write.")
def export(run: Path, form: str, output: Path) -> None:
    """Write RUN's network for another runtime; it takes the inputs that are told on stderr, not standardised."""
    check_output(output, run, new=True)
    from nnrun.export import export as write

    names = write(run, form, output)
    order = f"{counted(len(names), 'input')}, in this order: {listed(names, 20)}"
    click.echo(f"saved in {output}")
    click.echo(printable(f"takes rows of {order}; {run / 'encoding.json'} tells how they are made"), err=True)
