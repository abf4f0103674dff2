"""The settings in which the configs of several runs differ, as labels of curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from nnrun.reporting.shareable import without_folders_in
from nnrun.wording import short_number

MOST_SETTINGS = 4  # in a label
LEFT_OUT = {"in_memory", "jit_compile", "note", "tags"}
"""What no curve depends on: what `auto` comes to be, and what is said of a run."""

Settings = dict[str, Any]
"""Values by their dotted paths."""


def differing_settings(configs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return for each config the settings that the others have not all, as text.

    Args:
        configs: The configs as run.json has them.

    Returns:
        Texts such as `learning_rate 0.01, units 64-32-10`; "" where all configs are alike.
    """
    flat = list(map(_flattened, configs))
    paths: dict[str, None] = {}
    for settings in flat:
        paths.update(dict.fromkeys(settings))
    differing = [path for path in paths if _differs(path, flat)]
    shown = differing[:MOST_SETTINGS]
    return [_text(settings, shown) for settings in flat]


def _differs(path: str, flat: Sequence[Settings]) -> bool:
    first = flat[0].get(path)
    return any(settings.get(path) != first for settings in flat)


def _text(settings: Settings, paths: Sequence[str]) -> str:
    """Return the settings of some paths as one text, those that a config lacks left out."""
    texts = []
    for path in paths:
        if path in settings:
            name = _short_path(path)
            value = _shown(settings[path])
            texts.append(f"{name} {value}")
    return ", ".join(texts)


def _short_path(path: str) -> str:
    """Return the last name of a path; `optimizer.name` is the optimizer."""
    *parents, last = path.split(".")
    if parents and last == "name":
        return parents[-1]
    return last


def _shown(value: object) -> str:
    """Return a value as a label has it: true and false as YAML writes them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return short_number(value)
    return str(without_folders_in(value))


def _flattened(config: Mapping[str, Any], parent: str = "") -> Settings:
    """Return the values of a config by their paths; the layers are read as one text a property."""
    settings: Settings = {}
    for key, value in config.items():
        path = f"{parent}{key}"
        if key in LEFT_OUT:
            continue
        if key == "layers" and isinstance(value, list):
            settings |= _layer_settings(value)
        elif isinstance(value, dict):
            settings |= _flattened(value, f"{path}.")
        else:
            settings[path] = value
    return settings


def _layer_settings(layers: Sequence[Any]) -> Settings:
    """Return each argument of the layers as a text of all their values, as in `64-32-10`."""
    specs = [layer for layer in layers if isinstance(layer, dict)]
    arguments: dict[str, None] = {}
    for spec in specs:
        arguments.update(dict.fromkeys(spec))
    settings: Settings = {}
    for argument in arguments:
        texts = []
        for spec in specs:
            if argument in spec:
                texts.append(_argument_text(spec[argument]))
        settings[f"layers.{argument}"] = "-".join(texts)
    return settings


def _argument_text(value: object) -> str:
    """Return an argument of a layer; of a mapping its name and the arguments that are given."""
    if value is None:
        return "none"
    if not isinstance(value, dict) or "name" not in value:
        return _shown(value)
    name = value["name"]
    arguments = []
    for key, argument in value.items():
        if key != "name" and argument is not None:
            shown = _shown(argument)
            arguments.append(f"{key} {shown}")
    if not arguments:
        return str(name)
    listed_arguments = ", ".join(arguments)
    return f"{name}({listed_arguments})"
