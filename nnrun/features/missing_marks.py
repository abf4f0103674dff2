"""Marks of missing cells, as people and programs write them."""

import re

MISSING_WORDS = (
    "",
    "null",
    "none",
    "na",
    "nan",
    "nat",
    "nil",
    "missing",
    "unknown",
    "undefined",
    "blank",
    "empty",
    "nodata",
    "notavailable",
    "notapplicable",
)
"""What marks of missing cells say, without spaces and punctuation, in small letters."""

LONGEST = 32
"""Characters of a mark, with the spaces and the punctuation around it."""


def marks_missing(text: str) -> bool:
    """Tell whether a text looks like a mark of a missing cell, such as `-`, NULL or `#DIV/0!`.

    Args:
        text: The text, with or without spaces around it.
    """
    if text.startswith(("#", "\\N")):
        return True
    if len(text) > LONGEST:
        return False
    letters = re.sub(r"[\W_]", "", text)
    return letters.lower() in MISSING_WORDS
