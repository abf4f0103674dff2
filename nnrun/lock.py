"""The lock of a run directory: one process trains a run at a time."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from nnrun.errors import RunError
from nnrun.ordinary_files import NotOrdinaryError, open_ordinary

GLANCE = 0.05
"""Seconds for which `is_held` may hold a lock; it needs a thousandth of them."""


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a lock file while the body runs; the system lets go of it when the process dies.

    Args:
        lock: The lock file, which is created where it is missing.

    Raises:
        RunError: Another process holds it, or it is not an ordinary file.
    """
    with _opened(lock) as file:
        if not _try_to_hold(file):
            time.sleep(GLANCE)
            if not _try_to_hold(file):
                reason = "another process is training this run; wait until it ends"
                raise RunError(f"{lock.parent}: {reason}")
        yield


@contextmanager
def held_if_free(lock: Path) -> Iterator[bool]:
    """Hold a lock file while the body runs, unless another process does; yield whether it is held.

    Args:
        lock: The lock file, which is created where it is missing.

    Raises:
        RunError: It is not an ordinary file.
    """
    with _opened(lock) as file:
        yield _try_to_hold(file)


@contextmanager
def held_in_turn(lock: Path) -> Iterator[None]:
    """Hold a lock file while the body runs, once no other process does.

    Args:
        lock: The lock file, which is created where it is missing.

    Raises:
        RunError: It is not an ordinary file.
    """
    with _opened(lock) as file:
        while not _try_to_hold(file):
            time.sleep(GLANCE)
        yield


def is_held(lock: Path) -> bool:
    """Return whether a process holds a lock file, or this system cannot tell.

    Args:
        lock: The lock file. Nobody holds one that is missing.
    """
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        with open_ordinary(lock) as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:  # BlockingIOError, or the file system has no locks
        return True
    return False


def _opened(lock: Path) -> IO[bytes]:
    """Return the open lock file, or raise a RunError where something else stands there."""
    try:
        return open_ordinary(lock, "ab")
    except NotOrdinaryError as error:
        raise RunError(f"{lock}: {error.strerror}; move it elsewhere") from None


def _try_to_hold(file: IO[bytes]) -> bool:
    """Return False where another process holds the file; a system without locks lets all pass."""
    if sys.platform == "win32":
        return True
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the file system has no locks
        return True
    return True
