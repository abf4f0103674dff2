"""The settings that a sweep tries: lists of values and ranges, as `--set` writes them."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from nnrun.config.overrides import key_path
from nnrun.config.places import YamlValue
from nnrun.config.yaml_reader import TextPlaces, read_text
from nnrun.config.yaml_scalars import parse_scalar
from nnrun.errors import ConfigError
from nnrun.wording import listed

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

    def combinations(self) -> Iterator[Chosen]:
        """Yield all combinations of the values of lists, and the ends of ranges.

        The last setting varies fastest.
        """
        values = [some_values(each) for each in self.settings.values()]
        for chosen in product(*values):
            yield dict(zip(self.settings, chosen, strict=True))


def some_values(values: Choices | Range) -> Choices:
    """Return the values of a list, or the ends of a range, as --set takes them.

    Args:
        values: The list or the range of one setting.
    """
    if not isinstance(values, Range):
        return values
    ends = [values.low, values.high]
    if values.is_whole:
        return [str(int(end)) for end in ends]
    return [str(end) for end in ends]


def range_text(values: Range) -> str:
    """Return a range as --set takes it.

    Args:
        values: The range; the ends of a range of whole numbers are written without a point.
    """
    if values.is_whole:
        return f"{int(values.low)}..{int(values.high)}"
    return f"{values.low!r}..{values.high!r}"


def as_overrides(chosen: Mapping[str, str]) -> tuple[str, ...]:
    """Return what --set takes for the settings of a trial.

    Args:
        chosen: The value of each setting, as --set takes it, by its key.
    """
    return tuple(f"{key}={value}" for key, value in chosen.items())


def search_space(
    overrides: Sequence[str], planned: Mapping[str, Choices | Range] | None = None
) -> SearchSpace:
    """Return what a sweep tries, given what --set says.

    `16,32,64` and `relu,tanh` are lists, `1e-4..1e-1` is a range, and a value alone, or one in
    brackets, is shared by all trials. A range is logarithmic where both ends are positive and a
    hundred times or more apart, and of whole numbers where both ends are.

    Args:
        overrides: What --set says, as KEY=VALUE.
        planned: What the config says of settings that --set does not name.

    Raises:
        ConfigError: A range is empty, or a list has a value twice.
    """
    fixed = []
    settings: dict[str, Choices | Range] = {}
    problems = []
    for text in overrides:
        key, _, value = text.partition("=")
        try:
            choices = choices_of(value)
        except ConfigError as error:
            problems += [f"--set {text}: {problem}" for problem in error.problems]
            continue
        if choices is None:
            fixed.append(text)
        else:
            settings[key] = choices
    if problems:
        raise ConfigError(problems)
    return SearchSpace(tuple(fixed), _not_named(overrides, planned or {}) | settings)


def _not_named(
    overrides: Sequence[str], planned: Mapping[str, Choices | Range]
) -> dict[str, Choices | Range]:
    """Return the planned settings whose keys no override names, in whichever way."""
    named = {key_path(text.partition("=")[0]) for text in overrides}
    kept = {}
    for key, values in planned.items():
        if key_path(key) not in named:
            kept[key] = values
    return kept


def choices_of(text: str) -> Choices | Range | None:
    """Return the list or the range that a text is, or None where it is one value.

    Args:
        text: What stands behind the `=` of --set.

    Raises:
        ConfigError: The range is empty, or the list has a value twice.
    """
    ends = RANGE.fullmatch(text.strip())
    if ends:
        low, high = ends.groups()
        if float(low) >= float(high):
            raise ConfigError("a range must begin with its lower end")
        return _range(low, high)
    is_yaml = text.strip()[:1] in ("[", "{", '"', "'")
    if is_yaml or "," not in text:
        return None
    values = [part.strip() for part in text.split(",")]
    check_distinct(values)
    return values


def check_distinct(values: Sequence[str]) -> None:
    """Raise a ConfigError where a value stands twice, whose trials would be the same.

    Args:
        values: The values of one setting, as --set takes them.

    Raises:
        ConfigError: A value is repeated; the message names up to three.
    """
    repeated = []
    for value, count in Counter(values).items():
        if count > 1:
            repeated.append(value)
    if repeated:
        raise ConfigError(f"{listed(sorted(repeated), 3)} is in the list twice")


def setting_text(value: YamlValue) -> str:
    """Return a value as --set takes it: plain where it reads as the same, else as JSON.

    Args:
        value: What a config holds: a scalar, a list or a mapping.
    """
    if isinstance(value, str) and value and parse_scalar(value) == value:
        is_plain = re.fullmatch(r"[\w.+/-]+", value)
        if is_plain:
            return value
    return json.dumps(value)


def value_of(text: str) -> YamlValue:
    """Return the value of a setting that --set takes as text.

    Args:
        text: YAML in one line.

    Raises:
        ConfigError: The text is not YAML.
    """
    return read_text(text, TextPlaces(text, has_lines=False)).values


def _range(low: str, high: str) -> Range:
    """Return the range between two numbers, of which the texts say whether they are whole."""
    least = float(low)
    most = float(high)
    is_whole = not re.search(r"[.eE]", low + high)
    is_log = least > 0 and most >= LOG_RATIO * least
    return Range(least, most, is_whole=is_whole, is_log=is_log)
