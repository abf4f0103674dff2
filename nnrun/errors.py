"""The errors that nnrun raises on purpose, each with the exit code of the command that meets it.

NnrunError              1    every error that nnrun raises on purpose
  TrainingError         1    training cannot go on
  InputError            2    what the user gave is wrong
    ConfigError         2    the YAML file, or a value given by --set
    TableError          2    a table
    RunError            2    a run directory
  ExpectationError      3    the finished run does not meet `expect`
  Interrupted     128 + n    signal n stopped the command
"""

import signal

from nnrun.wording import shown_lines


class NnrunError(Exception):
    """Base of every error that nnrun raises on purpose. The user reads its message."""

    exit_code = 1


class TrainingError(NnrunError):
    """Training cannot go on."""


class InputError(NnrunError):
    """The user gave something that is wrong.

    Attributes:
        problems: Every mistake, one line each; at least one. `str()` shortens them.
    """

    exit_code = 2

    def __init__(self, problems: str | list[str]) -> None:
        self.problems = [problems] if isinstance(problems, str) else problems
        super().__init__(problems)

    def __str__(self) -> str:
        return shown_lines(self.problems)


class ConfigError(InputError):
    """The YAML file, or a value given by --set, is wrong."""


class TableError(InputError):
    """A table is wrong, or does not fit the config or the run."""


class RunError(InputError):
    """A run directory is missing, incomplete or altered, or would be overwritten."""


class ExpectationError(NnrunError):
    """The finished run does not meet `expect`, or does not repeat an earlier one."""

    exit_code = 3


class Interrupted(NnrunError):
    """A signal stopped the command: SIGINT (which is Ctrl-C), SIGTERM or SIGHUP."""

    def __init__(self, message: str, number: int = signal.SIGINT) -> None:
        self.exit_code = 128 + number  # as shells report a signal
        super().__init__(message)
