"""nnrun show: a run or a config in a few lines, as JSON or as a Keras script."""

from pathlib import Path

import click

from nnrun.cli.options import command, json_option, load_dataset, run_or_config_argument
from nnrun.cli.terminal import say_document, say_json, say_text, terminal_width

CODE_HELP = "Print the plain Keras script that does the same without nnrun."


@command("show runs/digits-relu")
@run_or_config_argument
@click.option("--code", is_flag=True, help=CODE_HELP)
@json_option
def show(path: Path, code: bool, as_json: bool) -> None:
    """Show layers, parameters and data, and a run's best epoch.

    Of a CONFIG, what check says. With --code, all of it as a Keras script.
    """
    show_it = _show_run if path.is_dir() else _show_config
    show_it(path, code=code, as_json=as_json)


def _show_run(path: Path, *, code: bool, as_json: bool) -> None:
    """Print the answer of `show` about a run: text, JSON or a script."""
    from nnrun.reporting.json import summarize_run
    from nnrun.reporting.metrics_text import wrapped
    from nnrun.reporting.script import run_script
    from nnrun.reporting.text import describe_run

    if code:
        say_document(run_script(path))
    elif as_json:
        say_json(summarize_run(path))
    else:
        say_text(wrapped(describe_run(path), terminal_width()))


def _show_config(path: Path, *, code: bool, as_json: bool) -> None:
    """Print the answer of `show` about a config: text, JSON or a script."""
    from nnrun.reporting.json import summarize_dataset
    from nnrun.reporting.script import dataset_script
    from nnrun.reporting.text import describe_dataset

    dataset = load_dataset(path, ())
    if code:
        say_document(dataset_script(dataset))
    elif as_json:
        say_json(summarize_dataset(dataset))
    else:
        say_text(describe_dataset(dataset))
