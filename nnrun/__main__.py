"""The entry: `nnrun`, or `python -m nnrun`; errors become messages and exit codes."""

import gc
import sys

import click

from nnrun.cli import cli
from nnrun.errors import Interrupted, NnrunError


def main() -> None:
    """Run the command line; every expected error becomes a message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
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
        code = Interrupted.exit_code
    except OSError as error:
        click.echo(f"{error.filename or 'I/O'}: {error.strerror or error}", err=True)
    except MemoryError:
        click.echo("out of memory: use fewer units, a smaller batch_size or a smaller table", err=True)
    gc.freeze()  # or the interpreter's last collection walks all of TensorFlow: 0.6 s
    sys.exit(code)


if __name__ == "__main__":
    main()
