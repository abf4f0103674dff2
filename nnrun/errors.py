"""The errors that nnrun raises on purpose, each with the exit code of the command that meets it."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import accumulate
from pathlib import Path
from typing import Any

LINE, LINES = (
    1_000,
    16_000,
)  # characters of a mistake, and of all that are told: files of strangers can have millions


class NnrunError(Exception):
    """Base of every error that nnrun raises on purpose; the message is what the user reads."""

    exit_code = 1


class TrainingError(NnrunError):
    """Training cannot go on."""


class InputError(NnrunError):
    """What the user gave is wrong; `problems` are all mistakes, one line each, at least one; str() shortens them."""

    exit_code = 2

    def __init__(self, problems: str | list[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else problems
        super().__init__(problems)

    def __str__(self) -> str:
        half, first = LINE // 2, self.problems[:LINES]
        lines = [
            printable(line if len(line) <= LINE else f"{line[:half]} ... {line[-half:]}")
            for line in first
        ]
        told = sum(end <= LINES for end in accumulate(map(len, lines)))
        more = len(self.problems) - told
        return "\n".join(lines[:told] + [f"and {counted(more, 'more mistake')}"] * (more > 0))


class ConfigError(InputError):
    """The YAML file, or a value given by --set, is wrong."""


class TableError(InputError):
    """A table is wrong, or does not fit the config or the run."""


class RunError(InputError):
    """A run directory is missing, incomplete or altered, or would be overwritten."""


class ExpectationError(NnrunError):
    """The finished run does not meet `expect`, or is not the same again."""

    exit_code = 3


class Interrupted(NnrunError):
    """A signal stopped the command: SIGINT, which is Ctrl-C, SIGTERM or SIGHUP."""

    def __init__(self, message: str, number: int = 2) -> None:
        self.exit_code = 128 + number
        super().__init__(message)


def stop_signals() -> list[signal.Signals]:
    """Return the signals that stop a command, without those that who started it wants ignored."""
    stops = [
        getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
    ]
    return [number for number in stops if signal.getsignal(number) != signal.SIG_IGN]


@contextmanager
def handled_signals(handler: Any) -> Iterator[None]:
    """Let `handler` answer the signals that stop a command while the body runs; only the main thread can."""
    former = {}
    if threading.current_thread() is threading.main_thread():
        former = {number: signal.signal(number, handler) for number in stop_signals()}
    try:
        yield
    finally:
        for number, known in former.items():
            signal.signal(number, known)


def first_line(error: BaseException) -> str:
    """Return what another library's error says in its first line, or the name of its class."""
    return (str(error) or type(error).__name__).partition("\n")[0]


def printable(text: str) -> str:
    r"""Return a line with whatever could command a terminal, line ends too, as an escape such as \x1b."""
    return (
        text
        if text.isprintable()
        else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    )


def received(value: object) -> str:
    """Return a value as a message shows it: as YAML writes it, and not too long."""
    text = (
        "nothing"
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else repr(value)
    )
    return text if len(text) <= 80 else text[:77] + "..."


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return "; did you mean 'x'?" for the known name nearest to `name`, or ""."""
    folded = {k.lower(): k for k in known}
    near = get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    return f"; did you mean {folded[near[0]]!r}?" if near else ""


def listed(names: Sequence[object], most: int) -> str:
    """Return `'a', 'b', ... (7 in all)`: `most` of the names at the most."""
    more = f", ... ({len(names)} in all)" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more


def counted(count: int, noun: str) -> str:
    """Return `1 row`, or `1,234 rows`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"


def short_path(path: str) -> str:
    """Return the path as short as it can be said from here."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
