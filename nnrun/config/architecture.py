"""The network of a config by arithmetic alone, so that `check` and `show` need no TensorFlow."""

import math
from typing import NamedTuple

from nnrun.config.keras_catalog import ACTIVATION
from nnrun.config.named import Spec, changed_arguments
from nnrun.config.schema import Config


class LayerSummary(NamedTuple):
    """A layer of the network.

    Attributes:
        name: The Keras class, with the activation where it has one: `Dense relu`.
        units: The number of outputs of each row.
        shapes: The shapes of its weights, in the order of Keras.
    """

    name: str
    units: int
    shapes: list[tuple[int, ...]]

    @property
    def parameters(self) -> int:
        """The count of numbers in its weights."""
        return sum(math.prod(shape) for shape in self.shapes)


def summarize(config: Config, features: int) -> list[LayerSummary]:
    """Return a summary of each layer of the config, given the number of features.

    Args:
        config: The config, which has the layers.
        features: How many numbers the first layer takes.
    """
    layers = []
    units = features
    for spec in config.layers:
        shapes = _shapes(spec, units)
        units = spec.get("units", units)
        layers.append(LayerSummary(_name(spec), units, shapes))
    return layers


def _name(spec: Spec) -> str:
    """Return the class of a layer with its activation, whose changed arguments are shown."""
    if "activation" not in spec:
        return str(spec["type"])
    activation = spec["activation"]
    if isinstance(activation, str):
        return f"{spec['type']} {activation}"
    shown_arguments = []
    for argument, value in changed_arguments(ACTIVATION, activation).items():
        shown_arguments.append(f"{argument} {_shown(value)}")
    arguments = ", ".join(shown_arguments)
    return f"{spec['type']} {activation['name']} ({arguments})"


def _shown(value: object) -> str:
    """Return an argument as a config writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}"


def _shapes(spec: Spec, units: int) -> list[tuple[int, ...]]:
    """Return the shapes of a layer's weights, given the units that enter it."""
    kind = spec["type"]
    if kind == "Dense":
        kernel = (units, spec["units"])
        bias = (spec["units"],)
        return [kernel, bias] if spec["use_bias"] else [kernel]
    if kind in ("PReLU", "RMSNormalization"):
        return [(units,)]
    if kind not in ("BatchNormalization", "LayerNormalization"):
        return []
    vectors = int(spec["scale"]) + int(spec["center"])
    if kind == "BatchNormalization":  # it keeps the mean and the variance of batches too
        vectors += 2
    return [(units,)] * vectors


def weight_shapes(config: Config, features: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the shape and dtype of every weight, in Keras's order.

    Their names are such as `layers[0].weights[1]`, or `members[2].layers[0].weights[1]` of an
    ensemble.

    Args:
        config: The config, which has the layers.
        features: How many numbers the first layer takes.
    """
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    layers = summarize(config, features)
    for number in range(config.ensemble):
        prefix = member_prefix(config, number)
        for i, layer in enumerate(layers):
            for j, shape in enumerate(layer.shapes):
                name = f"{prefix}layers[{i}].weights[{j}]"
                shapes[name] = (shape, "float32")
    return shapes


def member_prefix(config: Config, number: int) -> str:
    """Return how the names of a member's weights begin, counted from 0; "" without an ensemble.

    Args:
        config: The config, which says how many members there are.
        number: The number of the member.
    """
    return f"members[{number}]." if config.ensemble > 1 else ""
