"""Write the table of the config's keys for docs/config.md, from the schema that editors read."""

import json
import re
from collections.abc import Iterator
from typing import Any

from nnrun.config.json_schema import config_schema

HEAD = "| key | what it says | default | examples |\n| --- | --- | --- | --- |"
PLAIN = r"[A-Za-z_<][\w/.>*-]*"  # texts that the example needs no quotes for


def key_table() -> str:
    """Return a Markdown table with a row for each key, those of `data` first."""
    schema = config_schema()
    tables = schema["$defs"]["Data"]
    rows = [*_rows(tables, "data."), *_rows(schema, "")]
    return "\n".join([HEAD, *rows])


def _rows(model: dict[str, Any], prefix: str) -> Iterator[str]:
    """Yield the row of each key of a model; `data` itself has rows of its own keys alone."""
    for key, value in model["properties"].items():
        if key == "data":
            continue
        cells = [
            f"`{prefix}{key}`",
            value["description"],
            _default(value, required=key in model["required"]),
            ", ".join(f"`{_yaml(example)}`" for example in value["examples"]),
        ]
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(value: dict[str, Any], *, required: bool) -> str:
    """Return what holds where a config lacks the key; a default that no value says is none."""
    if required:
        return "required"
    if value["default"] in (None, "", [], {}):
        return ""
    return f"`{_yaml(value['default'])}`"


def _yaml(value: object) -> str:
    """Return a value as it stands in a config, within one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(inner) for inner in value) + "]"
    if isinstance(value, str):
        return value if re.fullmatch(PLAIN, value) else json.dumps(value)
    return json.dumps(value)
