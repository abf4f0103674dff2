"""The settings that a sweep tries: lists of values and ranges, as `--set` writes them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from nnrun.config.places import YamlValue
from nnrun.config.yaml_reader import TextPlaces, read_text
from nnrun.errors import ConfigError

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RANGE = re.compile(rf"({NUMBER})\.\.({NUMBER})")
LOG_RATIO = 100  # of a range's ends, from which on each power of ten counts alike

Chosen = dict[str, str]
"""A value for each setting, as --set takes it."""


@dataclass(frozen=True)
class Range:
    """A range of numbers, both ends included.

    Attributes:
        low: The lower end.
        high: The upper end.
        is_whole: Whether only whole numbers are tried.
        is_log: Whether each power of ten counts alike.
    """

    low: float
    high: float
    is_whole: bool
    is_log: bool


Choices = Sequence[str]


@dataclass(frozen=True)
class SearchSpace:
    """What a sweep tries.

    Attributes:
        fixed: Overrides that all trials share, as --set takes them.
        settings: The values or the range of each setting, by its key.
    """

    fixed: tuple[str, ...]
    settings: Mapping[str, Choices | Range]

    @property
    def is_grid(self) -> bool:
        """Whether every setting has a list of values, of which all combinations can be tried."""
        return not any(isinstance(values, Range) for values in self.settings.values())

    def combinations(self) -> list[Chosen]:
        """Return all combinations of the values of a grid; the last setting varies fastest."""
        values = [each for each in self.settings.values() if not isinstance(each, Range)]
        return [dict(zip(self.settings, chosen, strict=True)) for chosen in product(*values)]

    def overrides(self, chosen: Mapping[str, str]) -> tuple[str, ...]:
        """Return what --set takes for a trial."""
        return (*self.fixed, *(f"{key}={value}" for key, value in chosen.items()))


def search_space(overrides: Sequence[str]) -> SearchSpace:
    """Return what a sweep tries, given what --set says.

    `16,32,64` and `relu,tanh` are lists, `1e-4..1e-1` is a range, and a value alone, or one in
    brackets, is shared by all trials. A range is logarithmic where both ends are positive and a
    hundred times or more apart, and of whole numbers where both ends are.

    Raises:
        ConfigError: A range is empty, or there is nothing to try.
    """
    fixed = []
    settings: dict[str, Choices | Range] = {}
    problems = []
    for text in overrides:
        key, _, value = text.partition("=")
        ends = RANGE.fullmatch(value.strip())
        if ends:
            settings[key] = _range(ends[1], ends[2])
            if float(ends[1]) >= float(ends[2]):
                problems.append(f"--set {text}: the first end of a range is the lower one")
        elif "," in value and value.strip()[:1] not in ("[", "{", '"', "'"):
            settings[key] = [part.strip() for part in value.split(",")]
        else:
            fixed.append(text)
    if not settings:
        rule = "a sweep needs settings to try, as in layers.0.units=16,32,64"
        problems.append(f"{rule} or optimizer.learning_rate=1e-4..1e-1")
    if problems:
        raise ConfigError(problems)
    return SearchSpace(tuple(fixed), settings)


def value_of(text: str) -> YamlValue:
    """Return the value of a setting that --set takes as text."""
    return read_text(text, TextPlaces(text, has_lines=False)).values


def _range(low: str, high: str) -> Range:
    ends = float(low), float(high)
    is_whole = not re.search(r"[.eE]", low + high)
    is_log = ends[0] > 0 and ends[1] >= LOG_RATIO * ends[0]
    return Range(*ends, is_whole=is_whole, is_log=is_log)
