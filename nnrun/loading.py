"""Loading a config: YAML and --set, validated, with every mistake in one pass and in its place."""

import os
import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from nnrun.config import Config
from nnrun.errors import ConfigError, received
from nnrun.source import Keys, Source, dotted, read_source


def load_config(path: Path, overrides: tuple[str, ...] = ()) -> Config:
    """Load a config with overrides `KEY=VALUE`, or raise a ConfigError with every mistake, each with its place."""
    source = read_source(path)
    _resolve_paths(source.values, path.parent)
    problems = []
    for text in overrides:
        try:
            _override(source, text)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    _resolve_paths(source.values, Path())  # those of --set
    try:
        config = Config.model_validate(source.values)
    except ValidationError as error:
        raise ConfigError(_render(error, source)) from None
    config._source = source
    return config


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the config, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}


def _override(source: Source, text: str) -> None:
    """Set one value, given as `KEY=VALUE` with KEY dotted (`layers[0].units`) and VALUE in YAML."""
    mark = f"--set {text}"
    name, equals, value = text.partition("=")
    name = re.sub(r"\[(\d+)\]", r".\1", name.strip())
    if not equals or not re.fullmatch(r"[^.\s]+(\.[^.\s]+)*", name):
        raise ConfigError(f"{mark}: the form is KEY=VALUE, as in optimizer.learning_rate=0.01")
    parsed = Source(mark, has_lines=False).read(value).values
    keys: Keys = ()
    place = parent = source.values
    for part in name.split("."):
        parent, in_list = place, isinstance(place, list)
        if not isinstance(parent, dict) and not (in_list and part.isdigit() and int(part) < len(parent)):
            size = f"a list of {len(parent)}, counted from 0" if in_list else repr(parent)
            raise ConfigError(f"{mark}: {part!r} names nothing in {size}")
        keys += (int(part) if in_list else part,)
        if isinstance(parent, dict) and part not in parent:
            parent[part] = {}
            source.marks[keys] = mark, mark
        place = parent[keys[-1]]
        if isinstance(place, str):  # optimizer: adam, then --set optimizer.learning_rate=...
            place = parent[keys[-1]] = {"type" if keys[0] == "layers" else "name": place}
    parent[keys[-1]] = parsed
    kept = {k: places for k, places in source.marks.items() if k[: len(keys)] != keys}
    source.marks = {**kept, keys: (mark, mark)}


def _resolve_paths(values: dict[str, Any], folder: Path) -> None:
    """Make the tables' paths absolute."""
    data: Any = values.get("data")
    for key in ("train", "validation", "test") if isinstance(data, dict) else ():
        if isinstance(data.get(key), str) and data[key]:
            data[key] = os.path.abspath(folder / data[key])


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
    found: dict[Keys, list[Any]] = {}
    for e in error.errors(include_url=False):
        found.setdefault(_known_keys(e, source.values), []).append(e)
    # Of a union's members, the one that fits best has the deepest mistake.
    shallow = {keys[:end] for keys in found for end in range(1, len(keys))}
    order = {place: i for i, (place, _) in enumerate(source.marks.values())}
    lines = []
    for keys in sorted(found, key=lambda keys: order.get(source.locate(keys), 0)):
        if keys in shallow:
            continue
        errors, kinds = found[keys], {e["type"] for e in found[keys]}
        message = errors[0]["msg"]
        if kinds <= _RULES.keys():
            rules = " or ".join(_RULES[e["type"]].format(**e.get("ctx", {})) for e in errors)
            message = rules.replace(" or must be ", " or ")
            if not kinds & {"missing", "too_short", "string_too_short"}:
                message += f"; received {received(errors[0]['input'])}"
        lines.append(f"{source.locate(keys, key='unknown_key' in kinds)}: {dotted(keys)}: {message}")
    return lines


def _known_keys(error: Any, values: Any) -> Keys:
    """Return the error's location without what pydantic adds: the names of a union's members."""
    keys: Keys = ()
    for key in error["loc"]:
        if isinstance(key, int) if isinstance(values, list) else isinstance(values, dict) and key in values:
            values = values[key]
        elif error["type"] != "missing":
            continue
        keys += (key,)
    return keys
