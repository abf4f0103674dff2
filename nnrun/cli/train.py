"""nnrun train: a config trained into a run directory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnrun.cli.loading_notice import loading_notice
from nnrun.cli.note_option import set_and_note_options
from nnrun.cli.options import (
    PATH,
    command,
    config_argument,
    load_dataset,
    output_option,
)
from nnrun.cli.printing import Printing, printing_options
from nnrun.cli.smoke import smoke_test
from nnrun.cli.training_result import finish
from nnrun.cli.whole_number import WholeNumber
from nnrun.cli.workers import Workers, workers_options

if TYPE_CHECKING:
    from nnrun.cli.training_result import Engine
    from nnrun.features.dataset import Dataset
    from nnrun.runs.warm_start import WarmStart

EPOCHS_HELP = "The number of epochs, as epochs=N sets it."
FROM_HELP = (
    "Start with the weights of RUN. Its vocabularies and scaling stay as they are. Its columns, "
    "labels and layers must be those of CONFIG."
)
ENGINE_HELP = (
    "Run nnrun's compiled epoch, or Keras's own model.fit on the same batches.  [default: compiled]"
)
SMOKE_HELP = (
    "Try every step, from reading to predicting, on at most 256 rows for 2 epochs. Leave no file, "
    "and do not check expect."
)


@command("train configs/digits-relu.yaml epochs=50")
@config_argument
@output_option("The run directory. Default: runs/<config's stem>, then -2, -3, ...")
@set_and_note_options
@click.option("-e", "--epochs", type=WholeNumber(1, 10**9), help=EPOCHS_HELP)
@click.option(
    "--engine",
    type=click.Choice(["compiled", "keras"]),
    default="compiled",
    help=ENGINE_HELP,
)
@click.option("--from", "from_run", type=PATH, metavar="RUN", help=FROM_HELP)
@click.option("--overwrite", is_flag=True, help="Replace the run if it exists.")
@workers_options
@click.option("--smoke", is_flag=True, help=SMOKE_HELP)
@printing_options
def train(  # noqa: PLR0913  a parameter for each option
    *,
    config: Path,
    output: Path | None,
    overrides: tuple[str, ...],
    epochs: int | None,
    engine: Engine,
    from_run: Path | None,
    overwrite: bool,
    workers: Workers,
    smoke: bool,
    printing: Printing,
) -> None:
    """Train CONFIG on its table and save the run in a directory."""
    if epochs:
        overrides = (*overrides, f"epochs={epochs}")
    if smoke:
        _check_smoke(output, from_run, overwrite=overwrite)
        smoke_test(config, overrides, engine, printing)
        return
    from nnrun.runs.directory import check_target

    is_chief = workers.wait_for_all(quiet=printing.quiet)
    if output and is_chief:
        check_target(output, overwrite=overwrite)  # before the table is read
    quiet = printing.quiet or not is_chief
    folder = output.parent if output else Path("runs")
    dataset, start = _load(config, overrides, from_run, folder, quiet=quiet)
    from nnrun.training.small_steps import fit_threads

    fit_threads(dataset)

    with loading_notice(dataset, quiet=quiet):
        from nnrun.cli.progress import progress
        from nnrun.training import trainer

    tells_result = not printing.as_json
    epochs = dataset.config.total_epochs
    with progress(epochs, quiet=quiet, result_follows=tells_result) as callbacks:
        result = trainer.train(
            dataset,
            stem=config.stem,
            path=output,
            engine=engine,
            overwrite=overwrite,
            callbacks=callbacks,
            distribute=workers.distribute,
            start=start,
        )
    finish(result, dataset, replace(printing, quiet=quiet))


def _check_smoke(output: Path | None, from_run: Path | None, *, overwrite: bool) -> None:
    """Raise a UsageError where options are given that a smoke test has no use for."""
    if output or overwrite:
        raise click.UsageError("--smoke leaves no run behind; leave out -o and --overwrite")
    if from_run:
        raise click.UsageError("--smoke tries weights that are drawn; leave out --from")


def _load(
    config: Path,
    overrides: tuple[str, ...],
    from_run: Path | None,
    folder: Path,
    *,
    quiet: bool,
) -> tuple[Dataset, WarmStart | None]:
    """Return the dataset of a config, and the run whose weights its training starts with."""
    if from_run is None:
        return load_dataset(config, overrides, quiet=quiet, runs=folder), None
    from nnrun.cli.terminal import tell
    from nnrun.config.loading import load_config
    from nnrun.workflows.warm_start import load_warm

    warn = None if quiet else tell
    loaded = load_config(config, overrides)
    return load_warm(loaded, from_run, folder, warn)
