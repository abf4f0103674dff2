"""The first moments of the program, while it is imported: it ends in a line, not in a traceback."""

import os
import signal
import sys
from types import FrameType, TracebackType

STDERR = 2  # its number: of sys.stderr nothing is known yet


def main() -> None:
    """Run the program as the `nnrun` command does."""
    guard()
    from nnrun.__main__ import main as run

    run()


def guard() -> None:
    """Answer Ctrl-C and what the system refuses until the program has handlers of its own.

    End the process where a limit leaves too few files, too little memory or too few threads.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)
    sys.excepthook = _tell
    # What these import takes time, in which Ctrl-C may come.
    from nnrun import file_limit

    _end_where_short(file_limit.shortage())
    from nnrun import address_space, thread_limit

    _end_where_short(address_space.shortage(address_space.LEAST))
    _end_where_short(thread_limit.shortage(thread_limit.LEAST))
    is_limited = address_space.address_space_limit() is not None
    if is_limited or thread_limit.shortage(thread_limit.usual()):
        address_space.use_little()


def _end_where_short(problem: str | None) -> None:
    """End the process with the message of a limit, if there is one."""
    if problem:
        _write(problem)
        sys.exit(1)


def release() -> None:
    """Let Python show errors again: the program answers those that it expects."""
    sys.excepthook = sys.__excepthook__


def _end(number: int, _: FrameType | None) -> None:
    """End at once: an exception in the midst of an import comes out as any other error."""
    _write("interrupted")
    os._exit(128 + number)


def _tell(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Write the message of an error, or let Python write its own where it is unexpected."""
    if isinstance(error, MemoryError):
        _write("out of memory: nnrun cannot be loaded; is there a limit, such as ulimit -v?")
    elif isinstance(error, OSError):
        place = error.filename or "I/O"
        reason = error.strerror or error
        _write(f"{place}: {reason}")
    else:
        sys.__excepthook__(kind, error, traceback)


def _write(line: str) -> None:
    """Write a line to standard error, of which Python's own object may not be there yet."""
    try:
        os.write(STDERR, f"{line}\n".encode(errors="backslashreplace"))
    except OSError:  # nobody reads it
        return
