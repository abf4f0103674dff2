"""The fingerprint of a table."""

import hashlib
from functools import cache
from pathlib import Path

from nnrun.files import sha256
from nnrun.tables.table import find_files

_sha256 = cache(lambda path, _changed: sha256(path))  # once, unless the file changes


def fingerprint(path: str) -> str:
    """Return the SHA-256 of the file, or of those of all parts."""
    parts = [
        _sha256(part, part.stat().st_mtime_ns) for part in find_files(Path(path)) if part.is_file()
    ]
    return parts[0] if len(parts) == 1 else hashlib.sha256(" ".join(parts).encode()).hexdigest()
