"""nnrun cv: a config cross-validated."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nnrun.cli.loading_notice import loading_notice
from nnrun.cli.options import check_csv_output, command, config_argument, output_option, set_option
from nnrun.cli.printing import Printing, printing_options
from nnrun.cli.terminal import (
    line_width,
    say,
    say_json,
    say_text,
    shows_progress,
    tell,
    terminal_width,
)
from nnrun.cli.whole_number import WholeNumber
from nnrun.files import open_output

if TYPE_CHECKING:
    from nnrun.workflows.cross_validation import CrossValidation, TrainedFold

PREDICTIONS_HELP = (
    "Write every row as CSV: its number in the table, the true value, and the prediction of the "
    "network that never saw it."
)


@command("cv configs/breast-cancer.yaml --folds 10 -o predictions.csv")
@config_argument
@click.option(
    "--folds",
    type=WholeNumber(min=2),
    default=5,
    show_default=True,
    help="The number of parts of the table. Each is held out once.",
)
@click.option(
    "--repeats",
    type=WholeNumber(min=1),
    default=1,
    show_default=True,
    help="How often the table is divided anew.",
)
@click.option(
    "--seeds",
    type=WholeNumber(min=1),
    default=1,
    show_default=True,
    help="The number of trainings of each fold, with the config's seed and those that follow it.",
)
@output_option(PREDICTIONS_HELP)
@set_option
@printing_options
def cv(
    config: Path,
    folds: int,
    repeats: int,
    seeds: int,
    output: Path | None,
    overrides: tuple[str, ...],
    printing: Printing,
) -> None:
    """Cross-validate CONFIG: hold each fold out of one training.

    Each row is measured once, as the rows of `test` are, by a network that was trained on all other
    folds. A validation split is drawn from the rows to train on. No run is saved. A test table is
    not read, refit is left out, and expect is not checked.
    """
    from nnrun.config.loading import load_config
    from nnrun.workflows.cross_validation import Folds, cross_validate, read_and_check

    if output:
        check_csv_output(output, config)
    loaded = load_config(config, overrides)
    warn = None if printing.quiet else tell
    table = read_and_check(loaded, warn)
    with loading_notice(table.whole, quiet=printing.quiet):
        from nnrun.training import session  # noqa: F401  it imports TensorFlow
    plan = Folds(folds, repeats, seeds)
    shows_bar = shows_progress() and not printing.quiet
    report = _Report(plan.trainings, quiet=printing.quiet)
    result = cross_validate(
        loaded,
        table,
        plan,
        progress=_bar if shows_bar else None,
        report=report.tell,
    )
    if output:
        _write(output, result)
    _print(result, output, printing)


def _bar(epochs: int) -> AbstractContextManager[tuple[Any, ...]]:
    from nnrun.cli.progress import progress

    return progress(epochs, quiet=False, result_follows=True)


class _Report:
    """Tells on stderr of each training as it ends.

    Args:
        trainings: How many there will be.
        quiet: Whether nothing is told.
    """

    def __init__(self, trainings: int, *, quiet: bool) -> None:
        self._trainings = trainings
        self._quiet = quiet
        self._done = 0

    def tell(self, fold: TrainedFold) -> None:
        """Tell of a training."""
        from nnrun.reporting.metrics_text import describe_metrics

        self._done += 1
        if self._quiet:
            return
        measured = {}
        for name, value in fold.metrics.items():
            if name.startswith("test_"):
                measured[name] = value
        shown_metrics = describe_metrics(measured)
        tell(f"trained {self._done} of {self._trainings}: {shown_metrics}")


def _write(output: Path, result: CrossValidation) -> None:
    from nnrun.tables.writer import write_csv

    with open_output(output) as file:
        write_csv([result.predictions], file)


def _print(result: CrossValidation, output: Path | None, printing: Printing) -> None:
    """Print what was found, as text or as JSON."""
    from nnrun.reporting.folds_table import describe_folds
    from nnrun.reporting.metrics_text import wrapped

    if printing.as_json:
        say_json(result.as_json())
        return
    if printing.quiet:
        return
    say_text(describe_folds(result, line_width()))
    if result.verdict:
        sentence = f"folds: {result.verdict.sentence}"
        say_text(wrapped(sentence, terminal_width()))
    if output:
        say(f"saved in {output}")
