"""The fingerprint of a table that nobody has opened."""

from pathlib import Path

from nnrun.tables.stored_file import StoredFile, combined_sha256
from nnrun.tables.table import find_files
from nnrun.wording import short_path


def fingerprint(path: str) -> str:
    """Return the SHA-256 of the file, or of those of all parts, in hexadecimal.

    Args:
        path: The file, or a pattern as in `part-*.csv` that names a table in parts.

    Raises:
        OSError: A file cannot be read.
        TableError: A file changed while it was read.
    """
    sums = []
    for file in _files(path):
        stored = StoredFile(file, short_path(str(file)))
        sums.append(stored.fingerprint())
    return combined_sha256(sums)


def stored_size(path: str) -> int:
    """Return the bytes of the file, or of all parts, of which none is read.

    Args:
        path: The file, or a pattern as in `part-*.csv` that names a table in parts.
    """
    return sum(file.stat().st_size for file in _files(path))


def _files(path: str) -> list[Path]:
    return [file for file in find_files(Path(path)) if file.is_file()]
