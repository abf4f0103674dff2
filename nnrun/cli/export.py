"""nnrun export: a run's network for another runtime."""

from pathlib import Path

import click

from nnrun.cli.options import check_output, command, output_option, run_argument
from nnrun.cli.terminal import say, tell
from nnrun.wording import counted, listed

FORMATS = click.Choice(["saved_model", "litert", "onnx"])
FORMAT_HELP = "TensorFlow's SavedModel, LiteRT (formerly TensorFlow Lite), or ONNX."
OUTPUT_HELP = "The file to write, or for saved_model the folder."
MOST_INPUTS = 20  # that are named


@command("export runs/digits-relu --format onnx -o digits.onnx")
@run_argument
@click.option("-f", "--format", "form", type=FORMATS, required=True, help=FORMAT_HELP)
@output_option(OUTPUT_HELP, required=True)
def export(run: Path, form: str, output: Path) -> None:
    """Write RUN's network for another runtime.

    The exported network takes the inputs that are named on stderr, not standardised.
    """
    check_output(output, run, new=True)
    from nnrun.reporting.export import export as write

    names = write(run, form, output)
    say(f"saved in {output}")
    order = f"{counted(len(names), 'input')}, in this order: {listed(names, MOST_INPUTS)}"
    tell(f"takes rows of {order}; {run / 'encoding.json'} tells how they are made")
