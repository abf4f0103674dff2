"""Values that a stranger could give each key of a config: derived from the schema, so that no key is forgotten."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from nnrun.config.schema import Config

SCHEMA = Config.model_json_schema()
COMMAND = "\x1b[2J\x9b2J\r\x07"  # clears a terminal, and rings
HOSTILE: list[Any] = [
    *[None, True, False, 0, -1, 1, 2, 2**31, 2**63, 10**30, 1e308, 0.5, -1.5, 1e-320],
    *[math.nan, math.inf, "", "a", "*", "^x$", "label", "age", COMMAND, "x" * 5_000],
    *["../x", "/proc/self/mem", [], ["a"], ["a", "a"], ["label"], ["age"], ["age", "dose"]],
    *[[[]], [None], [0.5] * 1_000, {}, {"a": 1}, {"": {}}, {"age": 1.0}, {COMMAND: COMMAND}],
]
"""Of every kind, whatever kind a key has; `age`, `dose` and `label` are columns."""

BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")

Schema = dict[str, Any]


class Forgery(NamedTuple):
    """A value of a key, and which key of which mapping within it was forged.

    Attributes:
        key: The key of the config, with a dot within `data` and `checkpoint`.
        place: The key, and the class and the argument that were forged.
        value: The value to write.
    """

    key: str
    place: str
    value: Any


def forgeries() -> Iterator[Forgery]:
    """Yield hostile values of every key, and of every argument of every class that it may name."""
    for key, schema in _keys(SCHEMA["properties"], ""):
        for place, value in _forged(schema, key):
            yield Forgery(key, place, value)


def keys_of_schema() -> list[str]:
    """Return every key of a config, those of a mapping behind a dot."""
    return [key for key, _ in _keys(SCHEMA["properties"], "")]


def _keys(properties: dict[str, Schema], before: str) -> Iterator[tuple[str, Schema]]:
    """Yield the keys and what they take; a mapping that a config always has is divided."""
    for name, schema in properties.items():
        if "$ref" in schema:
            yield from _keys(_resolved(schema)["properties"], f"{before}{name}.")
        else:
            yield f"{before}{name}", schema


def _resolved(schema: Schema) -> Schema:
    reference = schema.get("$ref")
    return SCHEMA["$defs"][reference.rpartition("/")[2]] if reference else schema


def _forged(schema: Schema, place: str) -> Iterator[tuple[str, Any]]:
    """Yield hostile values of a schema, each with the place that it forges."""
    for value in [*HOSTILE, *_edges(schema)]:
        yield place, value
    for form in _forms(schema):
        if "items" in form:
            for inner, value in _forged(form["items"], f"{place}[]"):
                yield inner, [value]
        for name, property_schema in form.get("properties", {}).items():
            argument = f"{place}.{form['title']}.{name}"
            for inner, value in _forged(property_schema, argument):
                yield inner, {**_least(form), name: value}


def _forms(schema: Schema) -> Iterator[Schema]:
    """Yield the forms that a value may have, none of which has several itself."""
    schema = _resolved(schema)
    if "anyOf" not in schema:
        yield schema
    for form in schema.get("anyOf", []):
        yield from _forms(form)


def _edges(schema: Schema) -> Iterator[Any]:
    """Yield the values that a schema names, and the numbers at its bounds and beyond them."""
    for form in _forms(schema):
        yield from form.get("enum", [])
        if "const" in form:
            yield form["const"]
        for bound in BOUNDS:
            if bound in form:
                yield from (form[bound] - 1, form[bound], form[bound] + 1)


def _least(schema: Schema) -> Any:
    """Return a value that the schema allows, and of a mapping the keys that it must have."""
    form = next(_forms(schema))
    if "properties" in form:
        return {name: _least(form["properties"][name]) for name in form.get("required", [])}
    if "enum" in form:
        return form["enum"][0]
    kinds = {"integer": 1, "number": 0.5, "string": "a", "array": [], "boolean": True, "null": None}
    return kinds.get(form.get("type"), {"epochs": [1, 2]})
