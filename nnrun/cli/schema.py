"""nnrun schema: the JSON Schema of the config."""

from nnrun.cli.options import command
from nnrun.cli.terminal import say_json


@command("schema > nnrun.schema.json")
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from nnrun.config.json_schema import config_schema

    say_json(config_schema())
