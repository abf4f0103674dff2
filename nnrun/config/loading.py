"""A config loaded from YAML and --set, or every mistake in it."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from nnrun.config.explanation import explain
from nnrun.config.overrides import override
from nnrun.config.places import YamlValue
from nnrun.config.schema import Config
from nnrun.config.yaml_reader import read_file
from nnrun.config.yaml_source import YamlSource
from nnrun.errors import ConfigError
from nnrun.near_files import URL

TABLES = ("train", "validation", "test")
"""The keys of `data` whose values are paths of tables."""


def load_config(
    path: Path, overrides: Sequence[str] = (), *, content: bytes | None = None
) -> Config:
    """Load a config.

    Args:
        path: The YAML file. Paths in it are relative to its folder.
        overrides: Values to set over those of the file, as `KEY=VALUE`. Paths in them are relative
            to the working directory.
        content: The bytes of the file, where they were read already.

    Raises:
        ConfigError: The file, an override or a value is wrong; every mistake is in it, with its
            place.
    """
    source = _overridden(read_file(path, content), overrides)
    return validated(source, path.parent)


def validated(source: YamlSource, folder: Path = Path()) -> Config:
    """Return the config that a source holds.

    Args:
        source: Its values, with their places.
        folder: The folder that paths in it are relative to; those of overrides are relative to the
            working directory.

    Raises:
        ConfigError: A value is wrong; every mistake is in it, with its place.
    """
    try:
        config = Config.model_validate(_with_absolute_paths(source, folder))
    except ValidationError as error:
        raise ConfigError(list(explain(error, source))) from None
    config._source = source
    config._folder = folder
    return config


def with_overrides(config: Config, overrides: Sequence[str]) -> Config:
    """Return what a config would be with further overrides, as those of a trial of its sweep.

    Args:
        config: The config, which stays as it is.
        overrides: What --set takes, such as `epochs=5`.

    Raises:
        ConfigError: An override, or a value, is wrong; every mistake is in it, with its place.
    """
    source = _overridden(config._source, overrides)
    of_trial = replace(source, values=_without_sweep(source.values))
    return validated(of_trial, config._folder)


def written_values(config: Config) -> dict[str, YamlValue]:
    """Return what a config's file and overrides say, with absolute paths and without its sweep.

    Args:
        config: A config that was loaded. What neither its file nor an override says is left out.
    """
    return _without_sweep(_with_absolute_paths(config._source, config._folder))


def _without_sweep(values: dict[str, YamlValue]) -> dict[str, YamlValue]:
    kept = dict(values)
    kept.pop("sweep", None)
    return kept


def _overridden(source: YamlSource, overrides: Sequence[str]) -> YamlSource:
    """Return the config with every `--set`, or raise a ConfigError with all mistakes."""
    problems = []
    for text in overrides:
        try:
            source = override(source, text)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return source


def _with_absolute_paths(source: YamlSource, folder: Path) -> dict[str, YamlValue]:
    """Return the source's values, not validated yet, with the paths of tables absolute."""
    values: dict[str, YamlValue] = source.values
    data = values.get("data")
    if not isinstance(data, dict):
        return values
    absolute = {}
    for key in TABLES:
        table = data.get(key)
        if isinstance(table, str) and table:
            place = source.locate(("data", key))
            is_of_the_file = place.startswith(f"{source.name}:")
            above = folder if is_of_the_file else Path()
            absolute[key] = _absolute_path(table, above)
    return {**values, "data": {**data, **absolute}}


def _absolute_path(table: str, folder: Path) -> str:
    """Return the absolute path of a table; `~` is the home folder. A URL stays, to be refused."""
    if URL.match(table):
        return table
    return os.path.abspath(folder / os.path.expanduser(table))  # noqa: PTH111  unlike Path's it never raises
