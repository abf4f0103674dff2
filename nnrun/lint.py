"""Lint: everything that can be said of a config and its data before TensorFlow is imported.

The rules stand in `lint_errors.py` and `lint_warnings.py`, each a small function with a code.
"""

import importlib
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from nnrun.dataset import Dataset
from nnrun.errors import ConfigError

Level = Literal["error", "warning"]
Check = Callable[[Dataset], Iterator[str]]


class Rule(NamedTuple):
    """A rule: its code, whether breaking it stops the run, and what yields its messages."""

    code: str
    level: Level
    check: Check


class Finding(NamedTuple):
    """A rule that the config or the data breaks, in one line."""

    code: str
    level: Level
    message: str

    def __str__(self) -> str:
        level = "warning: " if self.level == "warning" else ""
        return f"{level}{self.message} [{self.code}]"


RULES: list[Rule] = []


def rule(code: str, level: Level) -> Callable[[Check], Check]:
    """Register a rule under its code."""

    def register(check: Check) -> Check:
        RULES.append(Rule(code, level, check))
        return check

    return register


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, errors first."""
    for module in ("lint_errors", "lint_warnings"):  # importing them registers their rules
        importlib.import_module(f"nnrun.{module}")
    findings = [Finding(r.code, r.level, message) for r in RULES for message in r.check(dataset)]
    return sorted(findings, key=lambda finding: finding.level)


def raise_errors(findings: list[Finding]) -> None:
    """Raise a ConfigError with all findings that are errors, if there are any."""
    if errors := [str(f) for f in findings if f.level == "error"]:
        raise ConfigError(errors)
