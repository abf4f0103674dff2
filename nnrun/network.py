"""The network of a config as numbers, told by arithmetic, so that `check` and `show` need no TensorFlow."""

from typing import NamedTuple

from nnrun.config import Config
from nnrun.storage import memory_bytes

BYTES_PER_PARAMETER = 16  # float32 weights, gradients and up to two slots of the optimizer


class LayerSummary(NamedTuple):
    """What Keras calls a layer, the units that leave it, its parameters."""

    name: str
    units: int
    parameters: int


def summarize(config: Config, features: int) -> list[LayerSummary]:
    """Return a summary of each layer of the config, given the number of features."""
    layers, units = [], features
    for spec in config.layers:
        kind, parameters = spec["type"], 0
        if kind == "Dense":
            parameters, units = (units + spec["use_bias"]) * spec["units"], spec["units"]
        elif kind.endswith("Normalization"):  # that of batches keeps their mean and variance too
            parameters = units * (spec["center"] + spec["scale"] + 2 * (kind == "BatchNormalization"))
        name = f"{kind} {spec['activation']}" if "activation" in spec else kind
        layers.append(LayerSummary(name, units, parameters))
    return layers


def oversize(config: Config, features: int) -> str | None:
    """Return what is wrong with a network whose training does not fit in memory, or None."""
    parameters = sum(layer.parameters for layer in summarize(config, features))
    needed, available = parameters * BYTES_PER_PARAMETER, memory_bytes()
    if needed <= available:
        return None
    gib = f"{needed / 2**30:,.0f} GiB to train; {available / 2**30:,.0f} GiB are free"
    return f"{parameters:,} parameters need {gib}: use fewer units"
