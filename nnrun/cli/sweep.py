"""nnrun sweep: a config trained with many settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnrun.cli.options import command, config_argument, output_option, set_option
from nnrun.cli.printing import Printing, printing_options
from nnrun.cli.terminal import line_width, say, say_json, say_text, tell
from nnrun.cli.whole_number import WholeNumber
from nnrun.errors import InputError, Interrupted, NnrunError, TrainingError
from nnrun.system_errors import MISPLACED
from nnrun.wording import counted, joined

if TYPE_CHECKING:
    from nnrun.workflows.sweep_plan import Sweep
    from nnrun.workflows.trial import Trial

TRIALS_HELP = (
    "The number of trials. Default: every combination of lists, or 30 if there is a range."
)
METRIC_HELP = (
    "The metric by which trials are compared. Default: val_loss, or test_loss with --folds."
)
FOLDS_HELP = (
    "Cross-validate each trial with this many folds, and compare the means. Such trials leave no "
    "run."
)
STORAGE_HELP = (
    "The URL of Optuna's storage, for machines that share no disk. Default: a journal in the "
    "folder."
)


@command("sweep configs/digits-relu.yaml layers.0.units=16,32 batch_size=16,32")
@config_argument
@output_option("The folder of the runs. Default: sweeps/<config's stem>")
@click.option("--trials", type=WholeNumber(min=1), help=TRIALS_HELP)
@click.option("--metric", help=METRIC_HELP)
@click.option("--folds", type=WholeNumber(min=2), help=FOLDS_HELP)
@click.option("--storage", metavar="URL", help=STORAGE_HELP)
@set_option
@printing_options
def sweep(
    *,
    config: Path,
    output: Path | None,
    overrides: tuple[str, ...],
    printing: Printing,
    **options: Any,  # noqa: ANN401  they are those of Options
) -> None:
    """Train CONFIG with many settings, each as a run of its own.

    A setting is tried with each value of a list such as 16,32,64, or in a range such as 1e-4..1e-1.
    All combinations of lists are trained; if there is a range, Optuna chooses. Options that are not
    given are those of `sweep` in the config. The same command, or `nnrun resume FOLDER`, continues
    a sweep that was stopped, and several processes may work on one.
    """
    from nnrun.workflows.sweep_plan import Options, plan_sweep

    folder = output or Path("sweeps", config.stem)
    planned_sweep = plan_sweep(config, overrides, folder, Options(**options))
    run_and_print(planned_sweep, printing)


def run_and_print(planned_sweep: Sweep, printing: Printing) -> None:
    """Train the trials that are not done, and print all.

    Args:
        planned_sweep: The sweep, as the command line and the config ask for it.
        printing: Whether JSON is printed, or no text.

    Raises:
        InputError: The sweep does not fit its folder, or a table its config.
        TrainingError: Every trial failed.
        Interrupted: A signal stopped it; the trials so far are kept.
    """
    from nnrun.workflows.sweep import run_sweep, write_best

    report = _silent if printing.quiet else tell
    with _advice(planned_sweep):
        tried = run_sweep(planned_sweep, report)
    best = write_best(planned_sweep, tried)
    if printing.as_json:
        say_json({"trials": [trial.as_json() for trial in tried], "best": best})
    elif not printing.quiet:
        _print(planned_sweep, tried)
        if best:
            say(f"the best config: {best['config']}")
    _tell_failures(planned_sweep, tried, quiet=printing.quiet)


@contextmanager
def _advice(planned_sweep: Sweep) -> Iterator[None]:
    """Tell how to go on where a signal between two trials, or the system, ends a sweep."""
    from nnrun.runs.trial_record import NAMES

    try:
        yield
    except (InputError, Interrupted, *MISPLACED):  # these say it themselves
        raise
    except (KeyboardInterrupt, OSError, NnrunError):
        folder = planned_sweep.folder
        if any(folder.glob(NAMES)):
            tell(
                f"{folder}: the sweep has ended early; its trials so far are kept; go on "
                f"with `nnrun resume {folder}`"
            )
        raise


def _tell_failures(planned_sweep: Sweep, tried: list[Trial], *, quiet: bool) -> None:
    """Say how many trials failed.

    Raises:
        TrainingError: All did.
    """
    failed = [trial for trial in tried if trial.status == "failed"]
    advice = _how_to_repeat(planned_sweep, failed)
    if failed and len(failed) == len(tried):
        rule = "every trial failed; each says why in its trial-NNN.json"
        raise TrainingError(f"{planned_sweep.folder}: {rule}; {advice}")
    if failed and not quiet:
        trials = counted(len(tried), "trial")
        tell(f"{len(failed)} of {trials} failed; {advice}")


def _how_to_repeat(planned_sweep: Sweep, failed: list[Trial]) -> str:
    """Return how trials that failed are trained again."""
    if planned_sweep.storage is not None:
        return "once the cause is mended, sweep into another folder with -o"
    records = [f"{trial.path.name}.json" for trial in failed]
    names = joined(records, 3)
    command = f"nnrun resume {planned_sweep.folder}"
    return f"once the cause is mended, remove {names}, and `{command}` trains again"


def _silent(_: str) -> None:
    """Tell nothing."""


def _print(planned_sweep: Sweep, tried: list[Trial]) -> None:
    """Print a line for each trial, the best first."""
    from nnrun.reporting.trials_table import describe_trials

    rows = []
    for trial in tried:
        rows.append({**trial.as_json(), "name": trial.path.name})
    say_text(describe_trials(rows, planned_sweep.metric, line_width()))
