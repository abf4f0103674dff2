"""The commands that begin with a config or a table: init, check, train, resume, reproduce, schema."""

import json
import shlex
from pathlib import Path
from typing import Any, Literal

import click

from nnrun.cli import options as shared
from nnrun.files import finite, write_texts
from nnrun.wording import short_path

SCHEMA = "nnrun.schema.json"
ENGINE_HELP = "nnrun's compiled epoch, or Keras's own model.fit on the same batches."
SMOKE_HELP = "Try every step up to predictions on at most 256 rows and 2 epochs; leave nothing, check no expect."


@shared.command("init configs/diabetes.csv --target progression -o diabetes.yaml")
@shared.DataArgument
@click.option("--target", required=True, metavar="COLUMN", help="The column to predict.")
@shared.output_option("The YAML file to write. Default: stdout.")
def init(data: Path, target: str, output: Path | None) -> None:
    """Write a config that trains on DATA as it stands, with comments."""
    from nnrun.config.json_schema import config_schema
    from nnrun.reporting.starter_config import write_config

    if not output:
        click.echo(write_config(data, target, Path()), nl=False)
        return
    shared.check_output(output, data, new=True)
    texts = {
        output: f"# yaml-language-server: $schema={SCHEMA}\n{write_config(data, target, output.parent)}"
    }
    if not output.with_name(SCHEMA).exists():
        texts[output.with_name(SCHEMA)] = f"{json.dumps(config_schema())}\n"
    write_texts(texts)
    click.echo(f"saved in {output}\nnext: nnrun train {shlex.quote(str(output))}")


@shared.command("check configs/digits-relu.yaml")
@shared.ConfigArgument
@shared.SetOption
@shared.JsonOption
def check(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Tell every mistake in CONFIG and its tables, and sum them up.

    It warns of what is probably not meant, and needs no TensorFlow.
    """
    from nnrun.reporting.json import summarize_dataset
    from nnrun.reporting.text import describe_dataset

    dataset = shared.load_dataset(config, overrides)
    click.echo(json.dumps(summarize_dataset(dataset)) if as_json else describe_dataset(dataset))


@shared.command("train configs/digits-relu.yaml --set epochs=50")
@shared.ConfigArgument
@shared.output_option("The run directory. Default: runs/<config's stem>, then -2, -3, ...")
@shared.SetOption
@click.option(
    "--engine", type=click.Choice(["compiled", "keras"]), default="compiled", help=ENGINE_HELP
)
@click.option("--overwrite", is_flag=True, help="Replace the run that stands there.")
@shared.DistributeOption
@click.option("--smoke", is_flag=True, help=SMOKE_HELP)
@shared.JsonOption
@shared.QuietOption
def train(
    config: Path, output: Path | None, overrides: tuple[str, ...], quiet: bool, **options: Any
) -> None:
    """Train CONFIG on its table and save the run in a directory."""
    smoke, as_json = options.pop("smoke"), options.pop("as_json")
    if smoke and (output or options["overwrite"]):
        raise click.UsageError("--smoke leaves no run behind; leave out -o and --overwrite")
    if smoke:
        _smoke(config, overrides, options["engine"], quiet=quiet, as_json=as_json)
        return
    from nnrun.runs.directory import check_target

    is_chief = assemble(options["distribute"], quiet)
    if output and is_chief:
        check_target(output, overwrite=options["overwrite"])
    quiet = quiet or not is_chief
    dataset = shared.load_dataset(
        config, overrides, quiet=quiet, runs=output.parent if output else Path("runs")
    )
    _fit("train", dataset, quiet, as_json, stem=config.stem, path=output, **options)


@shared.command("resume runs/digits-relu --epochs 200")
@shared.RunArgument
@click.option(
    "--epochs",
    type=click.IntRange(1, 10**9),
    help="Go on until the run has this many. Default: as planned.",
)
@click.option(
    "--force", is_flag=True, help="Go on although versions of Python or of a library changed."
)
@shared.DistributeOption
@shared.JsonOption
@shared.QuietOption
def resume(
    run: Path, epochs: int | None, *, force: bool, distribute: Any, as_json: bool, quiet: bool
) -> None:
    """Go on with a RUN that was stopped, or train it for longer.

    It goes on from its last checkpoint, to the weights of a run that never stopped.
    """
    from nnrun.training.resume import reopen

    is_chief = assemble(distribute, quiet)
    with reopen(run, epochs=epochs, force=force, is_chief=is_chief) as (opened, dataset):
        if not (quiet or opened.checkpoint.exists()):
            shared.tell("no checkpoint was saved yet: it starts from the beginning")
        _fit("resume", dataset, quiet or not is_chief, as_json, run=opened, distribute=distribute)


@shared.command("reproduce runs/digits-relu")
@shared.RunArgument
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def reproduce(run: Path, *, quiet: bool) -> None:
    """Train a finished RUN again, elsewhere, and compare the two.

    Table, history and weights are compared; exit 3 where they differ.
    """
    from nnrun.workflows.reproduce import reproduce as train_again

    click.echo(train_again(run, quiet=quiet))


@shared.command("schema > nnrun.schema.json")
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from nnrun.config.json_schema import config_schema

    click.echo(json.dumps(config_schema()))


def assemble(distribute: Any, quiet: bool) -> bool:
    """Return whether this process is the chief, once all workers are there: whatever ends one from then on ends all."""
    from nnrun.training.distributed.cluster import read_cluster

    cluster = read_cluster(distribute)
    if cluster.workers > 1:
        from nnrun.training.distributed.team import WAIT, join

        if not quiet:
            shared.tell(
                f"waiting for the {cluster.workers} workers of TF_CONFIG, {WAIT // 60} minutes at most"
            )
        join(distribute)
    return cluster.is_chief


def _smoke(
    config: Path,
    overrides: tuple[str, ...],
    engine: Literal["compiled", "keras"],
    *,
    quiet: bool,
    as_json: bool,
) -> None:
    from nnrun.config.loading import load_config
    from nnrun.workflows.smoke import smoke

    done = smoke(load_config(config, overrides), engine)
    line = "smoke: ok: {rows} rows, {epochs} epochs, {predictions} predictions in {seconds:.1f} s".format(
        **done
    )
    if as_json or not quiet:
        click.echo(json.dumps({"smoke": "ok", **done}) if as_json else line)


def _fit(
    function: Literal["train", "resume"], dataset: Any, quiet: bool, as_json: bool, **arguments: Any
) -> None:
    """Call train or resume of `nnrun.training`, with progress, and print what came of it."""
    from nnrun.cli.progress import progress
    from nnrun.training import trainer as training

    with progress(dataset.config.epochs, quiet=quiet) as callbacks:
        result = getattr(training, function)(dataset=dataset, callbacks=callbacks, **arguments)
    _print_result(result, dataset.config, quiet=quiet, as_json=as_json and result.is_chief)
    training.check_expectations(dataset.config, result.metrics)


def _print_result(result: Any, config: Any, *, quiet: bool, as_json: bool) -> None:
    from nnrun.reporting.text import describe_metrics

    run = str(result.run.path)
    if result.epochs < config.epochs and not quiet:
        shared.tell(f"early stopping ended it after {result.epochs} of {config.epochs} epochs")
    if as_json:
        summary = {
            "run": run,
            "status": "finished",
            "epochs": result.epochs,
            "seconds": round(result.seconds, 3),
        }
        click.echo(json.dumps({**summary, "metrics": finite(result.metrics)}))
    elif not quiet:
        click.echo(f"epoch {result.best_epoch}: {describe_metrics(result.metrics)}\nsaved in {run}")
        click.echo(f"next: nnrun predict {shlex.join([run, short_path(config.data.train)])}")
