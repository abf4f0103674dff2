"""The settings of a run that may change while it goes on, since no epoch done depends on them."""

from collections.abc import Sequence

from nnrun.config.loading import load_config
from nnrun.config.overrides import key_path
from nnrun.config.schema import Config
from nnrun.errors import ConfigError, RunError
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.provenance import differences

CHANGEABLE = ("epochs", "early_stopping.patience", "checkpoint.every_seconds")


def planned_config(run: Run, info: RunInfo) -> Config:
    """Return the config of a run with the epochs and the patience that it was resumed with last.

    A run keeps them apart until it has finished, since its former model is of the former config.

    Args:
        run: The run directory.
        info: Its run.json.

    Raises:
        ConfigError: config.yaml is not a config.
    """
    config = load_config(run.config)
    if info.goal:
        config = config.model_copy(update={"epochs": info.goal})
    if info.patience is not None and config.early_stopping:
        stopping = {**config.early_stopping, "patience": info.patience}
        config = config.model_copy(update={"early_stopping": stopping})
    return config


def changed_config(run: Run, planned: Config, overrides: Sequence[str]) -> Config:
    """Return a planned config with what `resume --set` says.

    Args:
        run: The run directory.
        planned: What the run would go on with otherwise.
        overrides: Values to set, as `KEY=VALUE`.

    Raises:
        ConfigError: A value is wrong, or changes what the epochs that are done depend on.
    """
    if not overrides:
        return planned
    before = load_config(run.config)
    after = load_config(run.config, overrides)
    problems = _fixed_changes(before, after)
    if problems:
        raise ConfigError(problems)
    changed = {}
    for override in overrides:
        key, _, _ = override.partition("=")
        path = key_path(key) or ""
        name, _, _ = path.partition(".")
        changed[name] = getattr(after, name)
    return planned.model_copy(update=changed)


def _fixed_changes(before: Config, after: Config) -> list[str]:
    """Return a line for each changed value that the epochs so far depend on."""
    *first_keys, last_key = CHANGEABLE
    changeable = f"{', '.join(first_keys)} and {last_key}"
    values_before = before.model_dump(mode="json")
    values_after = after.model_dump(mode="json")
    lines = []
    for line in differences(values_before, values_after):
        key, _, values = line.partition(": ")
        if key not in CHANGEABLE:
            lines.append(
                f"--set {key}: the epochs so far depend on it ({values}); "
                f"a run that goes on takes {changeable}"
            )
    return lines


def check_patience(run: Run, info: RunInfo, config: Config) -> None:
    """Check that early stopping would not have ended the training before its last epoch.

    Args:
        run: The run directory.
        info: Its run.json.
        config: The config that it is to go on with.

    Raises:
        RunError: It has less patience than before.
    """
    then = info.patience
    if then is None:
        stopping = info.config.get("early_stopping") or {}
        then = stopping.get("patience")
    now = config.patience
    if now is None or then is None:
        return
    if now < then:
        raise RunError(
            f"{run.path}: early_stopping.patience can only grow, since less might have ended the "
            f"training earlier; received {now}, and it was {then}"
        )
