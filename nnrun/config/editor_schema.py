"""The config's JSON Schema as editors take it.

The YAML language server shows an example or a default that is a mapping as `[object Object]`, and a
snippet by its label.
"""

from typing import Any

import yaml

from nnrun.config.json_schema import config_schema, objects

WIDTH = 1_000  # of a label: it is one line


def editor_schema() -> dict[str, Any]:
    """Return the schema of the config in which mappings are offered as snippets."""
    schema = config_schema()
    for node in list(objects(schema)):
        for value in node["properties"].values():
            _offer_snippets(value)
    return schema


def _offer_snippets(value: dict[str, Any]) -> None:
    """Make snippets of the examples of a key that are mappings, and leave out such a default."""
    if isinstance(value.get("default"), dict):
        del value["default"]
    examples = value.pop("examples", [])
    others = [example for example in examples if not isinstance(example, dict)]
    mappings = [example for example in examples if isinstance(example, dict)]
    if others:
        value["examples"] = others
    if mappings:
        value["defaultSnippets"] = [_snippet(mapping) for mapping in mappings]


def _snippet(mapping: dict[str, Any]) -> dict[str, Any]:
    flow = yaml.safe_dump(mapping, default_flow_style=True, sort_keys=False, width=WIDTH)
    return {"label": flow.strip(), "body": mapping}
