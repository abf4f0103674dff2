"""nnrun export: a run's network for another runtime."""

from pathlib import Path

import click

from nnrun.cli.options import PATH, check_output, command, output_option, run_argument
from nnrun.cli.terminal import say, tell
from nnrun.wording import counted, listed

FORMAT = click.Choice(["saved_model", "litert", "onnx"])
FORMAT_HELP = (
    "TensorFlow's SavedModel, LiteRT (formerly TensorFlow Lite), or ONNX.  [default for --bundle: "
    "onnx]"
)
OUTPUT_HELP = "The file to write, or for saved_model the folder."
BUNDLE_HELP = (
    "The folder to write: the network, encoding.json, and a predict.py that predicts rows of a "
    "table without nnrun."
)
MOST_INPUTS = 20  # that are named


@command("export runs/digits-relu --format onnx -o digits.onnx")
@run_argument
@click.option("-f", "--format", "form", type=FORMAT, help=FORMAT_HELP)
@output_option(OUTPUT_HELP)
@click.option("--bundle", type=PATH, metavar="FOLDER", help=BUNDLE_HELP)
def export(
    run: Path,
    form: str | None,
    output: Path | None,
    bundle: Path | None,
) -> None:
    """Write RUN's network for another runtime.

    The exported network takes the inputs that are named on stderr, not standardised.
    """
    if (output is None) == (bundle is None):
        raise click.UsageError("give either -o PATH for the network or --bundle FOLDER")
    if bundle:
        _write_bundle(run, form or "onnx", bundle)
    elif form is None:
        formats = ", ".join(FORMAT.choices)
        raise click.UsageError(f"-o needs --format, which is one of {formats}")
    elif output:
        _write_network(run, form, output)


def _write_network(run: Path, form: str, output: Path) -> None:
    """Write the network alone, and tell which inputs it takes in which order."""
    check_output(output, run, new=True)
    from nnrun.reporting.export import export as write

    names = write(run, form, output)
    say(f"saved in {output}")
    inputs = counted(len(names), "input")
    shown_names = listed(names, MOST_INPUTS)
    tell(f"the network takes rows of {inputs}, in this order: {shown_names}")
    encoding = run / "encoding.json"
    tell(f"{encoding} tells how the cells of a table become these inputs")


def _write_bundle(run: Path, form: str, folder: Path) -> None:
    """Write the folder that predicts without nnrun, and tell how it is run."""
    check_output(folder, run, new=True, option="--bundle")
    from nnrun.reporting.bundle import export_bundle

    names = export_bundle(run, form, folder)
    say(f"saved in {folder}")
    shown_names = ", ".join(names)
    tell(f"the folder holds {shown_names}")
    script = folder / "predict.py"
    tell(f"next: python {script} TABLE")
