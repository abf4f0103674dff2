"""The group of all commands, in the order in which its help lists them."""

from importlib.metadata import version
from platform import python_version

import click

from nnrun import __version__
from nnrun.cli.check import check
from nnrun.cli.cv import cv
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
from nnrun.cli.train import train

COMMANDS = (
    init,
    check,
    train,
    resume,
    reproduce,
    cv,
    predict,
    evaluate,
    importance,
    show,
    plot,
    report,
    runs,
    export,
    schema,
)
LIBRARIES = (
    f"Keras {version('keras')}, TensorFlow {version('tensorflow')}, Python {python_version()}"
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90})
@click.version_option(
    __version__, message=f"nnrun %(version)s ({LIBRARIES})", help="Show the versions."
)
def cli() -> None:
    """Train a Keras network on a CSV from a YAML config.

    \b
    Example:
      nnrun train configs/digits-relu.yaml
      nnrun predict runs/digits-relu configs/digits01.csv
    """


for command in COMMANDS:
    cli.add_command(command)
