"""The registry of rules: what a finding is, and how every rule is called in its order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from nnrun.config.places import Keys
from nnrun.config.schema import Config
from nnrun.errors import ConfigError
from nnrun.features.dataset import Dataset
from nnrun.wording import without_middle

Level = Literal["error", "warning"]
"""An `error` would train to nothing; a `warning` trains, but probably not as was meant."""

Place = Keys | str
"""The keys of the config that break a rule, or the name of the table that does."""

Found = Iterator[tuple[Place, str]]
"""The violations of a rule, each with its place and a sentence on it."""

RuleFunction = Callable[[Config, Dataset], Found]


class Finding(NamedTuple):
    """A rule that the config or the data breaks, in one line.

    Attributes:
        code: The name of the rule.
        level: How serious it is.
        message: The place, as `file:line:column: key`, or the table's name, and a sentence on what
            is wrong and what to do.
    """

    code: str
    level: Level
    message: str

    def __str__(self) -> str:
        prefix = "warning: " if self.level == "warning" else ""
        return f"{prefix}{self.message} [{self.code}]"


@dataclass(frozen=True)
class Rule:
    """A rule with the code that its findings bear, and how serious they are.

    Attributes:
        code: The name of the rule, which is in `ORDER` and in the documentation.
        level: How serious its findings are.
        find: Yields the violations of a config and its rows.
    """

    code: str
    level: Level
    find: RuleFunction


_registered: dict[str, Rule] = {}


def rule(code: str, level: Level) -> Callable[[RuleFunction], RuleFunction]:
    """Return a decorator that registers a function as the rule of this code.

    Args:
        code: The name of the rule, which is in `ORDER` and in the documentation.
        level: How serious its findings are.

    Raises:
        ValueError: Another function has the code, which the decorator finds.
    """

    def register(function: RuleFunction) -> RuleFunction:
        if code in _registered:
            raise ValueError(f"two rules have the code {code!r}")
        _registered[code] = Rule(code, level, function)
        return function

    return register


def rules() -> list[Rule]:
    """Return every rule in the order of its findings: errors come first."""
    # Importing a module of rules registers them, in the order of its functions.
    from nnrun.checks import columns, kinds, labels, layers, metrics, outputs, rows, sweep  # noqa: F401

    return [_registered[code] for code in ORDER]


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, in the order of `rules`.

    Args:
        dataset: The config's rows, which were read already.
    """
    findings: list[Finding] = []
    for each in rules():
        findings += _findings(each, dataset)
    return findings


def raise_errors(findings: list[Finding]) -> None:
    """Refuse what a rule finds to be an error; findings of other levels pass.

    Args:
        findings: What `lint` returned.

    Raises:
        ConfigError: With all findings that are errors.
    """
    errors = [str(finding) for finding in findings if finding.level == "error"]
    if errors:
        raise ConfigError(errors)


def _findings(each: Rule, dataset: Dataset) -> Iterator[Finding]:
    """Yield the findings of a rule, with their places in the config or the table's name."""
    config = dataset.config
    for place, text in each.find(config, dataset):
        where = place if isinstance(place, str) else config.where(*place)
        message = without_middle(f"{where}: {text}")
        yield Finding(each.code, each.level, message)


ORDER = (
    "labels",
    "sample-weight",
    "split-labels",
    "output-units",
    "softmax-one-unit",
    "target-transform",
    "mse-range",
    "loss-range",
    "metric-loss",
    "logits-activation",
    "monitor",
    "plateau-schedule",
    "schedule-values",
    "class-weight",
    "network-size",
    "encoding-size",
    "orthogonal-rows",
    "constraint-values",
    "tensorboard",
    "sweep",
    "feature-range",
    "dropout-all",
    "linear-hidden",
    "sigmoid-hidden",
    "bce-output",
    "softmax-output",
    "far-from-zero",
    "log-exponential",
    "percentage-zero",
    "huber-delta",
    "unscaled",
    "target-copy",
    "label-spelling",
    "imbalance",
    "nothing-held-out",
    "no-weights",
    "split-share",
    "repeated-rows",
    "leading-zeros",
    "number-like",
    "null-values",
    "codes",
    "identifier",
    "constant",
    "big-integers",
    "dropped-rows",
    "unseen-category",
)
"""The codes in the order of the table in docs/checks.md, errors first."""
