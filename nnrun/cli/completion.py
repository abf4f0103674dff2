"""What the shell completes besides paths: settings, columns of a table, and metrics of runs.

What cannot be read offers nothing: a completion has nowhere to tell of an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from nnrun.errors import NnrunError

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
Schema = dict[str, Any]

THRESHOLD_GOALS = ("f1", "balanced_accuracy", "cost=")
LISTS = ("layers", "metrics")
"""The keys whose items have keys of their own: layers.0.units."""


def complete_setting(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return settings that begin as what was typed: keys first, then the values of a key.

    Args:
        context: Has the arguments before, of which `config` is one.
        typed: The beginning of a setting, as `layers.0.un` or `optimizer=`.
    """
    from nnrun.config.json_schema import config_schema
    from nnrun.config.overrides import key_path

    schema = config_schema()
    key, equals, _ = typed.partition("=")
    if equals:
        path = key_path(key) or key
        parts = _node(schema, path.split("."))
        settings = [f"{key}={value}" for value in _values(parts)]
        return _beginning(typed, settings)
    names: Iterable[str] = _keys(schema, _given(context, "config"))
    if "[" in key:
        names = map(_in_brackets, names)
    settings = [f"{name}=" for name in names]
    return _beginning(typed, settings)


def complete_column(argument: str) -> Complete:
    """Return what completes the name of a column of the table that an argument names.

    Args:
        argument: The parameter of the command that names the table.
    """

    def complete(
        context: click.Context, _parameter: click.Parameter, typed: str
    ) -> list[CompletionItem]:
        table = _given(context, argument)
        names: list[str] = []
        with suppress(NnrunError, OSError, ValueError):
            from nnrun.config.schema import NULL_VALUES
            from nnrun.tables.table import open_table

            names = open_table(table or Path(), NULL_VALUES).columns
        return _beginning(typed, names)

    return complete


def complete_columns(argument: str) -> Complete:
    """Return what completes the last of several names of columns, which commas separate.

    Args:
        argument: The parameter of the command that names the table.
    """
    complete_one = complete_column(argument)

    def complete(
        context: click.Context, parameter: click.Parameter, typed: str
    ) -> list[CompletionItem]:
        before, comma, last = typed.rpartition(",")
        names = complete_one(context, parameter, last)
        return [CompletionItem(f"{before}{comma}{name.value}") for name in names]

    return complete


def complete_goal(
    _context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return what a threshold can be best at.

    Args:
        typed: The beginning of a goal, as `bal` of `balanced_accuracy`.
    """
    return _beginning(typed, THRESHOLD_GOALS)


def complete_metric_of_runs(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the metrics that any of the runs has which the command compares.

    Args:
        context: Has the runs before, and the folders of runs; without one, `runs` is meant.
        typed: The beginning of a metric's name.
    """
    named_before = context.params.get("runs") or ()
    paths = [*named_before, *context.args]
    folders = [Path(path) for path in paths] or [Path("runs")]
    names: list[str] = []
    with suppress(NnrunError, OSError, ValueError):
        from nnrun.runs.listing import known_metrics, list_runs

        for folder in folders:
            runs = list_runs(folder)
            names += known_metrics(runs)
    return _beginning(typed, dict.fromkeys(names))


def complete_metric(
    context: click.Context, _parameter: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Return the metrics that any run of the folder has.

    Args:
        context: Has the arguments before, of which the folder of the runs may be one.
        typed: The beginning of a metric's name.
    """
    names: list[str] = []
    with suppress(NnrunError, OSError, ValueError):
        from nnrun.runs.listing import known_metrics, list_runs

        folder = _given(context, "folder") or Path("runs")
        runs = list_runs(folder)
        names = known_metrics(runs)
    return _beginning(typed, names)


def _given(context: click.Context, argument: str) -> Path | None:
    """Return the path that an argument has so far; the last one is what is completed last.

    click leaves arguments unnamed behind an option whose value is to come.
    """
    unnamed: list[str] = context.args
    value = unnamed[-1] if unnamed else context.params.get(argument)
    return Path(value) if value else None


def _beginning(typed: str, words: Iterable[str]) -> list[CompletionItem]:
    """Return the words that begin as what was typed, or else those that do in another case."""
    candidates = list(words)
    matches = [word for word in candidates if word.startswith(typed)]
    if not matches:
        beginning = typed.casefold()
        matches = []
        for word in candidates:
            if word.casefold().startswith(beginning):
                matches.append(word)
    return [CompletionItem(word) for word in matches]


def _keys(schema: Schema, config: Path | None) -> Iterator[str]:
    """Yield the keys of every config, and those that the given one has within others."""
    for name in schema["properties"]:
        if name not in ("data", *LISTS):
            yield name
    for name in schema["$defs"]["Data"]["properties"]:
        yield f"data.{name}"
    with suppress(NnrunError, OSError, ValueError):
        from nnrun.config.yaml_reader import read_file

        yield from _inner_keys(read_file(config or Path()).values)


def _in_brackets(key: str) -> str:
    """Return a key such as layers.0.units as `layers[0].units`."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", key)


def _inner_keys(values: dict[str, Any]) -> Iterator[str]:
    """Yield keys such as optimizer.learning_rate and layers.0.units."""
    for key, value in values.items():
        if isinstance(value, dict) and key != "data":
            yield from _keys_below(key, value)
        if isinstance(value, list) and key in LISTS:
            for number, item in enumerate(value):
                yield from _keys_below(f"{key}.{number}", item)


def _keys_below(key: str, value: object) -> Iterator[str]:
    """Yield the keys that the mapping of a key has, with that key before them."""
    if isinstance(value, dict):
        for name in value:
            yield f"{key}.{name}"


def _node(schema: Schema, path: list[str]) -> list[Schema]:
    """Return the parts of the schema that describe what a dotted key names."""
    nodes = [schema]
    for key in path:
        below: list[Schema] = []
        for node in nodes:
            for part in _parts(node, schema):
                if key.isdigit() and "items" in part:
                    below.append(part["items"])
                elif key in part.get("properties", {}):
                    below.append(part["properties"][key])
        nodes = below
    described: list[Schema] = []
    for node in nodes:
        described += _parts(node, schema)
    return described


def _parts(node: Schema, schema: Schema) -> Iterator[Schema]:
    """Yield a node, what it refers to, and each of its alternatives."""
    if "$ref" in node:
        _, _, name = node["$ref"].rpartition("/")
        node = schema["$defs"][name]
    yield node
    for alternative in node.get("anyOf", []):
        yield from _parts(alternative, schema)


def _values(parts: list[Schema]) -> list[str]:
    """Return the values that the parts list, and their examples, as YAML has them."""
    texts: dict[str, None] = {}
    for part in parts:
        listed = [*part.get("enum", []), *part.get("examples", [])]
        if "const" in part:
            listed.append(part["const"])
        if part.get("type") == "boolean":
            listed += [True, False]
        for value in listed:
            if isinstance(value, bool):
                texts[str(value).lower()] = None
            elif isinstance(value, str | int | float):
                texts[str(value)] = None
    return list(texts)
