"""A config loaded from YAML and --set, or every mistake in it."""

import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nnrun.config.schema import Config
from nnrun.config.yaml_source import read_source
from nnrun.errors import ConfigError


def load_config(path: Path, overrides: tuple[str, ...] = ()) -> Config:
    """Load a config with overrides `KEY=VALUE`, or raise a ConfigError with every mistake, each with its place."""
    source = read_source(path)
    problems = []
    for text in overrides:
        try:
            source.override(text)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    data: Any = source.values.get("data")
    for key in ("train", "validation", "test") if isinstance(data, dict) else ():
        if isinstance(data.get(key), str) and data[key]:
            overridden = source.locate(("data", key)).startswith("--set ")
            data[key] = os.path.abspath(data[key] if overridden else path.parent / data[key])
    try:
        config = Config.model_validate(source.values)
    except ValidationError as error:
        raise ConfigError(list(source.explain(error))) from None
    config._source = source
    return config
