"""The names that columns have in the script, where polars would take theirs for a pattern."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nnrun.config.schema import Config, Data
from nnrun.config.split import Split
from nnrun.features.encoder import Encoder


class RenamedColumns(NamedTuple):
    """A config and an encoder in which the columns have the names that the script gives them.

    Attributes:
        config: The config.
        encoder: The encoder.
        names: The name in the script of each column that has another one in the table.
    """

    config: Config
    encoder: Encoder
    names: Mapping[str, str]


def with_plain_names(config: Config, encoder: Encoder) -> RenamedColumns:
    """Give other names to the columns whose names polars takes for a regular expression.

    It does so in each method of a series, so that a selector of the column does not help.

    Args:
        config: The config.
        encoder: Its encoder.

    Returns:
        Both with the new names, and the new names by the old ones; both as they are where every
        name is plain.
    """
    data = config.data
    used = [*encoder.column_names, *data.target, *data.drop, *config.columns_apart]
    names = _plain_names(used)
    if not names:
        return RenamedColumns(config, encoder, names)
    renamed_data = _renamed_data(data, names)
    renamed_config = config.model_copy(update={"data": renamed_data})
    renamed_encoder = _renamed(encoder, names)
    return RenamedColumns(renamed_config, renamed_encoder, names)


def _plain_names(used: Sequence[str]) -> dict[str, str]:
    """Return a name that no other column has for each that begins with ^ and ends with $."""
    names: dict[str, str] = {}
    for name in dict.fromkeys(used):
        is_pattern = name.startswith("^") and name.endswith("$")
        if not is_pattern:
            continue
        plain = name.strip("^$") or "column"
        while plain in used or plain in names.values():
            plain += "_"
        names[name] = plain
    return names


def _renamed_data(data: Data, names: Mapping[str, str]) -> Data:
    """Return the section of the config on tables with the new names."""
    changes: dict[str, object] = {}
    for key in ("target", "features", "drop", "columns"):
        changes[key] = _all(getattr(data, key), names)
    weight = data.sample_weight
    if weight is not None:
        changes["sample_weight"] = names.get(weight, weight)
    if data.split is not None:
        changes["split"] = _renamed_split(data.split, names)
    return data.model_copy(update=changes)


def _renamed_split(split: Split, names: Mapping[str, str]) -> Split:
    name = names.get(split.name, split.name)
    return split.model_copy(update={split.kind: name})


def _all(columns: list[str] | None, names: Mapping[str, str]) -> list[str] | None:
    """Return a list of columns with the new names, or None for a key that is left out."""
    if columns is None:
        return None
    return [names.get(column, column) for column in columns]


def _renamed(encoder: Encoder, names: Mapping[str, str]) -> Encoder:
    """Return the encoder with the new names."""
    features = []
    for feature in encoder.features:
        name = names.get(feature.name, feature.name)
        renamed_feature = feature.model_copy(update={"name": name})
        features.append(renamed_feature)
    targets = []
    for target in encoder.targets:
        name = names.get(target.name, target.name)
        renamed_target = target.model_copy(update={"name": name})
        targets.append(renamed_target)
    return encoder.model_copy(update={"features": features, "targets": targets})
