"""nnrun init: a config for a table."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnrun.cli.completion import complete_column
from nnrun.cli.options import (
    check_output,
    command,
    data_argument,
    output_option,
    quiet_option,
)
from nnrun.cli.terminal import line_width, say, say_document, tell
from nnrun.files import write_texts

if TYPE_CHECKING:
    from nnrun.reporting.starter_config import StarterConfig
    from nnrun.reporting.starter_target import Task

SCHEMA = "nnrun.schema.json"
SCHEMA_LINE = f"# yaml-language-server: $schema={SCHEMA}\n"  # by which editors find the schema
TASKS = click.Choice(["binary", "classes", "regression"])
TASK_HELP = (
    "Predict one of two labels, one of several labels, or a number. Default: what the target's "
    "cells suggest."
)
WIDTH = 200  # characters of a line where no terminal says how many fit


@command("init configs/diabetes.csv --target progression -o diabetes.yaml")
@data_argument
@click.option(
    "-t",
    "--target",
    metavar="COLUMN",
    multiple=True,
    help="The column to predict. Required. Repeat it for several targets, which are all numbers or "
    "all have two labels.",
    shell_complete=complete_column("data"),
)
@click.option("--task", type=TASKS, help=TASK_HELP)
@output_option("The YAML file to write. Default: stdout.")
@quiet_option
def init(
    data: Path,
    target: tuple[str, ...],
    task: "Task | None",
    output: Path | None,
    quiet: bool,
) -> None:
    """Write a config that trains well on DATA, with comments.

    A table on stderr says what was made of each column.
    """
    from nnrun.reporting.starter_config import start_config

    if not target:
        _refuse_without_target(data)
        return
    if output is not None:
        check_output(output, data, new=True)
    folder = output.parent if output else Path()
    config = start_config(data, target, folder, task)
    if not quiet:
        _tell_columns(config)
    if output is None:
        say_document(config.text)
        return
    _write_with_schema(output, config.text)
    if not quiet:
        quoted_path = shlex.quote(str(output))
        say(f"saved in {output}")
        say(f"next: nnrun train {quoted_path}")


def _refuse_without_target(data: Path) -> None:
    """List the columns, of which the user has to choose one."""
    from nnrun.reporting.starter_config import list_columns
    from nnrun.reporting.starter_summary import describe_columns

    columns = list_columns(data)
    lines = describe_columns(columns, _line_width(), "its first cells")
    tell(*lines)
    raise click.UsageError("Missing option '--target': say which of these columns to predict")


def _tell_columns(config: "StarterConfig") -> None:
    from nnrun.reporting.starter_summary import describe_columns

    lines = describe_columns(config.columns, _line_width())
    tell(*config.notes, *lines)


def _line_width() -> int:
    return line_width(err=True, otherwise=WIDTH)


def _write_with_schema(output: Path, config: str) -> None:
    """Write the config and, unless it is there already, the schema beside it; or neither."""
    from nnrun.config.editor_schema import editor_schema

    texts = {output: SCHEMA_LINE + config}
    schema = output.with_name(SCHEMA)
    if not schema.exists():
        schema_text = json.dumps(editor_schema())
        texts[schema] = f"{schema_text}\n"
    write_texts(texts)
