"""A folder of converted tables: how it comes to be, and what of it may be removed.

Beside it other programs may have files, and anybody may have put others into it. Removed are
ordinary files alone, of the names that nnrun gives, in folders that have nnrun's marker.
"""

import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatch
from pathlib import Path

from nnrun.errors import RunError
from nnrun.files import TEMPORARY, named_errors, sync_folder
from nnrun.lock import held, is_held

CACHE = ".nnrun-cache"
"""The folder beside a run in which converted tables lie, each in a folder of its own."""

MARKER = "nnrun.lock"
"""The file by which nnrun knows its own folders; who makes a folder holds it meanwhile."""

UNMARKED = "nnrun.lock-new"
"""The marker before it is held: nobody may take a folder for abandoned in that moment."""

OWN_NAME = re.compile(rf"{re.escape(TEMPORARY)}[0-9a-f]{{32}}-\d+-(\d+)")
"""The name of a temporary folder: the key, the process, and the time in nanoseconds."""

BIRTH = 3600 * 10**9
"""Nanoseconds, an hour, within which any process has marked the folder that it made."""

MADE = ("*.json", "*.f32", f"{MARKER}*", f"{TEMPORARY}*")
"""Patterns of the names of files in a folder that nnrun made."""


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` if the body succeeds before other processes.

    Args:
        path: The folder that is to be. The one above it is made if it is not there.

    Raises:
        RunError: A link stands where a folder belongs.
        OSError: The disk is full, or refuses to be written to. It names the folder above.
    """
    above = path.parent
    refuse_links(above)
    above.mkdir(parents=True, exist_ok=True)
    remove_abandoned(above)
    process = os.getpid()
    now = time.time_ns()  # in containers every process may have one id
    temporary = above / f"{TEMPORARY}{path.name}-{process}-{now}"
    try:
        with named_errors(above, temporary):
            temporary.mkdir()
            with _marked(temporary):
                yield temporary
                _give_name(temporary, path)  # held, lest another process takes it for abandoned
        _give_name(temporary, path)  # Windows renames no folder in which a file is open
        sync_folder(above)
    finally:
        remove_folder(temporary)


def remove_folder(folder: Path) -> None:
    """Remove the files of a folder that nnrun made, and the folder unless it holds others.

    Args:
        folder: The folder. One that is a link, or lacks nnrun's marker, is left as it is.
    """
    if folder.is_symlink() or not _is_ordinary(folder / MARKER):
        return
    with suppress(OSError):  # another process removes it too, or something else is in it
        for path in _with_marker_last(folder):
            if _is_ordinary(path) and _has_own_name(path):
                path.unlink()
        folder.rmdir()


def refuse_links(folder: Path) -> None:
    """Refuse a folder that is a link: files would be written where it leads.

    Args:
        folder: The folder, which need not be there.

    Raises:
        RunError: It is a link.
    """
    if folder.is_symlink():
        raise RunError(f"{folder}: is a link, and links are not followed; remove it")


def _give_name(temporary: Path, path: Path) -> None:
    """Rename a finished folder, if it still has its temporary name."""
    with suppress(OSError):  # another run was first, whose files are the same; or it is renamed
        temporary.rename(path)


@contextmanager
def _marked(folder: Path) -> Iterator[None]:
    """Hold the marker of a new folder while the body fills it."""
    unmarked = folder / UNMARKED
    unmarked.touch()
    with held(unmarked):
        unmarked.rename(folder / MARKER)
        yield


def remove_abandoned(above: Path) -> None:
    """Remove the temporary folders of processes that were killed, as far as that is known.

    Args:
        above: The folder in which they lie, which need not be there.
    """
    for left in above.glob(f"{TEMPORARY}*"):
        if _is_ordinary(left / MARKER) and not is_held(left / MARKER):
            remove_folder(left)
        elif _is_unborn(left):
            _remove_unborn(left)


def _is_unborn(folder: Path) -> bool:
    """Tell whether a process was killed, long ago, between making a folder and marking it."""
    own_name = OWN_NAME.fullmatch(folder.name)
    if own_name is None or folder.is_symlink() or not folder.is_dir():
        return False
    age = time.time_ns() - int(own_name[1])
    return age > BIRTH


def _remove_unborn(folder: Path) -> None:
    """Remove a folder that holds nothing but, perhaps, the marker that nobody held yet."""
    unmarked = folder / UNMARKED
    with suppress(OSError):  # it holds more
        if _is_ordinary(unmarked) and not unmarked.stat().st_size:
            unmarked.unlink()
        folder.rmdir()


def _with_marker_last(folder: Path) -> list[Path]:
    """Return what is in a folder: a kill in between leaves one that is still known."""
    return sorted(folder.iterdir(), key=lambda path: path.name == MARKER)


def _has_own_name(path: Path) -> bool:
    """Tell whether a file has one of the names that nnrun gives."""
    return any(fnmatch(path.name, pattern) for pattern in MADE)


def _is_ordinary(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
