"""Lint: everything that can be said of a config and its data before TensorFlow is imported.

The rules stand in `lint_errors.py` and `lint_warnings.py`, each a small function with a code.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, NamedTuple

from nnrun.dataset import Dataset
from nnrun.errors import ConfigError
from nnrun.lint_errors import ERRORS
from nnrun.lint_warnings import WARNINGS

Level = Literal["error", "warning"]


class Finding(NamedTuple):
    """A rule that the config or the data breaks, in one line."""

    code: str
    level: Level
    message: str

    def __str__(self) -> str:
        level = "warning: " if self.level == "warning" else ""
        return f"{level}{self.message} [{self.code}]"


RULES: dict[Level, Mapping[str, Callable[[Dataset], Iterator[str]]]] = {"error": ERRORS, "warning": WARNINGS}


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, errors first."""
    rules = [(code, level, check) for level, checks in RULES.items() for code, check in checks.items()]
    return [Finding(code, level, message) for code, level, check in rules for message in check(dataset)]


def raise_errors(findings: list[Finding]) -> None:
    """Raise a ConfigError with all findings that are errors, if there are any."""
    if errors := [str(finding) for finding in findings if finding.level == "error"]:
        raise ConfigError(errors)
