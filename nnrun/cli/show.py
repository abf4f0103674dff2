"""nnrun show: a run or a config in a few lines, as JSON or as a Keras script."""

from dataclasses import dataclass
from pathlib import Path

import click

from nnrun.cli.options import command, json_option, load_dataset, run_or_config_argument
from nnrun.cli.terminal import say_document, say_json, say_text, terminal_width

CODE_HELP = "Print a plain Keras script that trains the network without nnrun."
EXACT_HELP = "With --code: take the rows in nnrun's order, so that the script has nnrun's losses."


@dataclass(frozen=True)
class Form:
    """What `show` prints.

    Attributes:
        code: Whether it prints a script.
        exact: Whether the script takes the rows in nnrun's order, and so has nnrun's losses.
        as_json: Whether it prints JSON in place of text.
    """

    code: bool
    exact: bool
    as_json: bool


@command("show runs/digits-relu")
@run_or_config_argument
@click.option("--code", is_flag=True, help=CODE_HELP)
@click.option("--exact", is_flag=True, help=EXACT_HELP)
@json_option
def show(
    path: Path,
    code: bool,
    exact: bool,
    as_json: bool,
) -> None:
    """Show layers, parameters and data, and a run's best epoch.

    For a CONFIG, show what check says. With --code, print a Keras script instead.
    """
    if exact and not code:
        raise click.UsageError("--exact needs --code: give both")
    form = Form(code=code, exact=exact, as_json=as_json)
    if path.is_dir():
        _show_run(path, form)
    else:
        _show_config(path, form)


def _show_run(path: Path, form: Form) -> None:
    """Print the answer of `show` about a run: text, JSON or a script."""
    from nnrun.reporting.json import summarize_run
    from nnrun.reporting.metrics_text import wrapped
    from nnrun.reporting.script import run_script
    from nnrun.reporting.text import describe_run

    if form.code:
        say_document(run_script(path, exact=form.exact))
    elif form.as_json:
        say_json(summarize_run(path))
    else:
        say_text(wrapped(describe_run(path), terminal_width()))


def _show_config(path: Path, form: Form) -> None:
    """Print the answer of `show` about a config: text, JSON or a script."""
    from nnrun.reporting.json import summarize_dataset
    from nnrun.reporting.script import dataset_script
    from nnrun.reporting.text import describe_dataset

    dataset = load_dataset(path, ())
    if form.code:
        say_document(dataset_script(dataset, exact=form.exact))
    elif form.as_json:
        say_json(summarize_dataset(dataset))
    else:
        say_text(describe_dataset(dataset))
