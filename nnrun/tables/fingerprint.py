"""The fingerprint of a table."""

import hashlib
from functools import cache
from pathlib import Path

from nnrun.files import sha256
from nnrun.tables.table import find_files


def fingerprint(path: str) -> str:
    """Return the SHA-256 of the file, or of those of all parts, in hexadecimal."""
    files = [file for file in find_files(Path(path)) if file.is_file()]
    sums = [_sha256(file, file.stat().st_mtime_ns) for file in files]
    if len(sums) == 1:
        return sums[0]
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()


@cache  # a file is read once, unless it changes
def _sha256(path: Path, _changed: int) -> str:
    return sha256(path)
