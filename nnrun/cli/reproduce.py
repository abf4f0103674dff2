"""nnrun reproduce: a run trained again and compared."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click

from nnrun.cli.options import command, run_argument
from nnrun.cli.terminal import say


@command("reproduce runs/digits-relu")
@run_argument
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def reproduce(run: Path, quiet: bool) -> None:
    """Train a finished RUN again elsewhere, and compare the two.

    Table, history and weights are compared. The exit code is 3 if they differ.
    """
    from nnrun.workflows.reproduce import reproduce as train_again

    progress = None if quiet else _shown_progress
    say(train_again(run, progress=progress))


def _shown_progress(epochs: int) -> AbstractContextManager[tuple[Any, ...]]:
    from nnrun.cli.progress import progress  # this imports TensorFlow, once the table is read

    return progress(epochs, quiet=False)
