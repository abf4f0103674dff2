"""The option --note, which sets a key of the config as --set does."""

import json
from collections.abc import Callable
from functools import wraps

import click

from nnrun.cli.options import set_option

NOTE_HELP = "A note about the run, in place of the config's."


def set_and_note_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command --set and --note, which it takes together as `overrides`.

    Args:
        function: The body of the command.
    """

    @set_option
    @click.option("--note", metavar="TEXT", help=NOTE_HELP)
    @wraps(function)
    def command(*, overrides: tuple[str, ...], note: str | None, **others: object) -> None:
        if note is not None:
            overrides = (*overrides, f"note={json.dumps(note, ensure_ascii=False)}")
        function(overrides=overrides, **others)

    return command
