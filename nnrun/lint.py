"""Lint: everything that can be said of a config and its data before TensorFlow is imported.

Each public function of `lint_errors.py` and `lint_warnings.py` is a rule, and its name the rule's code.
"""

from collections.abc import Callable, Iterator
from inspect import isfunction
from types import ModuleType
from typing import Literal, NamedTuple

from nnrun import lint_errors, lint_warnings
from nnrun.config import Config
from nnrun.dataset import Dataset
from nnrun.errors import ConfigError

Level = Literal["error", "warning"]
Rule = Callable[[Config, Dataset], Iterator[str]]


class Finding(NamedTuple):
    """A rule that the config or the data breaks, in one line."""

    code: str
    level: Level
    message: str

    def __str__(self) -> str:
        return f"{'warning: ' * (self.level == 'warning')}{self.message} [{self.code}]"


def _rules(module: ModuleType) -> dict[str, Rule]:
    """Return the rules that the module defines, by code: `mse_range` is `mse-range`."""
    own = {name: value for name, value in vars(module).items() if isfunction(value) and not name.startswith("_")}
    return {name.replace("_", "-"): rule for name, rule in own.items() if rule.__module__ == module.__name__}


RULES: dict[Level, dict[str, Rule]] = {"error": _rules(lint_errors), "warning": _rules(lint_warnings)}


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, errors first."""
    rules = [(code, level, rule) for level, by_code in RULES.items() for code, rule in by_code.items()]
    return [Finding(code, level, text) for code, level, rule in rules for text in rule(dataset.config, dataset)]


def raise_errors(findings: list[Finding]) -> None:
    """Raise a ConfigError with all findings that are errors, if there are any."""
    if errors := [str(finding) for finding in findings if finding.level == "error"]:
        raise ConfigError(errors)
