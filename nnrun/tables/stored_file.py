"""A table's file that is read more than once, and must be the same each time."""

import hashlib
import io
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import NamedTuple

from nnrun.errors import TableError
from nnrun.ordinary_files import is_own_descriptor, open_named

BUFFER = 4 << 10
"""Bytes read at a time where a reader wants fewer. It is the size of the first block of a table, by
which the last digits of means and variances go: runs of earlier versions have those of 4 KiB."""


class Identity(NamedTuple):
    """What the system tells of a file: it differs once the file is replaced or written to.

    Attributes:
        device: The number of the device on which the file is.
        inode: The number of the file on the device.
        size: Its bytes.
        modified: The time of the last change, in nanoseconds.
    """

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Identity":
        """Return the identity of the file with this status.

        Args:
            status: What `os.stat` or `os.fstat` returned.
        """
        return cls(
            device=status.st_dev,
            inode=status.st_ino,
            size=status.st_size,
            modified=status.st_mtime_ns,
        )


_sha256_by_file: dict[tuple[str, Identity], str] = {}
"""The SHA-256 of files that this process has read, so that none is hashed twice for one answer."""


class StoredFile:
    """A file whose bytes are hashed in the pass in which they are read.

    Each reading opens the path anew, for a table in parts may have more files than a process may
    hold open. Every reading after the first must agree with it: the same file, size and time, and
    in the end the same SHA-256.

    Args:
        path: The file. A pipe that the process was given is hashed too, and can be read once.
        name: The file, as messages call it.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.is_pipe = is_own_descriptor(path) and not path.is_file()
        self._identity: Identity | None = None
        self._sha256 = ""

    @property
    def size(self) -> int:
        """The bytes of the file when it was first opened; 0 for a pipe."""
        return self._identity.size if self._identity else 0

    def open(self) -> io.BufferedReader:
        """Open the file for a reading from its first byte on.

        Raises:
            OSError: It cannot be opened.
            TableError: It is not what it was in an earlier reading. The stream raises this too,
                with the bytes that it would return, or at the end.
        """
        try:
            file = open_named(self.path)
        except FileNotFoundError:
            if self._identity:
                raise table_changed(self.name) from None
            raise
        try:
            self.check(os.fstat(file.fileno()))
        except TableError:
            file.close()
            raise
        return io.BufferedReader(_HashedReading(self, file), BUFFER)

    def check(self, status: os.stat_result) -> None:
        """Refuse another file than was first opened; the first status that is seen is kept.

        Args:
            status: What the system says of the file now.

        Raises:
            TableError: The file is another, or has changed.
        """
        if self.is_pipe:
            return
        identity = Identity.of(status)
        if self._identity is None:
            self._identity = identity
        if identity != self._identity:
            raise table_changed(self.name)

    def check_path(self) -> None:
        """Refuse a path at which another file stands than was first opened.

        Raises:
            TableError: The file is another, has changed, or is gone.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            raise table_changed(self.name) from None
        self.check(status)

    def finish(self, sha256: str) -> None:
        """Remember what a whole reading of the file gave.

        Args:
            sha256: The SHA-256 of all its bytes, in hexadecimal.

        Raises:
            TableError: An earlier reading gave another.
        """
        if self._sha256 and sha256 != self._sha256:
            raise table_changed(self.name)
        self._sha256 = sha256
        if self._identity:
            _sha256_by_file[str(self.path), self._identity] = sha256

    def fingerprint(self) -> str:
        """Return the SHA-256 of the bytes, in hexadecimal; the file is read unless it was before.

        Of a pipe that has not been read to its end, it is an empty text.
        """
        if not self._sha256 and not self.is_pipe:
            with self.open() as file:
                self._sha256 = self._known_sha256()
                if not self._sha256:
                    _read_to_end(file, Event())
        return self._sha256

    @contextmanager
    def hashed_beside(self) -> Iterator[None]:
        """Hash the file in a thread while the body reads it by its path, as polars does Parquet."""
        given_up = Event()
        with self.open() as file, ThreadPoolExecutor(1) as thread:
            reading = thread.submit(_read_to_end, file, given_up)
            try:
                yield
            except BaseException:
                given_up.set()
                raise
            reading.result()
            self.check_path()

    def _known_sha256(self) -> str:
        if self._identity is None:
            return ""
        file = (str(self.path), self._identity)
        return _sha256_by_file.get(file, "")


class _HashedReading(io.RawIOBase):
    """One reading of a stored file, which is checked with each piece and at its end."""

    def __init__(self, stored: StoredFile, file: io.FileIO) -> None:
        self._stored = stored
        self._file = file
        self._digest = hashlib.sha256()
        self._ended = False
        self._taken = 0

    def readable(self) -> bool:
        """Return True: the stream is for reading."""
        return True

    def fileno(self) -> int:
        """Return the handle of the file."""
        return self._file.fileno()

    def readinto(self, buffer: memoryview) -> int | None:  # type: ignore[override]
        """Fill the buffer, as far as there are bytes, and return how many these were.

        Of an ordinary file no more than it has are read: of those that the system makes up as they
        are read, and says to be empty, nothing.
        """
        left = self._left()
        size: int | None = 0
        if left != 0:
            size = self._file.readinto(memoryview(buffer)[:left])
        self._taken += size or 0
        self._stored.check(os.fstat(self._file.fileno()))
        if size:
            self._digest.update(buffer[:size])
        elif size == 0 and len(buffer) and not self._ended:
            self._ended = True
            self._stored.finish(self._digest.hexdigest())
        return size

    def _left(self) -> int | None:
        """Return how many bytes are left to read; None of a pipe, of which nobody knows."""
        if self._stored.is_pipe:
            return None
        return self._stored.size - self._taken

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def table_changed(name: str) -> TableError:
    """Return the error that tells of a table that two readings find different.

    Args:
        name: The table or its file, as messages call it.
    """
    advice = "start again once nothing writes to it any more"
    return TableError(f"{name}: the table changed while it was read; {advice}")


def combined_sha256(sums: list[str]) -> str:
    """Return the SHA-256 of a table in hexadecimal, or an empty text if that of a file is unknown.

    Args:
        sums: The SHA-256 of each of its files in hexadecimal, in the order of their rows; an empty
            text where it is unknown. A single one is that of the table.
    """
    if not all(sums):
        return ""
    if len(sums) == 1:
        return sums[0]
    text = " ".join(sums)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_to_end(file: io.BufferedReader, given_up: Event) -> None:
    """Read a file, which is hashed by that, unless somebody gives up meanwhile."""
    buffer = bytearray(1 << 20)  # bytes: larger pieces take more memory and are not faster
    while not given_up.is_set() and file.readinto(buffer):
        pass
