"""The config's JSON Schema, complete for editors: every key has a description, and examples."""

import ast
import inspect
import json
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from nnrun.config.schema import CheckpointOptions, Config, Data
from nnrun.config.split import Split
from nnrun.config.strict_model import Strict
from nnrun.config.sweep_plan import SweepPlan

Texts = dict[str, dict[str, Any]]
"""By `description` and `examples`: the text of each key."""


def config_schema() -> dict[str, Any]:
    """Return the schema that pydantic makes, with the texts of schema_texts.json in its gaps."""
    texts = _read_texts("schema_texts")
    for model in (Config, Data, Split, CheckpointOptions, SweepPlan):
        texts["description"] |= _docstrings(model)
    schema: dict[str, Any] = Config.model_json_schema()
    for node in objects(schema):
        _complete(node, texts)
    _describe_values(schema, "", _read_texts("value_texts"))
    return schema


def _read_texts(name: str) -> dict[str, Any]:
    """Return what a file of texts beside this module holds."""
    path = Path(__file__).with_name(f"{name}.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _docstrings(model: type[Strict]) -> dict[str, str]:
    """Return the string below each field of a model, by `Model.field`.

    pydantic's `use_attribute_docstrings` would read the source again at every start of a command.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    docstrings = {}
    for field, text in pairwise(tree.body[0].body):  # type: ignore[attr-defined]  # of the class
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(docstring))),
            ):
                docstrings[f"{model.__name__}.{name}"] = docstring
    return docstrings


def objects(node: object) -> Iterator[dict[str, Any]]:
    """Yield every mapping in a tree of JSON that has properties.

    Args:
        node: Mappings, lists and scalars, as JSON has them. The mappings are yielded, not copies.
    """
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        children = list(node.values())
    else:
        children = node if isinstance(node, list) else []
    for child in children:
        yield from objects(child)


def _complete(node: dict[str, Any], texts: Texts) -> None:
    """Give each property the texts that are known of it, and no title, which repeats its name."""
    model = node.get("title")
    for name, value in node["properties"].items():
        value.pop("title", None)
        ending = name.rpartition("_")[2]  # as in Keras, kernel_initializer is an initializer
        described = dict(value)
        for kind, by_key in texts.items():
            for key in (ending, name, f"{model}.{name}"):
                if key in by_key:
                    described[kind] = by_key[key]
        if "description" in described:  # a docstring may have several lines
            words = described["description"].split()
            described["description"] = " ".join(words)
        node["properties"][name] = described


def _describe_values(node: object, key: str, texts: dict[str, str]) -> None:
    """Give each choice of texts a description of every value, which editors show beside it.

    Args:
        node: A part of the schema.
        key: The key of the config that the part is of.
        texts: Descriptions by `key.value`, or by the value alone where it means one thing.
    """
    if isinstance(node, list):
        for part in node:
            _describe_values(part, key, texts)
    if not isinstance(node, dict):
        return
    if "enum" in node:
        _describe_choices(node, key, texts)
    if "const" in node:
        node["description"] = texts[f"{key}.{node['const']}"]
    for name, part in list(node.items()):
        if name == "properties":
            for property_name, value in part.items():
                _describe_values(value, property_name, texts)
        else:
            _describe_values(part, key, texts)


def _describe_choices(node: dict[str, Any], key: str, texts: dict[str, str]) -> None:
    """Give a choice of texts their descriptions, unless none of them has one."""
    descriptions = []
    for value in node["enum"]:
        own = texts.get(f"{key}.{value}")
        descriptions.append(own or texts.get(value, ""))
    if any(descriptions):
        node["enumDescriptions"] = descriptions
