"""The config of a run: what is not a default, and all of it with every default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nnrun.config import keras_catalog as names
from nnrun.config.named import Named, Spec, argument_model
from nnrun.config.yaml_output import to_yaml
from nnrun.reporting.shareable import without_folder

if TYPE_CHECKING:
    from nnrun.config.schema import Config

SPECS = {
    "loss": names.LOSS,
    "optimizer": names.OPTIMIZER,
    "early_stopping": names.EARLY_STOPPING,
    "reduce_lr_on_plateau": names.REDUCE_LR,
}
"""The keys of a config that name one Keras object."""

LISTS = {"layers": names.LAYER}
"""The keys of a config that name several; metrics hold no defaults."""

TABLES = ("train", "validation", "test")


@dataclass(frozen=True)
class ConfigSection:
    """A config as YAML, its tables without their folders.

    Attributes:
        decided: What is not a default.
        whole: Every key.
    """

    decided: str
    whole: str


def config_section(config: Config) -> ConfigSection:
    """Return the config for the page.

    Args:
        config: The config of the run, with every default filled in.
    """
    decided = _without_folders(_decided(config))
    whole = _without_folders(config.model_dump())
    return ConfigSection(
        decided=to_yaml(decided),
        whole=to_yaml(whole),
    )


def _decided(config: Config) -> dict[str, Any]:
    """Return the config without keys and arguments whose value is the default."""
    values = config.model_dump(exclude_defaults=True)
    if config.data.in_memory is True:  # what `auto` came to be
        values["data"].pop("in_memory")
    if config.jit_compile is False:
        values.pop("jit_compile")
    for key, kind in SPECS.items():
        spec = values.get(key)
        if spec:
            values[key] = _without_defaults(kind, spec)
    for key, kind in LISTS.items():
        specs = values[key]
        values[key] = [_without_defaults(kind, spec) for spec in specs]
    return values


def _without_defaults(kind: Named, spec: Spec) -> Spec:
    """Return a Keras object with its name, and the arguments that are not defaults."""
    name = spec[kind.key]
    model = argument_model(kind, name)
    required = {}
    for key, field in model.model_fields.items():
        if field.is_required():
            required[key] = spec[key]
    shown = {kind.key: name, **required}
    defaults = model.model_validate(required).model_dump()
    for key, value in spec.items():
        if value != defaults.get(key):
            shown[key] = value
    return shown


def _without_folders(values: dict[str, Any]) -> dict[str, Any]:
    """Return the config in which each table has lost its folder."""
    data = dict(values["data"])
    for key in TABLES:
        if data.get(key):
            data[key] = without_folder(data[key])
    return {**values, "data": data}
