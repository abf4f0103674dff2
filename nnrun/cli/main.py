"""The group of all commands, in the order in which its help lists them."""

from importlib.metadata import version
from pathlib import Path
from platform import python_version

import click

from nnrun import __version__
from nnrun.cli import bash_words  # noqa: F401  it registers itself with click
from nnrun.cli.check import check
from nnrun.cli.cv import cv
from nnrun.cli.diff import diff
from nnrun.cli.evaluate import evaluate
from nnrun.cli.export import export
from nnrun.cli.importance import importance
from nnrun.cli.init import init
from nnrun.cli.plot import plot
from nnrun.cli.predict import predict
from nnrun.cli.report import report
from nnrun.cli.reproduce import reproduce
from nnrun.cli.resume import resume
from nnrun.cli.runs import runs
from nnrun.cli.schema import schema
from nnrun.cli.show import show
from nnrun.cli.sweep import sweep
from nnrun.cli.terminal import is_read_by_a_person, say
from nnrun.cli.train import train

COMMANDS = (
    init,
    check,
    train,
    predict,
    evaluate,
    show,
    report,
    plot,
    importance,
    runs,
    diff,
    resume,
    cv,
    sweep,
    reproduce,
    export,
    schema,
)
"""In the order in which a user comes to need them."""

LIBRARIES = (
    f"Keras {version('keras')}, TensorFlow {version('tensorflow')}, Python {python_version()}"
)


class _InOrder(click.Group):
    """A group whose help lists the commands in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  as click calls it
        return list(self.commands)


@click.group(
    cls=_InOrder,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
)
@click.version_option(
    __version__, message=f"nnrun %(version)s ({LIBRARIES})", help="Show the versions."
)
@click.pass_context
def cli(context: click.Context) -> None:
    """Train a Keras network on a CSV from a YAML config.

    \b
    Example:
      nnrun train configs/digits-relu.yaml
      nnrun predict runs/digits-relu configs/digits01.csv
    """
    if context.invoked_subcommand is not None:
        return
    if not is_read_by_a_person():
        raise click.exceptions.NoArgsIsHelpError(context)
    from nnrun.cli.first_steps import first_steps

    say(*first_steps(Path()))


for command in COMMANDS:
    cli.add_command(command)
