"""Values that a key may have, for messages: those that editors show."""

import json
from pathlib import Path

from nnrun.config.places import Keys, YamlValue

_MODELS: dict[Keys, str] = {
    (): "Config",
    ("data",): "Data",
    ("data", "split"): "Split",
    ("checkpoint",): "CheckpointOptions",
    ("sweep",): "SweepPlan",
}
"""The model of each mapping of a config that is no Keras object."""


def example_of(keys: Keys) -> YamlValue:
    """Return a value that the key at the end of a path may have, or None where none is known.

    Args:
        keys: The key path, such as ("data", "target").

    Returns:
        A list or a mapping where one is among the examples, for these are what people mistake.
    """
    name = str(keys[-1]) if keys else ""
    model = _MODELS.get(keys[:-1])
    path = Path(__file__).with_name("schema_texts.json")
    texts = json.loads(path.read_text(encoding="utf-8"))
    key = f"{model}.{name}" if model else name
    values = texts["examples"].get(key, [None])
    for value in values:
        if isinstance(value, dict | list):
            return value
    return values[0]
