"""Lines that messages offer to paste under `data`: each with its whole list, as it has to be."""

from collections.abc import Iterable, Sequence
from typing import Literal

from nnrun.config.schema import Data
from nnrun.config.yaml_output import in_quotes, in_yaml

ColumnsKey = Literal["drop", "categorical", "numeric_columns"]


def columns_line(data: Data, key: ColumnsKey, names: Iterable[str]) -> str:
    """Return the line that adds columns to those that a key names already.

    Args:
        data: The section of the config on tables.
        key: The key that takes the columns.
        names: The columns to add.
    """
    columns = _with(getattr(data, key), names)
    listed = ", ".join(map(in_yaml, columns))
    return f"`{key}: [{listed}]`"


def leave_out_line(data: Data, names: Sequence[str]) -> str:
    """Return the line that leaves columns out of the features.

    Args:
        data: The section of the config on tables.
        names: The columns to leave out.
    """
    if data.features is None:
        return columns_line(data, "drop", names)
    kept = [name for name in data.features if name not in names]
    listed = ", ".join(map(in_yaml, kept))
    return f"`features: [{listed}]`"


def null_values_line(data: Data, texts: Iterable[str]) -> str:
    """Return the line that adds texts to those that stand for missing cells.

    Args:
        data: The section of the config on tables.
        texts: The texts to add.
    """
    null_values = _with(data.null_values, texts)
    listed = ", ".join(map(in_quotes, null_values))
    return f"`null_values: [{listed}]`"


def _with(names: Iterable[str], added: Iterable[str]) -> list[str]:
    """Return both lists as one, each name once."""
    return list(dict.fromkeys([*names, *added]))
