"""The limit on the files that a process may have open, as `ulimit -n` sets it.

What is written in Rust ends a process with a page of addresses where it can open no file: such a
limit is told beforehand.
"""

from nnrun.process_limit import process_limit

LEAST = 16
"""Files that any command may have open, streams and the modules that it imports among them."""


def shortage() -> str | None:
    """Return the message of a limit below what every command needs, or None."""
    limit = process_limit("RLIMIT_NOFILE")
    if limit is None or limit >= LEAST:
        return None
    return (
        f"too many open files: a command needs {LEAST} or more, and the process has a limit "
        f"(ulimit -n) of {limit}; raise the limit"
    )
