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
    texts = json.loads(Path(__file__).with_name("schema_texts.json").read_text(encoding="utf-8"))
    for model in (Config, Data, Split, CheckpointOptions, SweepPlan):
        texts["description"] |= _docstrings(model)
    schema: dict[str, Any] = Config.model_json_schema()
    for node in _objects(schema):
        _complete(node, texts)
    return schema


def _docstrings(model: type[Strict]) -> dict[str, str]:
    """Return the string below each field of a model, by `Model.field`.

    pydantic's `use_attribute_docstrings` would read the source again at every start of a command.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(model)))
    found = {}
    for field, text in pairwise(tree.body[0].body):  # type: ignore[attr-defined]  # of the class
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(docstring))),
            ):
                found[f"{model.__name__}.{name}"] = docstring
    return found


def _objects(node: object) -> Iterator[dict[str, Any]]:
    """Yield every mapping in a tree of JSON that has properties."""
    if isinstance(node, dict):
        if "properties" in node:
            yield node
        children = list(node.values())
    else:
        children = node if isinstance(node, list) else []
    for child in children:
        yield from _objects(child)


def _complete(node: dict[str, Any], texts: Texts) -> None:
    """Give each property the texts that are known of it, and no title, which repeats its name."""
    for name, value in node["properties"].items():
        value.pop("title", None)
        found = {}
        for kind, known in texts.items():
            # As in Keras, kernel_initializer is an initializer.
            for key in (name.rpartition("_")[2], name, f"{node.get('title')}.{name}"):
                if key in known:
                    found[kind] = known[key]
        described = value | found
        if "description" in described:  # a docstring may have several lines
            described["description"] = " ".join(described["description"].split())
        node["properties"][name] = described
