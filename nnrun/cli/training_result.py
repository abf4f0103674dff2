"""What `train` and `resume` print of a finished training."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Literal

import click

from nnrun.cli.options import tell
from nnrun.cli.printing import Printing
from nnrun.files import finite
from nnrun.wording import short_path

if TYPE_CHECKING:
    from nnrun.config.schema import Config
    from nnrun.training.finish import Result

Engine = Literal["compiled", "keras"]


def finish(result: Result, config: Config, printing: Printing) -> None:
    """Draw the curves, print the result, and raise an ExpectationError where `expect` is not met.

    Args:
        result: The finished training.
        config: The config that was trained.
        printing: What is printed; JSON by the chief alone.
    """
    from nnrun.reporting.pictures.saved_curves import save_curves
    from nnrun.training.expectations import check_expectations

    if result.is_chief:
        save_curves(result.run)
    if result.epochs < config.epochs and not printing.quiet:
        tell(f"early stopping ended it after {result.epochs} of {config.epochs} epochs")
    if printing.as_json and result.is_chief:
        click.echo(json.dumps(_summary(result)))
    elif not printing.quiet:
        click.echo(_description(result, config))
    check_expectations(config, result.metrics)


def _summary(result: Result) -> dict[str, object]:
    return {
        "run": str(result.run.path),
        "status": "finished",
        "epochs": result.epochs,
        "seconds": round(result.seconds, 3),
        "metrics": finite(result.metrics),
    }


def _description(result: Result, config: Config) -> str:
    """Return the metrics of the kept epoch, the run, and the command that comes next."""
    from nnrun.reporting.metrics_text import describe_metrics

    run = str(result.run.path)
    table = short_path(config.data.train)
    lines = [
        f"epoch {result.best_epoch}: {describe_metrics(result.metrics)}",
        f"saved in {run}",
        f"next: nnrun predict {shlex.join([run, table])}",
    ]
    return "\n".join(lines)
