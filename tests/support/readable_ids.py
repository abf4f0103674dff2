"""Names of parametrised cases that a person can read, and can write after `pytest -k`."""

import re
import unicodedata
from typing import Any

import polars as pl

LONGEST = 32  # characters of a value; a case with three of them still fits a line
CONTROLS = {"\n": "newline", "\r": "return", "\t": "tab", "\\": "backslash", "\0": "zero"}


def readable_id(value: Any, longest: int = LONGEST) -> str | None:
    """Return a short text in ASCII that stands for a value, or None where pytest's own is readable."""
    if isinstance(value, str):
        return _shortened(value, longest)
    if isinstance(value, bytes):
        return _shortened(value.decode("latin1"), longest)
    if isinstance(value, pl.Series):
        return _shortened(_flat(value.unique(maintain_order=True).to_list()), longest)
    if isinstance(value, dict | list | tuple):
        return _shortened(_flat(value), longest)
    if isinstance(value, pl.DataFrame):
        return _shortened(_described(value), longest)
    return None


def _flat(value: Any) -> str:
    """Return what a value holds without quotes and outer brackets, as in `units: 3, use_bias: False`."""
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_inner(item)}" for key, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_inner(item) for item in value)
    return str(value)


def _inner(value: Any) -> str:
    return f"({_flat(value)})" if isinstance(value, dict | list | tuple) else str(value)


def _described(frame: pl.DataFrame) -> str:
    """Return the columns of a table and the first of their cells."""
    cells = [f"{name}: {', '.join(map(str, frame[name][:3]))}" for name in reversed(frame.columns)]
    return f"{len(frame)} rows, {'; '.join(cells)}"


def _shortened(text: str, longest: int) -> str:
    """Return a text in ASCII, cut at the end of a word."""
    plain = re.sub(r"\s+", " ", "".join(map(_plain, text[:200]))).strip(" -")
    if not plain:
        return f"{len(text)} blanks" if text else "empty"
    if len(plain) <= longest:
        return plain
    cut = plain[:longest]
    words = cut.rsplit(" ", 1)[0]
    return (words if len(words) > longest / 2 else cut).rstrip(",") + "..."


def _plain(character: str) -> str:
    """Return a character as it is written in ASCII, or its name."""
    if character in CONTROLS:
        return f" {CONTROLS[character]} "
    if " " <= character <= "~":
        return character
    letters = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    if letters.isprintable() and letters:
        return letters
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return f" {name.lower()} "
