"""nnrun resume: a run that was stopped goes on, or is trained for longer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnrun.cli.loading_notice import loading_notice
from nnrun.cli.options import command, run_argument
from nnrun.cli.printing import Printing, printing_options
from nnrun.cli.terminal import tell
from nnrun.cli.training_result import finish
from nnrun.cli.whole_number import WholeNumber
from nnrun.cli.workers import Workers, workers_options

if TYPE_CHECKING:
    from nnrun.config.schema import Config

EPOCHS_HELP = "Train until the run has this many epochs. Default: those of its config."
SET_HELP = (
    "Change a setting on which no epoch so far depends, as in early_stopping.patience=50. "
    "Repeatable."
)
FORCE_HELP = "Resume although Python or a library has another version."


@command("resume runs/digits-relu --epochs 200")
@run_argument
@click.option("-e", "--epochs", type=WholeNumber(1, 10**9), help=EPOCHS_HELP)
@click.option(
    "-s",
    "--set",
    "overrides",
    multiple=True,
    metavar="KEY=VALUE",
    help=SET_HELP,
)
@click.option("--force", is_flag=True, help=FORCE_HELP)
@workers_options
@printing_options
def resume(
    run: Path,
    epochs: int | None,
    overrides: tuple[str, ...],
    force: bool,
    workers: Workers,
    printing: Printing,
) -> None:
    """Resume a RUN that was stopped, or train it for longer.

    It continues from the last checkpoint, and ends with the weights of a run that never stopped.
    RUN may be the folder of a sweep: its trials that are not done are trained.
    """
    from nnrun.workflows.kept_sweep import is_sweep

    if is_sweep(run):
        _resume_sweep(run, printing)
        return
    from nnrun.training.resume import reopen
    from nnrun.training.small_steps import fit_threads

    is_chief = workers.wait_for_all(quiet=printing.quiet)
    reopened = reopen(
        run,
        epochs=epochs,
        overrides=overrides,
        force=force,
        is_chief=is_chief,
    )
    with reopened as (opened, dataset):
        has_begun = opened.checkpoint.exists() or opened.members.exists()
        if not has_begun and not printing.quiet:
            tell("no checkpoint was saved yet, so training starts from the beginning")
        quiet = printing.quiet or not is_chief
        fit_threads(dataset)

        with loading_notice(dataset, quiet=quiet):
            from nnrun.cli.progress import progress
            from nnrun.training import trainer

        epochs_before = opened.count_epochs(opened.read_info())
        tells_result = not printing.as_json
        epochs = dataset.config.total_epochs
        with progress(epochs, quiet=quiet, result_follows=tells_result) as callbacks:
            result = trainer.resume(opened, dataset, callbacks, distribute=workers.distribute)
        if not quiet:
            _tell_how_to_go_on(result.epochs, epochs_before, dataset.config)
        finish(result, dataset, replace(printing, quiet=quiet))


def _resume_sweep(folder: Path, printing: Printing) -> None:
    """Go on with a sweep, with the config and the options that its folder holds."""
    from nnrun.cli.sweep import run_and_print
    from nnrun.workflows.kept_sweep import sweep_to_resume

    context = click.get_current_context()
    for name in ("epochs", "overrides", "force"):
        if context.params[name]:
            rule = "a sweep goes on with the options with which it began"
            raise click.UsageError(f"{rule}; leave {name} out, or sweep into another folder")
    run_and_print(sweep_to_resume(folder), printing)


def _tell_how_to_go_on(epochs: int, epochs_before: int, config: Config) -> None:
    """Tell what lets a run go on that early stopping ended, or that has all its epochs."""
    if epochs < config.epochs:
        longer_patience = 2 * (config.patience or 0) or 1
        tell(f"to continue, let it wait longer: --set early_stopping.patience={longer_patience}")
    elif epochs == epochs_before:
        more_epochs = 2 * config.epochs
        advice = f"to train the run for longer, give --epochs {more_epochs}"
        tell(f"no epoch was left to train; {advice}")
