"""The program: the command line, whose expected errors become messages and exit codes."""

if __name__ == "__main__":  # before all that takes time to be imported
    from nnrun.launch import guard

    guard()

import gc
import os
import signal
import sys
from types import FrameType

import click

from nnrun.cli.main import cli
from nnrun.cli.terminal import complain, drop_unwritten, flush, open_streams, tell
from nnrun.errors import NnrunError
from nnrun.launch import release
from nnrun.reporting.pictures.matplotlib_import import leave_out_docs
from nnrun.signals import stop_signals
from nnrun.system_errors import as_nnrun_error
from nnrun.training.tensorflow_import import OPTIONAL, leave_out

came: list[int] = []
"""The numbers of the signals that came."""


def main() -> None:
    """Run the command line, and end the process with its exit code."""
    release()
    _set_environment()
    open_streams()
    came.clear()
    caught = stop_signals()
    for number in caught:
        signal.signal(number, _interrupt)
    leave_out(OPTIONAL)
    leave_out_docs()
    code = _run()
    drop_unwritten()
    for number in caught:
        signal.signal(number, signal.SIG_IGN)  # the rest is done in a moment
    gc.freeze()  # or the interpreter's last collection walks all of TensorFlow: 0.6 s
    sys.exit(code)


def _set_environment() -> None:
    """Set what NumPy and pydantic read when they are imported, unless the caller has set it.

    The threads of OpenBLAS wait for one another by spinning: on products as small as those here
    this takes the cores from who reads the table, and doubles the time of `predict`. pydantic would
    look through all that is installed for plugins.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _interrupt(number: int, _: FrameType | None) -> None:
    """Note the signal that came, and stop the command."""
    came.append(number)
    raise KeyboardInterrupt


def _run() -> int:
    """Run the command, print the message of an expected error, and return the exit code."""
    try:
        cli(standalone_mode=False)
        flush()
    except SystemExit:  # click's answer to a closed pipe
        return 0
    except (KeyboardInterrupt, click.Abort):
        tell("interrupted")
        return 128 + _last_signal()
    except Exception as error:
        return _answer(error)
    return 0


def _answer(error: Exception) -> int:
    """Print the message of an error, and return its exit code; raise it where it is unexpected."""
    if isinstance(error, click.ClickException):
        complain(error)
        return 2
    if isinstance(error, OSError | MemoryError):
        error = as_nnrun_error(error)
    if isinstance(error, NnrunError):
        tell(*str(error).split("\n"))
        return error.exit_code
    if came:  # TensorFlow makes errors of its own of a signal
        return 128 + _last_signal()
    raise error


def _last_signal() -> int:
    return came[-1] if came else signal.SIGINT


if __name__ == "__main__":
    main()
