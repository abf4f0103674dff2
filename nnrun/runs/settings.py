"""The settings of runs: the values of their configs by dotted keys, and which of them differ."""

import re
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

    Args:
        config: A mapping of plain values.
        keys: The place of the mapping in a larger one.
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
    if not isinstance(value, list):
        return False
    return all(isinstance(item, dict) for item in value)


def differing_keys(runs: Sequence[Settings]) -> list[str]:
    """Return the keys whose values are not the same in all runs, in the order of the config.

    Where a mapping or list has values in one run and none in another, the keys of these values tell
    it alone. `metrics: []` and no `metrics` are told apart.

    Args:
        runs: The settings of each run, as `settings_of` gives them.
    """
    keys: dict[str, None] = {}
    for settings in runs:
        keys |= dict.fromkeys(settings)
    parents: set[str] = set()
    for key in keys:
        parents.update(_parents_of(key))
    compared = [key for key in keys if key not in DECIDED]
    return [key for key in compared if _differs(key, runs, parents)]


def _parents_of(key: str) -> list[str]:
    """Return the keys of the mappings and lists that a key is in: `a` and `a[0]` of `a[0].b`."""
    parents = []
    for match in re.finditer(r"[.\[]", key):
        end = match.start()
        parents.append(key[:end])
    return parents


def _differs(key: str, runs: Sequence[Settings], parents: set[str]) -> bool:
    """Return whether a key has not the same value in all runs."""
    values = [_compared_value(run, key, parents) for run in runs]
    first = values[0]
    return any(value != first for value in values)


def _compared_value(settings: Settings, key: str, parents: set[str]) -> object:
    """Return the value of a key; None where it is missing, or is empty and a run has values in it.

    Args:
        settings: The settings of a run.
        key: The key.
        parents: The keys in which some run has values.
    """
    value = settings.get(key)
    if key in parents and value in ({}, []):
        return None
    return value
