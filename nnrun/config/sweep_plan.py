"""What a config says of its sweep: the settings to try, and how the best is told."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from nnrun.config.overrides import key_path
from nnrun.config.places import YamlValue
from nnrun.config.search_space import Choices, Range, check_distinct, choices_of, setting_text
from nnrun.config.strict_model import Strict, problem
from nnrun.errors import ConfigError
from nnrun.wording import received

FORMS = "must be a list of values, as in [16, 32], or a range, as in 1e-4..1e-1"
MOST_SETTINGS = 100
"""Of a sweep: no search tells that many apart."""


def _list_or_range(value: YamlValue) -> YamlValue:
    """Refuse what is neither a list of values nor a range."""
    try:
        read_choices(value)
    except ConfigError as error:
        raise problem(error.problems[0]) from None
    return value


def read_choices(value: YamlValue) -> Choices | Range:
    """Return the values of a setting, given as YAML: a list, or text as the command takes it.

    Args:
        value: What the config has.

    Raises:
        ConfigError: It is none of these, or a range is empty.
    """
    if isinstance(value, list) and value:
        values = [setting_text(item) for item in value]
        check_distinct(values)
        return values
    choices = choices_of(value) if isinstance(value, str) else None
    if choices is None:
        raise ConfigError(f"{FORMS}; received {received(value)}")
    return choices


def _keys_of_configs(settings: dict[str, Any]) -> dict[str, Any]:
    """Refuse keys that no config has for their form, or that name one value twice."""
    paths: dict[str, str] = {}
    for key in settings:
        path = key_path(key)
        if path is None or path.partition(".")[0] == "sweep":
            raise problem(
                f"a key must be one of the config, as in layers.0.units; received {key!r}"
            )
        if path in paths:
            raise problem(f"{paths[path]!r} and {key!r} are the same key")
        paths[path] = key
    return settings


Values = Annotated[Any, BeforeValidator(_list_or_range, json_schema_input_type=list[Any] | str)]


def default_metric(folds: int | None) -> str:
    """Return the metric that ranks trials: `test_` is that of the rows that a fold holds out.

    Args:
        folds: How many folds each trial is trained on, or None where it is trained once.
    """
    return "test_loss" if folds else "val_loss"


class SweepPlan(Strict):
    """What `nnrun sweep` does where its options do not say otherwise."""

    settings: Annotated[
        dict[str, Values],
        Field(min_length=1, max_length=MOST_SETTINGS),
        AfterValidator(_keys_of_configs),
    ]
    """The values to try of each setting, by its key: a list, or a range as `1e-4..1e-1`."""
    trials: Annotated[int, Field(ge=1)] | None = None
    """How many trials there are. Default: every combination of lists; 30 with a range."""
    metric: str | None = None
    """The metric that tells which trial is best. Default: val_loss, and test_loss with `folds`."""
    folds: Annotated[int, Field(ge=2)] | None = None
    """By how many folds each trial is cross-validated, whose mean ranks it. Default: each trial is
    one training."""

    @property
    def space(self) -> Mapping[str, Choices | Range]:
        """The values or the range of each setting, by its key."""
        return {key: read_choices(value) for key, value in self.settings.items()}
