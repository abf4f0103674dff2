"""The command line: parse, call one function, print. Command bodies import what they need."""

import json
import shlex
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

import click

from nnrun import __version__
from nnrun.errors import printable, short_path
from nnrun.files import finite, open_output

PATH = click.Path(path_type=Path)
SET_HELP = "Override a key of the config, as in optimizer.learning_rate=0.01. Repeatable."
ESCAPE_HELP = "Put ' before text that a spreadsheet would run as a formula (= + - @); numbers stay as they are."
SetOption = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help=SET_HELP)
QuietOption = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
RunArgument, DataArgument, ConfigArgument = (click.argument(name, type=PATH) for name in ("run", "data", "config"))
JsonOption = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
ENGINE_HELP = "nnrun's compiled epoch, or Keras's own model.fit on the same batches."
THRESHOLD_HELP = "For labels: the probability from which the prediction is the positive one.  [default: 0.5]"
LIBRARIES = f"Keras {version('keras')}, TensorFlow {version('tensorflow')}, Python {python_version()}"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90})
@click.version_option(__version__, message=f"nnrun %(version)s ({LIBRARIES})", help="Show the versions.")
def cli() -> None:
    """Train a Keras network on a CSV from a YAML config.

    \b
    Example:
      nnrun train configs/digits-relu.yaml
      nnrun predict runs/digits-relu configs/digits01.csv
    """


def _command(example: str) -> Callable[[Callable[..., None]], click.Command]:
    return cli.command(epilog=f"\b\nExample:\n  nnrun {example}")


@_command("init configs/diabetes.csv --target progression -o diabetes.yaml")
@DataArgument
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@click.option("-o", "--output", type=PATH, help="The YAML file to write. Default: stdout.")
def init(data: Path, target: str, output: Path | None) -> None:
    """Write a config that trains on DATA as it stands, with comments."""
    from nnrun.files import write_text
    from nnrun.init import write_config

    if not output:
        click.echo(write_config(data, target, Path()), nl=False)
        return
    _check_output(output, data)
    if output.exists():
        raise click.UsageError(f"-o {output}: exists; choose another name, or remove it")
    write_text(output, write_config(data, target, output.parent))


@_command("check configs/digits-relu.yaml")
@ConfigArgument
@SetOption
def check(config: Path, overrides: tuple[str, ...]) -> None:
    """Tell every mistake in CONFIG and its tables, warnings and a summary, without TensorFlow."""
    from nnrun.report import describe_dataset

    click.echo(describe_dataset(_prepare(config, overrides)))


@_command("train configs/digits-relu.yaml --set epochs=50")
@ConfigArgument
@click.option("-o", "--output", type=PATH, help="The run directory. Default: runs/<config's stem>, then -2, -3, ...")
@SetOption
@click.option("--engine", type=click.Choice(["compiled", "keras"]), default="compiled", help=ENGINE_HELP)
@click.option("--overwrite", is_flag=True, help="Replace the run that stands there.")
@JsonOption
@QuietOption
def train(config: Path, output: Path | None, overrides: tuple[str, ...], quiet: bool, **options: Any) -> None:
    """Train CONFIG on its table and save the model in a run directory."""
    from nnrun.runs import check_target

    if output:
        check_target(output, overwrite=options["overwrite"])
    dataset = _prepare(config, overrides, quiet=quiet, runs=output.parent if output else Path("runs"))
    _train("train", dataset, quiet, options.pop("as_json"), stem=config.stem, path=output, **options)


@_command("resume runs/digits-relu --epochs 200")
@RunArgument
@click.option("--epochs", type=click.IntRange(1, 10**9), help="Go on until the run has this many. Default: as planned.")
@click.option("--force", is_flag=True, help="Go on although versions of Python or of a library changed.")
@JsonOption
@QuietOption
def resume(run: Path, epochs: int | None, *, force: bool, as_json: bool, quiet: bool) -> None:
    """Go on with a RUN that was stopped, from its last checkpoint, to the same weights; or train it for longer."""
    from nnrun.resume import reopen

    with reopen(run, epochs=epochs, force=force) as (opened, dataset):
        _train("resume", dataset, quiet, as_json, run=opened)


@_command("reproduce runs/digits-relu")
@RunArgument
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def reproduce(run: Path, *, quiet: bool) -> None:
    """Train a finished RUN again, elsewhere, and compare table, history and weights; exit 3 where they differ."""
    from nnrun.reproduce import reproduce as train_again

    click.echo(train_again(run, quiet=quiet))


@_command("predict runs/digits-relu configs/digits01.csv --keep label")
@RunArgument
@DataArgument
@click.option("-o", "--output", type=PATH, help="The CSV to write. Default: stdout.")
@click.option("--keep", default="", metavar="COLUMNS", help="Columns of DATA to copy, separated by commas.")
@click.option("--threshold", type=click.FloatRange(0, 1), help=THRESHOLD_HELP)
@click.option("--escape-formulas", is_flag=True, help=ESCAPE_HELP)
def predict(run: Path, data: Path, output: Path | None, keep: str, threshold: float | None, **options: bool) -> None:
    """Predict each row of DATA, a table or - for standard input; columns are found by name."""
    if output:
        _check_output(output, data)
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


@_command("evaluate runs/digits-relu configs/digits01.csv")
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


@_command("show runs/digits-relu")
@click.argument("path", metavar="RUN|CONFIG", type=PATH)
def show(path: Path) -> None:
    """Show the layers with shapes and parameters, the data, and a run's best epoch."""
    from nnrun.report import describe_dataset, describe_run

    click.echo(describe_run(path) if path.is_dir() else describe_dataset(_prepare(path, ())))


@_command("schema > nnrun.schema.json")
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from nnrun.config import Config

    click.echo(json.dumps(Config.model_json_schema(), indent=2))


def _train(function: str, dataset: Any, quiet: bool, as_json: bool, **arguments: Any) -> None:
    """Call train or resume of `nnrun.training`, with progress, and print what came of it."""
    from nnrun import training
    from nnrun.report import describe_metrics, progress

    with progress(dataset.config.epochs, quiet=quiet) as callbacks:
        result = getattr(training, function)(dataset=dataset, callbacks=callbacks, **arguments)
    run, planned = str(result.run.path), dataset.config.epochs
    if result.epochs < planned and not quiet:
        click.echo(f"early stopping ended it after {result.epochs} of {planned} epochs", err=True)
    if as_json:
        summary = {"run": run, "status": "finished", "epochs": result.epochs, "seconds": round(result.seconds, 3)}
        click.echo(json.dumps({**summary, "metrics": finite(result.metrics)}))
    elif not quiet:
        click.echo(f"epoch {result.best_epoch}: {describe_metrics(result.metrics)}\nsaved in {run}")
        click.echo(f"next: nnrun predict {shlex.join([run, short_path(dataset.config.data.train)])}")
    training.check_expectations(dataset.config, result.metrics)


def _check_output(output: Path, data: Path) -> None:
    """Refuse a file that cannot be written, before the work is done."""
    if not output.parent.is_dir() or output.is_dir():
        raise click.UsageError(f"-o {output}: there is no folder to write such a file in")
    if output.exists() and data.exists() and output.samefile(data):
        raise click.UsageError(f"-o {output}: would replace DATA itself")


def _prepare(config: Path, overrides: tuple[str, ...], *, quiet: bool = False, runs: Path = Path("runs")) -> Any:
    """Return the Dataset of a config; print the warnings and raise the errors of lint."""
    from nnrun.config import load_config
    from nnrun.dataset import load_dataset
    from nnrun.lint import lint, raise_errors

    dataset = load_dataset(load_config(config, overrides), runs / ".cache")
    findings = lint(dataset)
    warnings = [f"{printable(str(finding))}\n" for finding in findings if finding.level == "warning" and not quiet]
    click.echo("".join(warnings), err=True, nl=False)
    raise_errors(findings)
    return dataset
