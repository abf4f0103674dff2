"""A config as a program gives it: a path or a dict, with settings over it and a table in memory."""

from collections.abc import Mapping
from pathlib import Path

from nnrun.api.arguments import is_path, path_of
from nnrun.api.frames import kept_frame
from nnrun.config.loading import validated
from nnrun.config.overrides import set_value
from nnrun.config.plain_values import Settings, source_of, with_settings
from nnrun.config.schema import Config
from nnrun.config.yaml_reader import read_file
from nnrun.config.yaml_source import YamlSource
from nnrun.errors import InputError
from nnrun.wording import received

NAME = "run"  # of a run whose config has no file to be named for


def read_given(
    config: object,
    overrides: object,
    keywords: Mapping[str, object],
    data: object,
    runs: Path,
) -> Config:
    """Return the validated config.

    Args:
        config: The path of a YAML file, or a dict, whose paths are relative to the working
            directory.
        overrides: A dict by dotted keys, or texts as --set takes them.
        keywords: Keys of the config with their values.
        data: A table in place of `data.train`, or None.
        runs: The folder of the runs, where a frame is kept.

    Raises:
        InputError: An argument is of a wrong type; the message begins with its name.
        ConfigError: A value is wrong; every mistake is in it.
    """
    source, folder = _source(config)
    source = with_settings(source, _settings(overrides), "overrides")
    source = with_settings(source, keywords, "")
    if data is not None:
        path = kept_frame(data, "data", runs).absolute()
        table = source_of(str(path), "data")
        source = set_value(source, "data.train", table)
    return validated(source, folder)


def stem_of(config: object) -> str:
    """Return the name of a run of this config.

    Args:
        config: What the caller gave as `config`, which need not be one.
    """
    if isinstance(config, str | Path):
        return Path(config).stem
    return NAME


def _source(config: object) -> tuple[YamlSource, Path]:
    """Return the values of a config, and the folder to which its paths are relative."""
    if is_path(config):
        path = path_of("config", config)
        return read_file(path), path.parent
    if isinstance(config, Mapping):
        return source_of(config, "config"), Path()
    rule = "must be the path of a YAML file, or a dict"
    raise InputError(f"config: {rule}; received {received(config)}")


def _settings(overrides: object) -> Settings:
    """Return overrides that are of one of their two types."""
    if isinstance(overrides, Mapping):
        return overrides
    if isinstance(overrides, list | tuple):
        are_texts = all(isinstance(text, str) for text in overrides)
        if are_texts:
            return overrides
    rule = 'must be a dict such as {"epochs": 5}, or a list such as ["epochs=5"]'
    raise InputError(f"overrides: {rule}; received {received(overrides)}")
