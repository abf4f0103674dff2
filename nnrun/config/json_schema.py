"""The config's JSON Schema, complete for editors: every key with a description, and with examples."""

import json
from pathlib import Path
from typing import Any

from nnrun.config.schema import Config


def config_schema() -> dict[str, Any]:
    """Return what pydantic knows of the config, with the texts of schema_texts.json where it knows none."""
    texts = json.loads(Path(__file__).with_name("schema_texts.json").read_text(encoding="utf-8"))
    schema: dict[str, Any] = Config.model_json_schema()
    _complete(schema, texts)
    return schema


def _complete(node: Any, texts: dict[str, dict[str, Any]]) -> None:
    properties = node.get("properties", {}) if isinstance(node, dict) else {}
    for name, value in properties.items():
        value.pop("title", None)  # the name, once more
        keys = (
            f"{node['title']}.{name}",
            name,
            name.rpartition("_")[2],
        )  # as in Keras: kernel_initializer
        found = {
            kind: known[key] for kind, known in texts.items() for key in keys[::-1] if key in known
        }
        properties[name] = found | value
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        _complete(child, texts)
