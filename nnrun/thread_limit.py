"""The limit on the threads that a process may start, as `ulimit -u` and containers set it.

What is written in C and Rust ends a process with a page of addresses where it can start no more:
such a limit is told beforehand.
"""

import _thread
import os
from pathlib import Path

from nnrun.process_limit import process_limit

LEAST = 8
"""Threads that any command needs where libraries start as few as they can, measured on Linux."""
BESIDE_CORES = 4
"""Threads that TensorFlow starts besides those for each core, and polars too, on Linux."""
POOLS = 4  # of TensorFlow, each with a thread for each core

ROOMY = 10_000
"""A limit that is as high leaves room: nothing is tried out. Desktops and servers have such."""
GROUP_LIMITS = ("/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max")
"""Where Linux tells the limit of a container, whose root these are."""


def usual() -> int:
    """Return how many threads TensorFlow starts on this machine; polars starts fewer."""
    return BESIDE_CORES + POOLS * (os.cpu_count() or 1)


def is_limited() -> bool:
    """Tell whether anything limits the threads of this process to few."""
    limits = [_own_limit(), *map(_group_limit, GROUP_LIMITS)]
    return any(limit is not None and limit < ROOMY for limit in limits)


def startable(most: int) -> int:
    """Return how many threads this process can start now, and let them end.

    Args:
        most: How many are tried at the most.
    """
    wait = _thread.allocate_lock()
    started = 0
    with wait:
        try:
            while started < most:
                _thread.start_new_thread(_pass_through, (wait,))
                started += 1
        except RuntimeError:  # Python's error of a thread that the system refuses
            return started
    return started


def shortage(least: int) -> str | None:
    """Return the message of a limit below what is needed at the least, or None.

    Args:
        least: How many threads the command starts at the least.
    """
    if not is_limited():
        return None
    count = startable(least)
    if count == least:
        return None
    return (
        f"too few threads: this command needs {least} or more, and the limit of the user or of the "
        f"container (ulimit -u, pids.max) leaves {count}; raise the limit"
    )


def _own_limit() -> int | None:
    """Return the limit of the user that ulimit -u sets, or None."""
    return process_limit("RLIMIT_NPROC")


def _group_limit(path: str) -> int | None:
    """Return the limit in a file of a control group, or None where there is none."""
    try:
        text = Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _pass_through(lock: _thread.LockType) -> None:
    """Wait for a lock, and end."""
    with lock:
        return
