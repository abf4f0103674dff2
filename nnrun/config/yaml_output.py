"""YAML that is written: a whole config, or a name to paste into one."""

import json
import math
import re
from typing import Any

import yaml

from nnrun.config.places import YamlValue
from nnrun.config.yaml_scalars import parse_scalar

UNPRINTABLE = "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]"
"""Characters that JSON leaves as they are: YAML does not, or they reverse what is shown."""


def to_yaml(values: dict[str, Any]) -> str:
    """Return YAML that means the same, without the keys whose value is None.

    A mapping that is only a name is written as the name. A text stays in one line, however long,
    for a path is looked for as it is. Characters that reverse what is shown are escapes.

    Args:
        values: Mappings, lists and scalars, in the order in which they are written.
    """
    text = yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)
    return _escaped(text)  # which stand in double quotes, as all that is not printable


def in_yaml(name: str) -> str:
    """Return a name as it can be pasted into a config: quoted, unless it is a plain word.

    Args:
        name: Any text, such as a column's name in a stranger's table.
    """
    is_word = re.fullmatch(r"[A-Za-z_][\w-]*", name)
    if is_word and name.lower() not in ("true", "false", "null"):
        return name
    return in_quotes(name)


def in_quotes(text: str) -> str:
    """Return any text in double quotes, as YAML reads it.

    Args:
        text: Any text, a stranger's too: what no terminal should get is an escape.
    """
    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    """Return a text with escapes, as double quotes know them, in place of such characters."""
    return re.sub(UNPRINTABLE, _as_escape, text)


def _as_escape(character: re.Match[str]) -> str:
    code = ord(character[0])
    return f"\\u{code:04x}"


def in_flow(value: object) -> str:
    """Return a value in one line, its mappings in braces and its lists in brackets.

    Args:
        value: Mappings, lists and scalars.
    """
    text = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=True, width=math.inf
    )
    return text.removesuffix("...\n").strip()


class _Dumper(yaml.SafeDumper):
    def represent_data(self, data: YamlValue) -> yaml.Node:
        if isinstance(data, dict):
            data = {key: value for key, value in data.items() if value is not None}
            if set(data) == {"name"}:
                data = data["name"]
        return super().represent_data(data)

    def represent_scalar(
        self, tag: str, value: YamlValue, style: str | None = None
    ) -> yaml.ScalarNode:
        if tag == "tag:yaml.org,2002:str":
            style = _style_of(value)
        return super().represent_scalar(tag, value, style)


def _style_of(text: str) -> str | None:
    """Return the quotes that a text needs to be read as the same text."""
    if not text.isprintable():
        return '"'
    if isinstance(parse_scalar(text), str):
        return None
    return "'"
