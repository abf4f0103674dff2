"""nnrun check: every mistake in a config and its tables."""

import json
from pathlib import Path

import click

from nnrun.cli.options import command, config_argument, json_option, load_dataset, set_option


@command("check configs/digits-relu.yaml")
@config_argument
@set_option
@json_option
def check(config: Path, overrides: tuple[str, ...], as_json: bool) -> None:
    """Report every mistake in CONFIG and its tables.

    Where there is none, it summarizes tables and network. It warns of what is probably not meant,
    and needs no TensorFlow.
    """
    from nnrun.reporting.json import summarize_dataset
    from nnrun.reporting.text import describe_dataset

    dataset = load_dataset(config, overrides, has_matrices=False)
    click.echo(json.dumps(summarize_dataset(dataset)) if as_json else describe_dataset(dataset))
