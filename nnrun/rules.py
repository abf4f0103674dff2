"""The mechanism of lint: rules with codes, and the findings that they yield."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from nnrun.dataset import Dataset

Level = Literal["error", "warning"]
Check = Callable[[Dataset], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """A rule: its code, whether breaking it stops the run, and what yields its messages."""

    code: str
    level: Level
    check: Check


@dataclass(frozen=True)
class Finding:
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
