"""Columns that a table lacks, each with the column that may be meant by it."""

import unicodedata
from collections.abc import Sequence

from nnrun.wording import near_in_quotes, nearest_name

MOST_NAMES = 100
"""Of more names that are missing, or that may be meant, none is compared letter by letter: it takes
milliseconds for each pair."""


def missing_columns(required: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return each required name that is missing in quotes, followed by the column nearest to it.

    Case, spaces, underscores, hyphens and Unicode's forms of a character make no other column.
    Columns that are required themselves are meant by no other name.

    Args:
        required: The names of the columns that a table must have.
        columns: Those that it has.
    """
    present = set(columns)
    missing = [name for name in required if name not in present]
    free = sorted(present.difference(required))
    spellings = {_folded(column): column for column in free}
    is_short = max(len(missing), len(free)) <= MOST_NAMES
    shown = []
    for name in missing:
        column = spellings.get(_folded(name))
        if column is None and is_short:
            column = nearest_name(name, free)
        shown.append(_with_hint(name, column))
    return shown


def _with_hint(name: str, near: str | None) -> str:
    """Return a name in quotes, and the one that may be meant."""
    if near is None:
        return repr(name)
    meant = near_in_quotes(name, near)
    return f"{name!r} (did you mean {meant}?)"


def _folded(name: str) -> str:
    """Return a name without what two spellings of one name differ in."""
    letters = unicodedata.normalize("NFKC", name).casefold()
    words = letters.replace("_", " ").replace("-", " ").split()
    return "".join(words)
