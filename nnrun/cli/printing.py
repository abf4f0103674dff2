"""What a command prints of its result: text, JSON or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from nnrun.cli.options import json_option, quiet_option


@dataclass(frozen=True)
class Printing:
    """How a command prints its result.

    Attributes:
        as_json: Whether it prints JSON in place of text.
        quiet: Whether it prints no text.
    """

    as_json: bool = False
    quiet: bool = False


def printing_options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command --json and --quiet, which it takes together as `printing`.

    Args:
        function: The body of the command.
    """

    @json_option
    @quiet_option
    @wraps(function)
    def command(*, as_json: bool, quiet: bool, **others: object) -> None:
        function(printing=Printing(as_json, quiet), **others)

    return command
