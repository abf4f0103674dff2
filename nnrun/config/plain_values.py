"""A config, or settings over one, as a program gives them: values of Python in place of YAML."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from nnrun.config.overrides import key_path, override, set_value
from nnrun.config.places import Keys, YamlValue, dotted
from nnrun.config.yaml_source import Place, YamlSource
from nnrun.errors import ConfigError
from nnrun.wording import received

Settings = Mapping[str, object] | Sequence[str]
"""Values over those of a config, by dotted keys; or texts, as --set takes them."""

MAX_DEPTH = 32  # as of a config in YAML
_PLAIN_TYPES = (bool, int, float, str)


def source_of(values: object, name: str, keys: Keys = ()) -> YamlSource:
    """Return values of Python as a source, whose places are all the name of an argument.

    Args:
        values: Mappings, sequences and scalars; NumPy's are taken as Python's, paths as text.
        name: The argument that gave them.
        keys: Where in the argument these values stand.

    Raises:
        ConfigError: A value is none that a config may hold.
    """
    plain = _plain(values, name, keys)
    place = Place(name, name)
    places = dict.fromkeys(_key_paths(plain), place)
    return YamlSource(name, plain, places, has_no_lines=True)


def with_settings(source: YamlSource, settings: Settings, argument: str) -> YamlSource:
    """Return a source with values set over its own.

    Args:
        source: The values before.
        settings: Values by dotted keys, or texts such as `epochs=50`.
        argument: The argument that gave them, or "" for keywords.

    Raises:
        ConfigError: A key or a value is wrong; every mistake is in it.
    """
    problems: list[str] = []
    for setting in settings:
        try:
            source = _with_setting(source, settings, setting, argument)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return source


def _with_setting(
    source: YamlSource, settings: Settings, setting: object, argument: str
) -> YamlSource:
    """Return the source with one setting over it: `key=value` as text, or a key of a mapping."""
    if not isinstance(setting, str):
        raise ConfigError(f"{argument}: a key must be text; received {received(setting)}")
    if not isinstance(settings, Mapping):
        return override(source, setting)
    name = f"{argument}[{setting!r}]" if argument else f"{setting}="
    path = key_path(setting)
    if path is None:
        raise ConfigError(f"{name}: a key has the form optimizer.learning_rate")
    return set_value(source, path, source_of(settings[setting], name))


def _plain(value: object, name: str, keys: Keys) -> YamlValue:
    """Return a value of Python as YAML would give it."""
    if len(keys) > MAX_DEPTH:
        raise ConfigError(f"{name}: values are nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, str) and not _is_text(value):
        rule = "a text must contain no half of a character, such as a lone surrogate"
        raise ConfigError(f"{name}: {rule}; received {received(value)}")
    if value is None or type(value) in _PLAIN_TYPES:
        return value
    if isinstance(value, Mapping):
        return _plain_mapping(value, name, keys)
    if isinstance(value, list | tuple):
        items = []
        for i, inner in enumerate(value):
            items.append(_plain(inner, name, (*keys, i)))
        return items
    if isinstance(value, str | Path):
        return str(value)
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:  # of NumPy
        return _plain(value.item(), name, (*keys, 0))
    rule = "a value of a config must be a mapping, a list, a number, a text, true, false or None"
    raise ConfigError(f"{_where(name, keys)}: {rule}; received {received(value)}")


def _plain_mapping(values: Mapping[object, object], name: str, keys: Keys) -> dict[Any, Any]:
    """Return a mapping of Python as YAML would give it."""
    mapping = {}
    for key, inner in values.items():
        below = (*keys, str(key))
        mapping[_key(key, name, keys)] = _plain(inner, name, below)
    return mapping


def _where(name: str, keys: Keys) -> str:
    """Return the name of an argument, with the place in it where this is not the whole of it."""
    return f"{name}: {dotted(keys)}" if keys else name


def _key(key: object, name: str, keys: Keys) -> str | int | float | bool:
    """Return the key of a mapping, which of class_weight is a label, such as 0."""
    if isinstance(key, int | float):
        return key
    if isinstance(key, str) and _is_text(key):
        return key
    where = _where(name, keys)
    raise ConfigError(f"{where}: a key must be text or a number; received {received(key)}")


def _is_text(value: str) -> bool:
    """Return whether a text can be written to a file."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _key_paths(value: YamlValue, keys: Keys = ()) -> Iterator[Keys]:
    """Yield the key path of a value and of all that it holds."""
    yield keys
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _key_paths(inner, (*keys, key))
    if isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _key_paths(inner, (*keys, i))
