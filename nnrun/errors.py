"""The errors that nnrun raises on purpose, each with the exit code of the command that meets it."""

from itertools import accumulate

from nnrun.wording import counted, printable

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
