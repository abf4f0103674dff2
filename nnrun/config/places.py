"""Places in a config: key paths, and how messages write them."""

from typing import Any

YamlValue = Any
"""A mapping, a list or a scalar, as YAML or pydantic give it: none of them is known yet."""

Keys = tuple[str | int, ...]
"""A key path, such as ("layers", 1, "activation")."""


def dotted(keys: Keys) -> str:
    """Return `layers[1].activation` for ("layers", 1, "activation").

    Args:
        keys: The keys of mappings and the indices of lists, from the outermost on; none give "".
    """
    path = ""
    for key in keys:
        if isinstance(key, int):
            path += f"[{key}]"
        else:
            path += f".{key}"
    return path.removeprefix(".")
