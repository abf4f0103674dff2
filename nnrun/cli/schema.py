"""nnrun schema: the JSON Schema of the config."""

from nnrun.cli.options import command
from nnrun.cli.terminal import say_json


@command("schema > nnrun.schema.json")
def schema() -> None:
    """Print the JSON Schema of the config, for editors."""
    from nnrun.config.editor_schema import editor_schema

    say_json(editor_schema())
