"""Single values set over those of a config: `KEY=VALUE`, as --set takes them."""

import copy
import re
from dataclasses import replace
from typing import NamedTuple

from nnrun.config.places import Keys, YamlValue
from nnrun.config.yaml_reader import TextPlaces, check_characters, read_text
from nnrun.config.yaml_source import Place, YamlSource
from nnrun.errors import ConfigError
from nnrun.wording import counted


def override(source: YamlSource, text: str) -> YamlSource:
    """Return a source in which one value is set.

    Args:
        source: The values before.
        text: `KEY=VALUE`, with KEY dotted (`layers[0].units`, or `layers.0.units`) and VALUE in
            YAML.

    Raises:
        ConfigError: The text has another form, or KEY names nothing.
    """
    name = f"--set {text}"
    places = TextPlaces(name, has_lines=False)
    check_characters(text, places)
    key, equals, value = text.partition("=")
    path = key_path(key)
    if not equals or path is None:
        raise ConfigError(f"{name}: the form is KEY=VALUE, as in optimizer.learning_rate=0.01")
    return set_value(source, path, read_text(value, places))


def set_value(source: YamlSource, path: str, new: YamlSource) -> YamlSource:
    """Return a source in which one value is another one.

    Args:
        source: The values before.
        path: Which value, as `layers.0.units`.
        new: The value, whose name is the argument that gave it.

    Raises:
        ConfigError: The path names nothing.
    """
    values = copy.deepcopy(source.values)
    target = _find(values, path.split("."), new.name)
    target.parent[target.keys[-1]] = new.values
    places = _new_places(source, target.keys, new)
    return replace(source, values=values, places=places)


def key_path(key: str) -> str | None:
    """Return a key with dots alone, as `layers.0.units` for `layers[0].units`; None for no key.

    Args:
        key: A key as --set or a program gives it.
    """
    path = re.sub(r"\[(\d+)\]", r".\1", key.strip())
    is_path = re.fullmatch(r"[^.\s]+(\.[^.\s]+)*", path)
    return path if is_path else None


class _Target(NamedTuple):
    """The collection that holds a value, and the value's key path."""

    parent: YamlValue
    keys: Keys


def _find(values: YamlValue, parts: list[str], name: str) -> _Target:
    """Return the target that the parts of a dotted key name, making the mappings on the way."""
    keys: Keys = ()
    parent: YamlValue = values
    value: YamlValue = values
    for part in parts:
        if isinstance(value, str):  # optimizer: adam, then --set optimizer.learning_rate=...
            is_layer = keys[0] == "layers" and len(keys) == 2
            value = {"type" if is_layer else "name": value}
            parent[keys[-1]] = value
        parent = value
        key = _key_in(parent, part, name)
        keys += (key,)
        if isinstance(parent, dict):
            parent.setdefault(key, {})
        value = parent[key]
    return _Target(parent, keys)


def _key_in(parent: YamlValue, part: str, name: str) -> str | int:
    """Return a part of a dotted key as the key of a mapping or the number of a list's item."""
    if isinstance(parent, dict):
        return part
    if isinstance(parent, list):
        if part.isdigit() and int(part) < len(parent):
            return int(part)
        items = counted(len(parent), "item")
        received = f"a list of {items}, whose numbers begin at 0"
    else:
        received = repr(parent)
    raise ConfigError(f"{name}: {part!r} names nothing in {received}")


def _new_places(source: YamlSource, keys: Keys, new: YamlSource) -> dict[Keys, Place]:
    """Return the places of a source in which the value at `keys` is a new one."""
    places_before = dict(source.places)
    for end in range(1, len(keys)):
        places_before.setdefault(keys[:end], Place(new.name, new.name))
    places = {}
    for path, place in places_before.items():
        is_replaced = path[: len(keys)] == keys
        if not is_replaced:
            places[path] = place
    for below, place in new.places.items():
        places[(*keys, *below)] = place
    places[keys] = Place(new.name, new.name, names_the_key=True)
    return places
