"""Columns that a table lacks, each with the column that may be meant by it."""

import unicodedata
from collections.abc import Sequence


def missing_columns(missing: Sequence[str], columns: Sequence[str]) -> list[str]:
    """Return each missing name in quotes, followed by the column that differs only in its spelling.

    Case, spaces, underscores, hyphens and Unicode's forms of a character make no other column.
    """
    present = set(columns).difference(missing)
    spellings = {_folded(column): column for column in columns if column in present}
    shown = []
    for name in missing:
        column = spellings.get(_folded(name))
        shown.append(repr(name) if column is None else f"{name!r} (did you mean {column!r}?)")
    return shown


def _folded(name: str) -> str:
    """Return a name without what two spellings of one name differ in."""
    letters = unicodedata.normalize("NFKC", name).casefold()
    return "".join(letters.replace("_", " ").replace("-", " ").split())
