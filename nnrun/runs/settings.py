"""The settings of runs: the values of their configs by dotted keys, and which of them differ."""

from collections.abc import Mapping, Sequence
from typing import Any

from nnrun.config.places import Keys, dotted

Settings = dict[str, Any]
"""Values by the keys that --set takes, such as `layers[0].units`."""

DECIDED = frozenset({"data.in_memory", "jit_compile"})
"""Keys of what `auto` comes to be, on which no number of a run depends much."""


def settings_of(config: Mapping[str, Any], keys: Keys = ()) -> Settings:
    """Return the values of a config, as run.json has it, by their dotted keys.

    Mappings, and lists of mappings as that of the layers, are read to their values; other lists
    are values.
    """
    settings: Settings = {}
    for key, value in config.items():
        path = (*keys, key)
        if isinstance(value, dict) and value:
            settings |= settings_of(value, path)
        elif value and _are_mappings(value):
            for number, item in enumerate(value):
                settings |= settings_of(item, (*path, number))
        else:
            settings[dotted(path)] = value
    return settings


def _are_mappings(value: object) -> bool:
    """Return whether a value is a list of mappings, which one of a forged run may be in part."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def differing_keys(runs: Sequence[Settings]) -> list[str]:
    """Return the keys whose values are not the same in all runs, in the order of the config.

    A mapping or list without values is as good as none: where another run has values, their own
    keys tell them.
    """
    keys: dict[str, None] = {}
    for settings in runs:
        keys |= dict.fromkeys(settings)
    first = runs[0] if runs else {}
    return [
        key
        for key in keys
        if key not in DECIDED and any(_told(run, key) != _told(first, key) for run in runs)
    ]


def _told(settings: Settings, key: str) -> object:
    """Return the value of a key; None where it is missing or is empty."""
    value = settings.get(key)
    return None if value in ({}, []) else value
