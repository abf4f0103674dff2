"""nnrun schema: the JSON Schema of the config."""

import json

import click

from nnrun.cli.options import command


@command("schema > nnrun.schema.json")
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from nnrun.config.json_schema import config_schema

    click.echo(json.dumps(config_schema()))
