"""The network of a config, told by arithmetic, so that `check` and `show` need no TensorFlow."""

from math import log, prod
from typing import NamedTuple

from nnrun.config.keras_catalog import Spec
from nnrun.config.schema import Config

# Steps of a small network, by tests/benchmarks/xla.py on two quiet cores: with XLA the first epoch takes 0.5 s longer,
# or 1 s where the last batch is smaller, which is compiled too. A step without it and with it, and from which one it
# pays, of units, features, batch:
#   25-15-1, 400, 32    167 and 75 us, 6,235     64-64-1, 28, 1024       519 and 485 us, 13,686
#   25-15-1, 28, 32     123 and 36, 5,384        512-256-1, 100, 256     2,024 and 1,802, 1,806
#   64-64-1, 28, 32     151 and 42, 4,862        1024-1024-1, 100, 128   8,659 and 5,553, 144
#   128-64-1, 100, 128  301 and 188, 4,846       25-15-1 with Dropout    161 and 640, never
# (On busy cores 7,700 to 10,400 steps.) A larger network wins more by a step: 100,000 parameters halve the number.
# What draws random numbers is slower with XLA.
XLA_PAYS_FROM, HALVED_BY = 6_000, 100_000


class LayerSummary(NamedTuple):
    """What Keras calls a layer, the units that leave it, the shapes of its weights in the order of Keras."""

    name: str
    units: int
    shapes: list[tuple[int, ...]]

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return sum(map(prod, self.shapes))


def summarize(config: Config, features: int) -> list[LayerSummary]:
    """Return a summary of each layer of the config, given the number of features."""
    layers, units = [], features
    for spec in config.layers:
        kind, shapes = spec["type"], []
        if kind == "Dense":
            bias = [(spec["units"],)] * spec["use_bias"]
            shapes, units = [(units, spec["units"]), *bias], spec["units"]
        elif kind.endswith("Normalization"):  # that of batches keeps their mean and variance too
            shapes = [(units,)] * (
                spec["scale"] + spec["center"] + 2 * (kind == "BatchNormalization")
            )
        name = f"{kind} {spec['activation']}" if "activation" in spec else kind
        layers.append(LayerSummary(name, units, shapes))
    return layers


def weight_shapes(config: Config, features: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the shape and dtype of every weight, in Keras's order, by a name such as `layers[0].weights[1]`."""
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    for i, layer in enumerate(summarize(config, features)):
        shapes |= {
            f"layers[{i}].weights[{j}]": (shape, "float32") for j, shape in enumerate(layer.shapes)
        }
    return shapes


def uses_xla(config: Config, features: int, rows: int) -> bool:
    """Return `jit_compile`, which for `auto` the network and the steps over this number of training rows decide."""
    steps = -(-rows // config.batch_size) * config.epochs
    parameters = sum(layer.parameters for layer in summarize(config, features))
    pays = steps * (1 + parameters / HALVED_BY) >= XLA_PAYS_FROM
    random = any(
        spec["type"] in ("Dropout", "GaussianNoise") for spec in config.layers
    )  # three times slower with XLA
    return (pays and not random) if config.jit_compile == "auto" else config.jit_compile


def metric_arguments(config: Config, metric: Spec) -> Spec:
    """Return the `class` of a metric and its arguments; where the network gives logits, of one that takes these."""
    spec = {"class": config.metric_class(metric), **metric}
    if spec["class"] == "SparseCategoricalAccuracy":
        spec.pop("threshold", None)  # that of accuracy for two labels
    if config.from_logits and spec["class"] == "BinaryAccuracy":
        threshold = metric.get("threshold", 0.5)
        spec["threshold"] = log(threshold / (1 - threshold))  # its logit
    elif config.from_logits and not spec["class"].endswith(
        "Accuracy"
    ):  # that of several labels goes by the largest
        spec["from_logits"] = True
    return spec
