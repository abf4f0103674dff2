"""The commands that a run answers: predict, evaluate, show, plot, report, runs, export."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

import click

from nnrun.cli import options as shared
from nnrun.files import finite, open_output
from nnrun.wording import counted, listed

DATA_HELP = "A table with the target, or - for standard input, to predict with one RUN."
ESCAPE_HELP = "Put ' before text that a spreadsheet would run as a formula (= + - @); numbers stay as they are."
FORMAT_HELP = "TensorFlow's SavedModel, LiteRT (as TensorFlow Lite is called now), or ONNX."
PICTURE_HELP = "The .png, .svg or .pdf file, which replaces what stands there."
SORT_HELP = "List the best of a metric first: the least of losses and errors, else the greatest; those without it last."
THRESHOLD_HELP = (
    "For labels: the probability from which the prediction is the positive one.  [default: 0.5]"
)


@shared.command("predict runs/digits-relu configs/digits01.csv --keep label")
@shared.RunArgument
@shared.DataArgument
@shared.output_option("The CSV to write. Default: stdout.")
@click.option(
    "--keep", default="", metavar="COLUMNS", help="Columns of DATA to copy, separated by commas."
)
@click.option("--threshold", type=click.FloatRange(0, 1), help=THRESHOLD_HELP)
@click.option("--escape-formulas", is_flag=True, help=ESCAPE_HELP)
def predict(
    run: Path, data: Path, output: Path | None, keep: str, threshold: float | None, **options: bool
) -> None:
    """Predict each row of DATA, a table or - for standard input.

    Columns are found by name, in any order.
    """
    if output:
        shared.check_output(output, data)
    from nnrun.results.trained_run import open_run
    from nnrun.tables.writer import write_csv

    trained, reading = open_run(run, data, target=False, owed=True)
    kept = tuple(dict.fromkeys(name.strip() for name in keep.split(",") if name.strip()))
    predictions = trained.predictions(reading, keep=kept, threshold=threshold)
    if ignored := [name for name in trained.ignored(reading.table) if name not in kept]:
        shared.tell(f"ignored columns: {', '.join(ignored)}")
    with open_output(output) if output else nullcontext(sys.stdout.buffer) as file:
        write_csv(predictions, file, **options)
    shared.tell(*reading.notes())


@shared.command("evaluate runs/digits-relu configs/digits01.csv")
@shared.RunArgument
@shared.DataArgument
@shared.JsonOption
def evaluate(run: Path, data: Path, as_json: bool) -> None:
    """Measure a run on DATA, a table with the target.

    DATA may be - for standard input.
    """
    from nnrun.reporting.text import describe_evaluation
    from nnrun.results.trained_run import open_run

    trained, reading = open_run(run, data, target=True)
    rows, metrics = trained.evaluate(reading)
    summary = {"rows": rows, "metrics": finite(metrics)}
    click.echo(json.dumps(summary) if as_json else describe_evaluation(rows, metrics))
    shared.tell(*reading.notes())


@shared.command("show runs/digits-relu")
@shared.PathArgument
@click.option(
    "--code", is_flag=True, help="Print the plain Keras script that does the same without nnrun."
)
@shared.JsonOption
def show(path: Path, code: bool, as_json: bool) -> None:
    """Show layers, parameters and data, and a run's best epoch.

    Of a CONFIG, what check says. With --code, all of it as a Keras script.
    """
    from nnrun.reporting.json import summarize_dataset
    from nnrun.reporting.script import dataset_script, run_script
    from nnrun.reporting.text import describe_dataset, describe_run
    from nnrun.runs.listing import summarize_run

    is_run = path.is_dir()
    subject: Any = path if is_run else shared.load_dataset(path, ())
    describe, summarize = (
        (describe_run, summarize_run) if is_run else (describe_dataset, summarize_dataset)
    )
    if code:
        describe = run_script if is_run else dataset_script
    click.echo(json.dumps(summarize(subject)) if as_json and not code else describe(subject))


@shared.command("plot runs/digits-relu --data configs/digits01.csv")
@shared.path_argument("runs", shared.RUN, nargs=-1, required=True, metavar="RUN...")
@click.option("--data", type=shared.PATH, help=DATA_HELP)
@shared.output_option(PICTURE_HELP, default="plot.png", show_default=True)
def plot(runs: tuple[Path, ...], data: Path | None, output: Path) -> None:
    """Draw the curves of a RUN, or of several in one picture.

    With --data: the confusion matrix of labels with ROC curves, or predicted against actual with residuals.
    """
    from nnrun.reporting import pictures as plots

    shared.check_output(output, data or Path(), plots.FORMATS)
    if data and len(runs) > 1:
        raise click.UsageError(f"--data is predicted with one RUN; received {len(runs)}")
    if data:
        from nnrun.results.trained_run import open_run

        trained, reading = open_run(runs[0], data, target=True)
        measure = trained.measure((x, y) for _, x, y in reading)
        shared.tell(*reading.notes())
        figure = plots.make_figure(plots.outcome_panels(trained.encoder, measure), columns=2)
    else:
        figure = plots.make_figure(plots.curve_panels(runs))
    _save(output, plots.render(figure, output.suffix.lower()))


@shared.command("report runs/digits-relu -o report.html")
@shared.RunArgument
@shared.output_option("The page, which replaces what stands there. Default: RUN's name.html")
def report(run: Path, output: Path | None) -> None:
    """Write one HTML page on a RUN, which needs no network.

    It has metrics, curves, the rows held out, the table, layers, config and versions.
    """
    from nnrun.reporting.page import make_page

    output = output or Path(f"{run.resolve().name}.html")
    shared.check_output(output, run, (".html", ".htm"))
    _save(output, make_page(run).encode())


@shared.command("runs --sort val_accuracy")
@click.argument("folder", type=shared.PATH, default=Path("runs"))
@click.option("--sort", metavar="METRIC", help=SORT_HELP)
@shared.JsonOption
def runs(folder: Path, sort: str | None, as_json: bool) -> None:
    """List the runs in FOLDER with status, epochs and metrics.

    FOLDER is runs by default. Without --sort, the latest is last.
    """
    from nnrun.reporting.text import describe_runs
    from nnrun.runs.listing import list_runs

    found = list_runs(folder, sort)
    width = get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    click.echo(json.dumps(found) if as_json else describe_runs(found, width, sort))
    shared.tell(
        *(run["error"] for run in found if "error" in run), *[f"no run in {folder}"] * (not found)
    )


@shared.command("export runs/digits-relu --format onnx -o digits.onnx")
@shared.RunArgument
@click.option(
    "--format",
    "form",
    type=click.Choice(["saved_model", "litert", "onnx"]),
    required=True,
    help=FORMAT_HELP,
)
@shared.output_option("The file, or for saved_model the folder, to write.", required=True)
def export(run: Path, form: str, output: Path) -> None:
    """Write RUN's network for another runtime.

    It takes the inputs that are told on stderr, not standardised.
    """
    shared.check_output(output, run, new=True)
    from nnrun.reporting.export import export as write

    names = write(run, form, output)
    order = f"{counted(len(names), 'input')}, in this order: {listed(names, 20)}"
    click.echo(f"saved in {output}")
    shared.tell(f"takes rows of {order}; {run / 'encoding.json'} tells how they are made")


def _save(output: Path, content: bytes) -> None:
    with open_output(output) as file:
        file.write(content)
    click.echo(f"saved in {output}")
