"""The one place that writes to the terminal: whatever could command it becomes an escape here.

Names and labels come from tables and from runs, which may come from strangers. A line feed in one
would forge a line, ESC would move the cursor, and a bidirectional override would reverse the text.
Results go to stdout, and everything else to stderr.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO, cast

import click

from nnrun.wording import printable

if TYPE_CHECKING:
    from rich.console import Console


def open_streams() -> None:
    """Open the streams that the caller closed: the next file would take their number.

    What is told on a closed stderr is lost. A result on a closed stdout is not: its stream cannot
    be written to, so that the command fails as it does on a full disk.
    """
    if sys.stdin is None:
        os.open(os.devnull, os.O_RDONLY)
    if sys.stdout is None:
        unwritable = os.open(os.devnull, os.O_RDONLY)
        sys.stdout = os.fdopen(unwritable, "w")
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - it stays open
    for stream in cast("tuple[io.TextIOWrapper, ...]", (sys.stdout, sys.stderr)):
        stream.reconfigure(errors="backslashreplace")


def say(*lines: str) -> None:
    """Print lines of a result on stdout.

    Args:
        *lines: Each a line; what could command a terminal is escaped.
    """
    for line in lines:
        click.echo(printable(line))


def tell(*lines: str) -> None:
    """Print lines on stderr: notes, warnings and errors.

    Args:
        *lines: Each a line; what could command a terminal is escaped.
    """
    for line in lines:
        click.echo(printable(line), err=True)


def say_text(text: str) -> None:
    """Print a result of several lines on stdout.

    Args:
        text: The lines, separated by line feeds; what could command a terminal is escaped.
    """
    say(*text.split("\n"))


def say_json(value: object) -> None:
    """Print a value as JSON on stdout, in ASCII, which has an escape for every other character.

    Args:
        value: A value of JSON; numbers that are not finite have become null before.
    """
    click.echo(json.dumps(value))


def say_document(text: str) -> None:
    """Print a text that a program reads, such as a script, on stdout.

    A file or a pipe gets the text as it is; a terminal gets its lines as `say` prints them.

    Args:
        text: The whole text, with or without a line feed at its end.
    """
    document = text.removesuffix("\n")
    if sys.stdout.isatty():
        say(*document.split("\n"))
    else:
        click.echo(document, color=True)  # or click would take colours out


def document_stream() -> IO[bytes]:
    """Return a binary stream to stdout, for a document in UTF-8.

    A file or a pipe gets the bytes as they are; a terminal gets lines as `say` prints them, so
    that what is written at once must be whole lines.
    """
    if sys.stdout.isatty():
        return cast(IO[bytes], _EscapedLines())
    return sys.stdout.buffer


def complain(error: click.ClickException) -> None:
    """Print how a command is used and what is wrong with its arguments, on stderr.

    Args:
        error: What click found wrong; it knows the command.
    """
    stream = io.StringIO()
    error.show(stream)
    text = stream.getvalue().removesuffix("\n")
    tell(*text.split("\n"))


def flush() -> None:
    """Hand over what stdout still holds."""
    sys.stdout.flush()


def drop_unwritten() -> None:
    """Close stdout where what it holds cannot be written: Python would try again as it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            sys.stdout.close()


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Return how wide the terminal of a stream is, or None where it is none.

    Args:
        stream: Defaults to standard output.
    """
    stream = stream or sys.stdout
    if stream is None or not stream.isatty():
        return None
    return shutil.get_terminal_size().columns


def line_width(*, err: bool = False, otherwise: int = sys.maxsize) -> int:
    """Return how many characters a line may have.

    Args:
        err: Whether it goes to stderr.
        otherwise: How many it may have in a file or a pipe.
    """
    stream = sys.stderr if err else sys.stdout
    return terminal_width(stream) or otherwise


def shows_progress() -> bool:
    """Return whether stderr is a terminal, on which a bar can move."""
    return sys.stderr.isatty()


def is_read_by_a_person() -> bool:
    """Return whether stdout is a terminal, and no file or pipe."""
    return sys.stdout.isatty()


def show_notice(text: str) -> None:
    """Print a part of a line on stderr, which `erase_notice` takes away.

    Args:
        text: A text without a line feed, shorter than a line.
    """
    click.echo(printable(text), err=True, nl=False)


def erase_notice(text: str) -> None:
    """Take away a notice, and begin its line anew.

    Args:
        text: What `show_notice` printed last.
    """
    blanks = " " * len(text)
    click.echo(f"\r{blanks}\r", err=True, nl=False)


def new_console() -> Console:
    """Return rich's console on stderr, which takes no markup."""
    from rich.console import Console

    return Console(stderr=True, markup=False, emoji=False, highlight=False)


class _EscapedLines(io.RawIOBase):
    """Prints UTF-8 on stdout as lines that cannot command a terminal."""

    def writable(self) -> bool:
        """Return True: the stream is for writing."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Print some whole lines."""
        text = data.decode(errors="replace").removesuffix("\n")
        say(*text.split("\n"))
        return len(data)
