"""nnrun reproduce: a run trained again and compared."""

from pathlib import Path

import click

from nnrun.cli.options import command, run_argument


@command("reproduce runs/digits-relu")
@run_argument
@click.option("-q", "--quiet", is_flag=True, help="Show no progress.")
def reproduce(run: Path, quiet: bool) -> None:
    """Train a finished RUN again, elsewhere, and compare the two.

    Table, history and weights are compared; exit 3 where they differ.
    """
    from nnrun.workflows.reproduce import reproduce as train_again

    click.echo(train_again(run, quiet=quiet))
