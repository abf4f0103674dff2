"""The commands that begin with a config or a table: init, check, train, resume, reproduce, schema."""

import json
import shlex
from pathlib import Path
from typing import Any

import click

from nnrun.cli_options import (
    PATH,
    ConfigArgument,
    DataArgument,
    DistributeOption,
    JsonOption,
    QuietOption,
    RunArgument,
    SetOption,
    check_output,
    command,
    prepare,
)
from nnrun.errors import short_path
from nnrun.files import finite

ENGINE_HELP = "nnrun's compiled epoch, or Keras's own model.fit on the same batches."


@command("init configs/diabetes.csv --target progression -o diabetes.yaml")
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
    check_output(output, data, new=True)
    write_text(output, write_config(data, target, output.parent))


@command("check configs/digits-relu.yaml")
@ConfigArgument
@SetOption
def check(config: Path, overrides: tuple[str, ...]) -> None:
    """Tell every mistake in CONFIG and its tables, warnings and a summary, without TensorFlow."""
    from nnrun.report import describe_dataset

    click.echo(describe_dataset(prepare(config, overrides)))


@command("train configs/digits-relu.yaml --set epochs=50")
@ConfigArgument
@click.option("-o", "--output", type=PATH, help="The run directory. Default: runs/<config's stem>, then -2, -3, ...")
@SetOption
@click.option("--engine", type=click.Choice(["compiled", "keras"]), default="compiled", help=ENGINE_HELP)
@click.option("--overwrite", is_flag=True, help="Replace the run that stands there.")
@DistributeOption
@JsonOption
@QuietOption
def train(config: Path, output: Path | None, overrides: tuple[str, ...], quiet: bool, **options: Any) -> None:
    """Train CONFIG on its table and save the model in a run directory."""
    from nnrun.cluster import read_cluster
    from nnrun.runs import check_target

    is_chief = read_cluster(options["distribute"]).is_chief
    if output and is_chief:
        check_target(output, overwrite=options["overwrite"])
    quiet = quiet or not is_chief
    dataset = prepare(config, overrides, quiet=quiet, runs=output.parent if output else Path("runs"))
    fit("train", dataset, quiet, options.pop("as_json"), stem=config.stem, path=output, **options)


@command("resume runs/digits-relu --epochs 200")
@RunArgument
@click.option("--epochs", type=click.IntRange(1, 10**9), help="Go on until the run has this many. Default: as planned.")
@click.option("--force", is_flag=True, help="Go on although versions of Python or of a library changed.")
@DistributeOption
@JsonOption
@QuietOption
def resume(run: Path, epochs: int | None, *, force: bool, distribute: Any, as_json: bool, quiet: bool) -> None:
    """Go on with a RUN that was stopped, from its last checkpoint, to the same weights; or train it for longer."""
    from nnrun.cluster import read_cluster
    from nnrun.resume import reopen

    is_chief = read_cluster(distribute).is_chief
    with reopen(run, epochs=epochs, force=force, is_chief=is_chief) as (opened, dataset):
        fit("resume", dataset, quiet or not is_chief, as_json, run=opened, distribute=distribute)


@command("reproduce runs/digits-relu")
@RunArgument
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def reproduce(run: Path, *, quiet: bool) -> None:
    """Train a finished RUN again, elsewhere, and compare table, history and weights; exit 3 where they differ."""
    from nnrun.reproduce import reproduce as train_again

    click.echo(train_again(run, quiet=quiet))


@command("schema > nnrun.schema.json")
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from nnrun.config import Config

    click.echo(json.dumps(Config.model_json_schema(), indent=2))


def fit(function: str, dataset: Any, quiet: bool, as_json: bool, **arguments: Any) -> None:
    """Call train or resume of `nnrun.training`, with progress, and print what came of it."""
    from nnrun import training
    from nnrun.cluster import read_cluster
    from nnrun.report import describe_metrics, progress

    if (workers := read_cluster(arguments["distribute"]).workers) > 1 and not quiet:
        click.echo(f"waiting for the {workers} workers of TF_CONFIG", err=True)
    with progress(dataset.config.epochs, quiet=quiet) as callbacks:
        result = getattr(training, function)(dataset=dataset, callbacks=callbacks, **arguments)
    run, planned = str(result.run.path), dataset.config.epochs
    as_json = as_json and result.is_chief
    if result.epochs < planned and not quiet:
        click.echo(f"early stopping ended it after {result.epochs} of {planned} epochs", err=True)
    if as_json:
        summary = {"run": run, "status": "finished", "epochs": result.epochs, "seconds": round(result.seconds, 3)}
        click.echo(json.dumps({**summary, "metrics": finite(result.metrics)}))
    elif not quiet:
        click.echo(f"epoch {result.best_epoch}: {describe_metrics(result.metrics)}\nsaved in {run}")
        click.echo(f"next: nnrun predict {shlex.join([run, short_path(dataset.config.data.train)])}")
    training.check_expectations(dataset.config, result.metrics)
