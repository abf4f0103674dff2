"""Files that may come from anybody: opened once, and read no further than they may be long.

No link is followed where a run is read, and nothing is waited for: not a pipe, and not a device.
What was checked on the open handle is what is read, whatever is put at the path meanwhile.
"""

import errno
import hashlib
import io
import os
import stat
import sys
from pathlib import Path
from typing import IO, Literal, cast

from nnrun.errors import NnrunError

TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)  # open in the process, or in all

LARGEST_FILE = 16 << 20
"""Bytes of encoding.json at the most: some 50,000 features."""

HASHED_AT_ONCE = 1 << 20
"""Bytes that are hashed at once: larger pieces take more memory and are not faster."""

# Windows knows neither of the two, and has no such links or pipes in folders.
WITHOUT_FOLLOWING = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFLNK: "a link",
}


OWN_DESCRIPTORS = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""How the names of what a process was given open begin: its standard input, and the pipes that a
shell makes of `<(command)`."""

SPARSE_FROM = 1 << 30  # bytes: smaller files are read fast, whatever the disk holds of them
SPARSE_SHARE = 1_000  # file systems that compress may hold a hundredth of a file on the disk
STAT_BLOCK = 512  # bytes of what st_blocks counts

NO_FILE = (errno.ELOOP, errno.EISDIR, errno.ENXIO)
"""The errors of opening a link, a folder, and a socket or a pipe that nobody reads."""


class UnfitFileError(OSError):
    """What stands at a path is not what nnrun would have written there, or may read there."""


class NotOrdinaryError(UnfitFileError):
    """A link, a folder, a pipe, a socket or a device stands where a file belongs."""


def open_ordinary(path: Path, mode: Literal["rb", "rb+", "ab"] = "rb") -> IO[bytes]:
    """Open an ordinary file for its bytes, to read them, to cut them or to append to them.

    Args:
        path: The file.
        mode: `rb` to read it, `ab` to append to it.

    Raises:
        NotOrdinaryError: It is a link, a folder, a pipe or a device.
        NnrunError: Too many files are open.
        OSError: It cannot be opened.
    """
    try:
        file = open(path, mode, opener=_without_following)  # noqa: SIM115  Path.open takes no opener
    except OSError as error:
        cannot_seek = isinstance(error, io.UnsupportedOperation)  # a pipe, opened to be cut
        if error.errno in NO_FILE or cannot_seek:
            raise _not_ordinary(path, stat.S_IFMT(path.lstat().st_mode)) from None
        refuse_too_many_files(str(path), error)
        raise
    kind = stat.S_IFMT(os.fstat(file.fileno()).st_mode)
    if kind == stat.S_IFREG:
        return cast(IO[bytes], file)
    file.close()
    raise _not_ordinary(path, kind)


def refuse_too_many_files(name: str, error: OSError) -> None:
    """Raise a NnrunError where a file was one too many: nothing is wrong with that file.

    Args:
        name: The file, as messages call it.
        error: What the system said.

    Raises:
        NnrunError: The process, or the system, has as many files open as it may.
    """
    if error.errno in TOO_MANY_FILES:
        raise NnrunError(f"{name}: {error.strerror}; raise the limit (ulimit -n)") from None


def is_own_descriptor(path: Path) -> bool:
    """Tell whether a path names what the process was given open.

    Args:
        path: The path as the user gave it, such as /dev/stdin or /dev/fd/3.
    """
    return str(path).startswith(OWN_DESCRIPTORS)


def open_named(path: Path) -> io.FileIO:
    """Open for its bytes what the user names: an ordinary file, also by a link to it.

    What the process was given open may be a pipe. No device is opened, which may do something
    then, and nothing is waited for.

    Args:
        path: The path that the user gave.

    Raises:
        NotOrdinaryError: It is a folder, a pipe, a socket or a device, or hardly anything of it is
            on the disk.
        NnrunError: Too many files are open.
        OSError: It cannot be opened.
    """
    if is_own_descriptor(path):
        return io.FileIO(path)
    _require_file(path, path.stat())
    try:
        file = io.FileIO(path, opener=_without_waiting)
    except OSError as error:
        refuse_too_many_files(str(path), error)
        raise
    try:
        _require_file(path, os.fstat(file.fileno()))
    except OSError:
        file.close()
        raise
    return file


def read_named(path: Path, most: int) -> bytes:
    """Return the first bytes of what the user names, at most so many.

    Of a file that the system makes up and says to be empty, such as those in /proc, these are none.

    Args:
        path: What the user names.
        most: How many bytes are read at the most.

    Raises:
        OSError: As of `open_named`.
    """
    with io.BufferedReader(open_named(path)) as file:
        if not is_own_descriptor(path):
            most = min(most, size_of(file))
        return file.read(most)


def size_of(file: IO[bytes]) -> int:
    """Return how many bytes an open file has.

    Args:
        file: An open file that has a descriptor.
    """
    return os.fstat(file.fileno()).st_size


def read_small(path: Path, most: int = LARGEST_FILE) -> bytes:
    """Return the bytes of an ordinary file that may come from anybody.

    Args:
        path: The file.
        most: The largest size, in bytes, that such a file has.

    Raises:
        UnfitFileError: It is not an ordinary file, or is larger.
        OSError: The file cannot be read.
    """
    with open_ordinary(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        reason = f"is larger than {most >> 20} MiB"
        raise UnfitFileError(errno.EFBIG, reason, str(path))
    return content


def hash_file(file: IO[bytes], most: int = sys.maxsize) -> str:
    """Return the SHA-256, in hexadecimal, of the bytes of an open file, from its place on.

    Args:
        file: The file.
        most: How many bytes are read at the most, although it may grow meanwhile.
    """
    digest = hashlib.sha256()
    while most > 0:
        block = file.read(min(most, HASHED_AT_ONCE))
        if not block:
            break
        digest.update(block)
        most -= len(block)
    return digest.hexdigest()


def _without_following(path: str, flags: int) -> int:
    return os.open(path, flags | WITHOUT_FOLLOWING)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _require_file(path: Path, status: os.stat_result) -> None:
    """Raise a NotOrdinaryError unless the status is that of a file whose bytes are on the disk."""
    kind = stat.S_IFMT(status.st_mode)
    if kind != stat.S_IFREG:
        raise _not_ordinary(path, kind)
    stored = getattr(status, "st_blocks", status.st_size) * STAT_BLOCK
    if status.st_size > SPARSE_FROM and stored * SPARSE_SHARE < status.st_size:
        reason = (
            f"is a sparse file: only {stored:,} of its {status.st_size:,} bytes are on the disk"
        )
        raise NotOrdinaryError(errno.EINVAL, reason, str(path))


def _not_ordinary(path: Path, kind: int) -> NotOrdinaryError:
    reason = f"is {KINDS.get(kind, 'something else')}, not a file"
    return NotOrdinaryError(errno.EINVAL, reason, str(path))
