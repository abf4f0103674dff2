"""The program: the command line, with every expected error made a message and an exit code."""

import gc
import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

from nnrun.cli.main import cli
from nnrun.errors import NnrunError
from nnrun.signals import stop_signals
from nnrun.training.tensorflow_import import OPTIONAL, leave_out
from nnrun.wording import printable

SIGNALS: list[int] = []  # that came


def _interrupt(number: int, _: Any) -> None:
    SIGNALS.append(number)
    raise KeyboardInterrupt


def main() -> None:
    """Run the command line; every expected error becomes a message and an exit code."""
    for name in (
        "stdout",
        "stderr",
    ):  # where the caller closed one, what is opened next would take its number
        setattr(sys, name, getattr(sys, name) or Path(os.devnull).open("w"))  # noqa: SIM115
        getattr(sys, name).reconfigure(errors="backslashreplace")
    SIGNALS.clear()
    caught = stop_signals()
    for number in caught:
        signal.signal(number, _interrupt)
    leave_out(OPTIONAL)
    code = 1
    try:
        cli(standalone_mode=False)
        sys.stdout.flush()
        code = 0
    except click.ClickException as error:
        error.show()
        code = 2
    except NnrunError as error:
        click.echo(error, err=True)
        code = error.exit_code
    except SystemExit:  # click's answer to a closed pipe
        code = 0
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        code = 128 + (SIGNALS or [signal.SIGINT])[-1]
    except OSError as error:
        click.echo(printable(f"{error.filename or 'I/O'}: {error.strerror or error}"), err=True)
    except MemoryError:
        click.echo(
            "out of memory: use fewer units, a smaller batch_size or a smaller table", err=True
        )
    except Exception:
        if not SIGNALS:  # else it is what TensorFlow made of one
            raise
        code = 128 + SIGNALS[-1]
    for number in caught:
        signal.signal(number, signal.SIG_IGN)  # the rest is done in a moment
    gc.freeze()  # or the interpreter's last collection walks all of TensorFlow: 0.6 s
    sys.exit(code)


if __name__ == "__main__":
    main()
