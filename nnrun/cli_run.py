"""The commands that a run answers: predict, evaluate, show, plot, report."""

import json
import sys
from contextlib import nullcontext
from pathlib import Path

import click

from nnrun.cli_options import PATH, DataArgument, JsonOption, RunArgument, check_output, command, prepare
from nnrun.errors import printable
from nnrun.files import finite, open_output

ESCAPE_HELP = "Put ' before text that a spreadsheet would run as a formula (= + - @); numbers stay as they are."
PICTURE_HELP = "The .png, .svg or .pdf file, which replaces what stands there."
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
def show(path: Path) -> None:
    """Show the layers with shapes and parameters, the data, and a run's best epoch."""
    from nnrun.report import describe_dataset, describe_run

    click.echo(describe_run(path) if path.is_dir() else describe_dataset(prepare(path, ())))


@command("plot runs/digits-relu --data configs/digits01.csv")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=PATH)
@click.option("--data", type=PATH, help="A table with the target, or - for standard input, to predict with one RUN.")
@click.option("-o", "--output", type=PATH, default="plot.png", show_default=True, help=PICTURE_HELP)
def plot(runs: tuple[Path, ...], data: Path | None, output: Path) -> None:
    """Draw the curves of a RUN, or of several in one picture.

    With --data: the confusion matrix of labels with ROC curves, or predicted against actual with residuals.
    """
    from nnrun import plots

    check_output(output, data or Path(), plots.FORMATS)
    if data and len(runs) > 1:
        raise click.UsageError(f"--data is predicted with one RUN; received {len(runs)}")
    if data:
        from nnrun.prediction import open_run

        trained, reading = open_run(runs[0], data, target=True)
        measure = trained.measure((x, y) for _, x, y in reading)
        click.echo("".join(f"{printable(line)}\n" for line in reading.notes()), err=True, nl=False)
        figure = plots.make_figure(plots.outcome_panels(trained.encoder, measure), columns=2)
    else:
        figure = plots.make_figure(plots.curve_panels(runs))
    _save(output, plots.render(figure, output.suffix.lower()))


@command("report runs/digits-relu -o report.html")
@RunArgument
@click.option("-o", "--output", type=PATH, help="The page, which replaces what stands there. Default: RUN's name.html")
def report(run: Path, output: Path | None) -> None:
    """Write one HTML page on a RUN: metrics, curves, rows held out, table, network, config, versions."""
    from nnrun.html_report import make_page

    output = output or Path(f"{run.resolve().name}.html")
    check_output(output, run, (".html", ".htm"))
    _save(output, make_page(run).encode())


def _save(output: Path, content: bytes) -> None:
    with open_output(output) as file:
        file.write(content)
    click.echo(f"saved in {output}")
