"""The limit on the memory that a process may map, as `ulimit -v` and batch systems set it.

What is written in C and Rust ends a process without a word where it may map no more: such a limit
is told beforehand.
"""

import os

from nnrun.process_limit import process_limit

LEAST = 512 << 20
"""Bytes that any command maps: polars and NumPy with their tables, measured on Linux."""
LEAST_TO_TRAIN = 2500 << 20
"""Bytes that TensorFlow maps once it has loaded, measured on Linux."""

ARENAS = -8  # M_ARENA_MAX of glibc's malloc.h
FEW_THREADS = {
    "POLARS_MAX_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "_RJEM_MALLOC_CONF": "background_thread:false",
}
"""What the libraries read as they load: each thread maps some MB, whether it uses them or not."""


def address_space_limit() -> int | None:
    """Return how many bytes this process may map, or None where nothing limits it."""
    return process_limit("RLIMIT_AS")


def shortage(least: int) -> str | None:
    """Return the message of a limit below what is needed at the least, or None.

    Args:
        least: How many bytes of address space the command maps at the least.
    """
    limit = address_space_limit()
    if limit is None or limit >= least:
        return None
    return (
        f"out of memory: this command needs {least >> 20:,} MiB or more; the process has a limit "
        f"(ulimit -v) of {limit >> 20:,} MiB; raise the limit"
    )


def use_little() -> None:
    """Let libraries that are loaded later start few threads, for a process that is limited."""
    for name, value in FEW_THREADS.items():
        os.environ.setdefault(name, value)
    import ctypes

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)  # of glibc, which maps 64 MB a thread
    if set_option is not None:
        set_option(ARENAS, 1)
