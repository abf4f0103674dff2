"""The command line: parse, call one function, print. Command bodies import what they need."""

from importlib.metadata import version
from platform import python_version

import click

from nnrun import __version__
from nnrun.cli.run_commands import evaluate, export, plot, predict, report, runs, show
from nnrun.cli.train_commands import check, init, reproduce, resume, schema, train

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


for each in (
    init,
    check,
    train,
    resume,
    reproduce,
    predict,
    evaluate,
    show,
    plot,
    report,
    runs,
    export,
    schema,
):
    cli.add_command(each)
