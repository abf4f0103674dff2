"""The network of a config, told by arithmetic, so that `check` and `show` need no TensorFlow."""

import math
from typing import NamedTuple

from nnrun.config.named import Spec
from nnrun.config.schema import Config

XLA_PAYS_FROM = 6_000
"""Steps from which XLA pays for a small network; a large one wins more by a step.

Measured by tests/benchmarks/xla.py on two quiet cores. With XLA the first epoch takes 0.5 s longer,
or 1 s where the last batch is smaller, which is compiled too. Of units, features and batch size:
the time of a step without XLA and with it, and the steps from which it pays.

  25-15-1, 400, 32    167 and 75 us, 6,235     64-64-1, 28, 1024       519 and 485 us, 13,686
  25-15-1, 28, 32     123 and 36, 5,384        512-256-1, 100, 256     2,024 and 1,802, 1,806
  64-64-1, 28, 32     151 and 42, 4,862        1024-1024-1, 100, 128   8,659 and 5,553, 144
  128-64-1, 100, 128  301 and 188, 4,846       25-15-1 with Dropout    161 and 640, never

On busy cores it paid from 7,700 to 10,400 steps.
"""

HALVED_BY = 100_000
"""So many parameters halve the number of steps from which XLA pays."""

RANDOM_LAYERS = ("Dropout", "GaussianNoise")
"""Layers that draw random numbers are three times slower with XLA."""


class LayerSummary(NamedTuple):
    """A layer of the network.

    Attributes:
        name: The name of its Keras class, and of its activation.
        units: The units that leave it.
        shapes: The shapes of its weights, in the order of Keras.
    """

    name: str
    units: int
    shapes: list[tuple[int, ...]]

    @property
    def parameters(self) -> int:
        """The number of numbers in the weights."""
        return sum(math.prod(shape) for shape in self.shapes)


def summarize(config: Config, features: int) -> list[LayerSummary]:
    """Return a summary of each layer of the config, given the number of features."""
    layers = []
    units = features
    for spec in config.layers:
        shapes = _shapes(spec, units)
        units = spec.get("units", units)
        layers.append(LayerSummary(_name(spec), units, shapes))
    return layers


def _name(spec: Spec) -> str:
    if "activation" not in spec:
        return str(spec["type"])
    return f"{spec['type']} {spec['activation']}"


def _shapes(spec: Spec, units: int) -> list[tuple[int, ...]]:
    """Return the shapes of a layer's weights, given the units that enter it."""
    kind = spec["type"]
    if kind == "Dense":
        kernel = (units, spec["units"])
        return [kernel, (spec["units"],)] if spec["use_bias"] else [kernel]
    if not kind.endswith("Normalization"):
        return []
    vectors = int(spec["scale"]) + int(spec["center"])
    if kind == "BatchNormalization":  # it keeps the mean and the variance of batches too
        vectors += 2
    return [(units,)] * vectors


def weight_shapes(config: Config, features: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the shape and dtype of every weight, in Keras's order.

    Their names are such as `layers[0].weights[1]`.
    """
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    for i, layer in enumerate(summarize(config, features)):
        for j, shape in enumerate(layer.shapes):
            shapes[f"layers[{i}].weights[{j}]"] = (shape, "float32")
    return shapes


def uses_xla(config: Config, features: int, rows: int) -> bool:
    """Return whether to compile with XLA; `auto` goes by the network and the number of steps.

    Args:
        config: The config, whose `jit_compile` says it or is `auto`.
        features: The number of inputs.
        rows: The number of training rows.
    """
    if config.jit_compile != "auto":
        return config.jit_compile
    if any(spec["type"] in RANDOM_LAYERS for spec in config.layers):
        return False
    steps = math.ceil(rows / config.batch_size) * config.epochs
    parameters = sum(layer.parameters for layer in summarize(config, features))
    return steps * (1 + parameters / HALVED_BY) >= XLA_PAYS_FROM


def metric_arguments(config: Config, metric: Spec) -> Spec:
    """Return the `class` of a metric and its arguments, those for logits included."""
    spec = {"class": config.metric_class(metric), **metric}
    if spec["class"] == "SparseCategoricalAccuracy":
        spec.pop("threshold", None)  # that of accuracy for two labels
    if not config.from_logits:
        return spec
    if spec["class"] == "BinaryAccuracy":
        threshold = metric.get("threshold", 0.5)
        spec["threshold"] = math.log(threshold / (1 - threshold))  # its logit
    elif not spec["class"].endswith("Accuracy"):  # that of several labels goes by the largest
        spec["from_logits"] = True
    return spec
