"""A hint for a path at which nothing is: a name beside it that is near, or that paths are local."""

import os
import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from nnrun.wording import did_you_mean

CONFIG_ENDINGS = (".yaml", ".yml")
TABLE_ENDINGS = (".csv", ".csv.gz", ".tsv", ".parquet", ".xlsx")
MOST_NAMES = 1_000  # names of a folder that are compared: each costs about 10 us
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # a letter alone is a drive of Windows


def missing_file_hint(path: Path, endings: Sequence[str] = ()) -> str:
    """Return what the user may have meant by a path at which no file is, or "".

    Args:
        path: The path as the user gave it.
        endings: How the names may end that are compared; () allows every ending.
    """
    if URL.match(str(path)):
        return "; paths are local: download the file, and give its path"
    if not str(path).isprintable():
        escapes = "a backslash in double quotes begins an escape, such as \\n or \\t"
        return f"; {escapes}: use single quotes, or / in the path"
    return did_you_mean(path.name, _names_beside(path, tuple(endings)))


def as_written(path: str) -> str:
    """Return a path as the user wrote it: of a URL, Path takes one of the slashes.

    Args:
        path: The path as `str(Path(...))` gives it.
    """
    if URL.match(path):
        return re.sub(":/(?!/)", "://", path, count=1)
    return path


def _names_beside(path: Path, endings: tuple[str, ...]) -> list[str]:
    """Return names in the path's folder, or none where it cannot be read."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, MOST_NAMES)]
    except (OSError, ValueError):
        return []
    if not endings:
        return sorted(names)
    return sorted(name for name in names if name.lower().endswith(endings))
