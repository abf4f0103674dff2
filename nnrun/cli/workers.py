"""The options of several processes that train one model: each waits until all of them are there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

import click

from nnrun.cli.terminal import tell
from nnrun.signals import delayed_signal

if TYPE_CHECKING:
    from nnrun.training.distributed.cluster import Distribute

DEVICES = click.Choice(["auto", "none", "mirrored", "multiworker"])
DEVICES_HELP = (
    "Train on this machine's GPUs (mirrored), on the workers of TF_CONFIG (multiworker), or on "
    "one device (none).  [default: auto]"
)
SECONDS = click.FloatRange(0, 86_400)  # a day
WAIT_HELP = "How long workers wait for each other at the start."
WAIT = 40
"""Seconds that workers wait: with what comes before and after, less than a minute."""


@dataclass(frozen=True)
class Workers:
    """The devices or processes that train a model together.

    Attributes:
        distribute: Which they are, as the option names them.
        wait: How many seconds processes wait for each other at the start.
    """

    distribute: Distribute
    wait: float

    def wait_for_all(self, *, quiet: bool) -> bool:
        """Return whether this process is the chief, once all workers are there.

        From then on, whatever ends one of them ends all.

        Args:
            quiet: Whether nothing is told of the wait.

        Raises:
            ConfigError: TF_CONFIG is wrong.
            NnrunError: The workers cannot come together.
        """
        from nnrun.training.distributed.cluster import read_cluster

        cluster = read_cluster(self.distribute)
        if cluster.workers > 1:
            if not quiet:
                limit = f"{self.wait:g} seconds at most"
                tell(f"waiting for the {cluster.workers} workers of TF_CONFIG, {limit}")
            from nnrun.training.distributed.team import join

            join(self.distribute, self.wait)
        return cluster.is_chief


def workers_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command --distribute and --wait, which it takes together as `workers`.

    Args:
        function: The body of the command.
    """

    @click.option(
        "--distribute",
        type=DEVICES,
        default="auto",
        help=DEVICES_HELP,
    )
    @click.option(
        "--wait",
        type=SECONDS,
        metavar="SECONDS",
        default=WAIT,
        show_default=True,
        help=WAIT_HELP,
    )
    @wraps(function)
    def command(*, distribute: Distribute, wait: float, **others: object) -> None:
        if os.environ.get("TF_CONFIG"):
            _import_polars()
        function(workers=Workers(distribute, wait), **others)

    return command


def _import_polars() -> None:
    """Import polars such that SIGTERM does not come to a thread that it starts.

    While TensorFlow connects the workers, SIGTERM waits for the main thread. A thread that took it
    meanwhile would answer as TensorFlow does: with nothing.
    """
    with delayed_signal(signal.SIGTERM):
        import polars  # noqa: F401
