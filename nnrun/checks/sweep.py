"""Rules about the sweep of a config, which `nnrun sweep` trains."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from nnrun.checks.registry import Found, rule
from nnrun.config.loading import with_overrides
from nnrun.config.schema import Config
from nnrun.config.search_space import Choices, Chosen, Range, as_overrides, some_values
from nnrun.config.sweep_plan import SweepPlan
from nnrun.errors import ConfigError
from nnrun.features.dataset import Dataset
from nnrun.wording import listed

MOST_TRIED = 100
"""Values of a sweep that are tried out: to validate a config takes a thousandth of a second."""


@rule("sweep", level="error")
def every_value_fits_the_config(config: Config, _dataset: Dataset) -> Found:
    """The metric is logged, and each value makes a config, alone or beside the others' first."""
    if config.sweep is None:
        return
    yield from _unknown_metric(config, config.sweep)
    for key, _, problem in wrong_values(config, config.sweep.space):
        yield ("sweep", "settings", key), problem


def wrong_values(
    config: Config, space: Mapping[str, Choices | Range]
) -> Iterator[tuple[str, str, str]]:
    """Yield the key of a setting, the setting and what is wrong, where a value makes no config.

    It does not where it is wrong alone, and beside each value of another setting too.

    Args:
        config: The config that the settings change.
        space: The values to try, by the key of each setting.
    """
    settings = list(_values(space))[:MOST_TRIED]
    for key, value in settings:
        problem = _problem(config, {key: value})
        if problem and not _fits_beside_another(config, key, value, settings):
            text = f"{key}={value}"
            yield key, text, problem.removeprefix(f"--set {text}: ")


def _fits_beside_another(
    config: Config, key: str, value: str, settings: Sequence[tuple[str, str]]
) -> bool:
    """Return whether a value makes a config beside a value of another setting."""
    for other, its_value in settings:
        if other == key:
            continue
        both = {other: its_value, key: value}
        if not _problem(config, both):
            return True
    return False


def _unknown_metric(config: Config, sweep: SweepPlan) -> Found:
    """Yield what is wrong where no training logs the metric that the config names.

    Whether the default metric is logged matters to `nnrun sweep` alone, which may name another.
    """
    if sweep.metric is None:
        return
    first_values = {}
    for key, values in sweep.space.items():
        first_values[key] = some_values(values)[0]
    with suppress(ConfigError):  # its values have findings of their own
        trial = with_overrides(config, as_overrides(first_values))
        if sweep.metric not in rankable_metrics(trial, sweep.folds):
            rule = logged_rule(trial, sweep.folds)
            yield ("sweep", "metric"), f"{rule}; received {sweep.metric!r}"


def logged_rule(config: Config, folds: int | None) -> str:
    """Return which metrics can rank the trials of a config.

    Args:
        config: The config of the trials.
        folds: By how many folds each is cross-validated; None where it is trained once.
    """
    metrics = rankable_metrics(config, folds)
    advice = "choose one of them"
    if "val_loss" not in metrics:
        advice += ", or hold rows out with data.validation_split"
    return f"the config logs {listed(metrics, 12)}; {advice}"


def rankable_metrics(config: Config, folds: int | None) -> list[str]:
    """Return the metrics by which trials can be ranked: those of a run, or of each fold.

    Args:
        config: The config of the trials.
        folds: By how many folds each is cross-validated; None where it is trained once.
    """
    if not folds and not config.data.test:
        return config.logged
    return [*config.logged, *config.tested]


def _values(space: Mapping[str, Choices | Range]) -> Iterator[tuple[str, str]]:
    """Yield each value of each setting, of a range both ends."""
    for key, choices in space.items():
        for value in some_values(choices):
            yield key, value


def _problem(config: Config, settings: Chosen) -> str:
    """Return what is wrong with a config of these settings, or an empty text."""
    try:
        with_overrides(config, as_overrides(settings))
    except ConfigError as error:
        return error.problems[0]
    return ""
