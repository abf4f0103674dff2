"""What is wrong with a JSON file of a run, key by key, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nnrun.wording import counted, printable, received

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

MOST = 10
"""Mistakes that a message names at the most."""

LONGEST_KEY = 80
"""Characters of a key that are shown: an unknown one can be anything."""


def json_mistakes(error: ValidationError) -> str:
    """Return a line that names each wrong key, the rule, and what was received.

    Args:
        error: What pydantic says of a JSON file. The first of many mistakes are shown, the others
            counted.
    """
    mistakes = [_mistake(detail) for detail in error.errors(include_url=False)]
    shown = mistakes[:MOST]
    if len(mistakes) > MOST:
        others = counted(len(mistakes) - MOST, "more mistake")
        shown.append(f"and {others}")
    return "; ".join(shown)


def _mistake(detail: ErrorDetails) -> str:
    """Return the key, the rule and what was received, of one mistake."""
    message = detail["msg"]
    if detail["type"] == "json_invalid":
        return message
    path = ".".join(map(str, detail["loc"]))
    key = printable(path)[:LONGEST_KEY]
    if detail["type"] == "missing":
        return f"{key} is missing"
    place = key or "the whole value"
    return f"{place}: {message}, received {received(detail['input'])}"
