"""The manifest of a folder of converted tables: the size and the checksum of each file."""

import os
from pathlib import Path
from typing import IO, Literal

from pydantic import BaseModel

from nnrun.features.cache_folder import MARKER
from nnrun.files import write_json
from nnrun.ordinary_files import hash_file, open_ordinary

MANIFEST = "manifest.json"
FORMAT: Literal[1] = 1
OWN = (MARKER, MANIFEST)
"""The files that the manifest does not tell of."""

LARGEST_MANIFEST = 64 << 10
"""Bytes at the most; ten files take three thousand."""


class FileFacts(BaseModel, frozen=True):
    """What is known of a file.

    Attributes:
        size: Its bytes.
        sha256: The SHA-256 of its bytes, in hexadecimal.
        status: Its inode, and when its bytes and anything else of it changed last, in nanoseconds.
            While these are as they were, the file is not hashed again: it may take many seconds. A
            copy and a file that was written to differ.
    """

    size: int
    sha256: str
    status: tuple[int, int, int]


class Manifest(BaseModel):
    """What the files of a folder are.

    Attributes:
        format: The version of this form of manifest.
        files: What is known of each file, by its name.
    """

    format: Literal[1]
    files: dict[str, FileFacts]

    def open(self, path: Path) -> IO[bytes]:
        """Open a file of the folder, which is what was written.

        Args:
            path: The file, which is found in the manifest by its name.

        Raises:
            OSError: It is missing or no ordinary file.
            ValueError: It is not what was written.
        """
        facts = self.files.get(path.name)
        if facts is None:
            raise ValueError(f"{path.name} is not in {MANIFEST}")
        file = open_ordinary(path)
        if not _agrees(file, facts):
            file.close()
            raise ValueError(f"{path.name} is not what was written")
        return file


def write_manifest(folder: Path) -> None:
    """Write the manifest of the files in a folder.

    Args:
        folder: The folder, whose other files are all written.
    """
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name not in OWN:
            files[path.name] = _facts(path)
    manifest = Manifest(format=FORMAT, files=files)
    write_json(folder / MANIFEST, manifest.model_dump())


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a folder.

    Args:
        folder: The folder, which may come from anybody.

    Raises:
        OSError: It cannot be read.
        ValueError: It is none.
    """
    with open_ordinary(folder / MANIFEST) as file:
        content = file.read(LARGEST_MANIFEST)
    return Manifest.model_validate_json(content)


def _facts(path: Path) -> FileFacts:
    with open_ordinary(path) as file:
        sha256 = hash_file(file)
        status = os.fstat(file.fileno())
    return FileFacts(size=status.st_size, sha256=sha256, status=_identity(status))


def _agrees(file: IO[bytes], facts: FileFacts) -> bool:
    """Return whether an open file is what was written; it is read from its start afterwards."""
    status = os.fstat(file.fileno())
    if status.st_size != facts.size:
        return False
    if _identity(status) == facts.status:
        return True
    is_same = hash_file(file, facts.size) == facts.sha256
    file.seek(0)
    return is_same


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return (status.st_ino, status.st_mtime_ns, status.st_ctime_ns)
