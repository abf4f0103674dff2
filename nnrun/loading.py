"""Loading a config: YAML and --set, validated, with every mistake in one pass and in its place."""

import os
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nnrun.config import Config
from nnrun.errors import ConfigError, received
from nnrun.source import Keys, Reader, Source, dotted, read_source


def load_config(path: Path, overrides: tuple[str, ...] = ()) -> Config:
    """Load and validate a config, with overrides `KEY=VALUE` as --set takes them.

    Raises a ConfigError with every mistake, each with its place.
    """
    source = read_source(path)
    problems = []
    for text in overrides:
        try:
            apply_override(source, text)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    _resolve_paths(source)
    try:
        config = Config.model_validate(source.values)
    except ValidationError as error:
        raise ConfigError(_render(error, source)) from None
    config._source = source
    return config


def apply_override(source: Source, text: str) -> None:
    """Set one value, given as `KEY=VALUE` with KEY dotted (`layers[0].units`) and VALUE in YAML.

    Raises a ConfigError where `text` has no such form, or names no place in the config.
    """
    mark = f"--set {text}"
    source.overrides.append(mark)
    name, equals, value = text.partition("=")
    name = re.sub(r"\[(\d+)\]", r".\1", name.strip())
    if not equals or not re.fullmatch(r"[^.\s]+(\.[^.\s]+)*", name):
        raise ConfigError(f"{mark}: the form is KEY=VALUE, as in optimizer.learning_rate=0.01")
    parsed = Reader(mark, has_lines=False).read(value)
    keys: Keys = ()
    place: Any = source.values
    *parents, last = name.split(".")
    for part in parents:
        keys += (_step(place, part, mark),)
        if isinstance(place, dict) and part not in place:
            place[part] = {}
            source.marks[keys] = mark, mark
        if isinstance(place[keys[-1]], str):  # optimizer: adam, then --set optimizer.learning_rate=...
            place[keys[-1]] = {"type" if keys[0] == "layers" else "name": place[keys[-1]]}
        place = place[keys[-1]]
    keys += (_step(place, last, mark),)
    place[keys[-1]] = parsed
    kept = {k: places for k, places in source.marks.items() if k[: len(keys)] != keys}
    source.marks = {**kept, keys: (mark, mark)}


def _step(place: Any, part: str, mark: str) -> str | int:
    if isinstance(place, dict):
        return part
    if isinstance(place, list) and part.isdigit() and int(part) < len(place):
        return int(part)
    size = f"a list of {len(place)}, counted from 0" if isinstance(place, list) else repr(place)
    raise ConfigError(f"{mark}: {part!r} names nothing in {size}")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the config, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}


def _resolve_paths(source: Source) -> None:
    """Make the tables' paths absolute: from the config's folder, or for --set from the working one."""
    data: Any = source.values.get("data")
    for key in ("train", "validation", "test") if isinstance(data, dict) else ():
        if isinstance(data.get(key), str) and data[key]:
            given = source.locate(("data", key)) in source.overrides
            data[key] = os.path.abspath((Path() if given else Path(source.name).parent) / data[key])


_RULES = {
    "missing": "this key is required",
    **dict.fromkeys(("int_type", "int_from_float"), "must be a whole number"),
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text (quote it if need be)",
    "list_type": "must be a list",
    **dict.fromkeys(("dict_type", "model_type"), "must be a mapping"),
    "greater_than": "must be greater than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    **dict.fromkeys(("too_short", "string_too_short"), "must not be empty"),
    "finite_number": "must be a finite number",
}


def _render(error: ValidationError, source: Source) -> list[str]:
    """Return a line for each place with a mistake, in the order of the file: path, rule, received."""
    places: dict[Keys, list[Any]] = {}
    for e in error.errors(include_url=False):
        places.setdefault(_known_keys(e, source.values), []).append(e)
    # Of a union's members, the one that fits best has the deepest mistake.
    shallow = {keys[:end] for keys in places for end in range(1, len(keys))}
    deepest = sorted((keys for keys in places if keys not in shallow), key=source.order)
    return [_line(keys, places[keys], source) for keys in deepest]


def _line(keys: Keys, errors: list[Any], source: Source) -> str:
    kinds = {e["type"] for e in errors}
    if kinds <= _RULES.keys():
        rules = " or ".join(_RULES[e["type"]].format(**e.get("ctx", {})) for e in errors)
        message = rules.replace(" or must be ", " or ")
        if not kinds & {"missing", "too_short", "string_too_short"}:
            message += f"; received {received(errors[0]['input'])}"
    else:
        message = errors[0]["msg"]
    return f"{source.locate(keys, key='unknown_key' in kinds)}: {dotted(keys)}: {message}"


def _known_keys(error: Any, values: Any) -> Keys:
    """Return the error's location without what pydantic adds: the names of a union's members."""
    keys: Keys = ()
    for key in error["loc"]:
        if isinstance(values, dict) and (key in values or error["type"] in ("missing", "unknown_key")):
            values = values.get(key)
        elif isinstance(values, list) and isinstance(key, int):
            values = values[key]
        elif error["type"] != "missing":
            continue
        keys += (key,)
    return keys
