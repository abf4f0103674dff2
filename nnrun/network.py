"""The network of a config, told by arithmetic, so that `check` and `show` need no TensorFlow."""

from math import log, prod
from typing import NamedTuple

from nnrun.config import Config
from nnrun.keras_names import Spec
from nnrun.storage import memory_bytes

BYTES_PER_ACTIVATION = 8  # float32, and its gradient
BYTES_PER_PARAMETER = 16  # float32 weights, gradients and up to two slots of the optimizer
# Steps: XLA compiles for 0.4 s where tracing takes 0.17, then saves 40 us a step, on quiet cores. On busy ones, in CPU
# time by tests/benchmarks/xla.py, it compiles for 1.2 to 1.5 s (2.5 with a smaller last batch) where tracing takes 0.4;
# a step without it and with it, of units, features, batch:
#   25-15-1, 28, 32     149 and 52 us     64-64-1, 28, 1024       650 and 567 us
#   64-64-1, 28, 32     163 and 62        512-256-1, 100, 256     3,643 and 3,319
#   25-15-1, 400, 32    180 and 96        1024-1024-1, 100, 128   15,350 and 11,845
#   128-64-1, 100, 128  357 and 229       25-15-1 with Dropout    174 and 698
# What compiling costs is soon won back by a large network too; only what draws random numbers is slower.
XLA_PAYS_FROM = 6_000


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
            shapes = [(units,)] * (spec["scale"] + spec["center"] + 2 * (kind == "BatchNormalization"))
        name = f"{kind} {spec['activation']}" if "activation" in spec else kind
        layers.append(LayerSummary(name, units, shapes))
    return layers


def oversize(config: Config, features: int, rows: int) -> str | None:
    """Return what is wrong with a network whose training does not fit in memory, or None."""
    layers, batch = summarize(config, features), min(config.batch_size, rows)
    parameters, units = sum(layer.parameters for layer in layers), sum(layer.units for layer in layers)
    needed, available = parameters * BYTES_PER_PARAMETER + units * batch * BYTES_PER_ACTIVATION, memory_bytes()
    if needed <= available:
        return None
    gib = f"{needed / 2**30:,.0f} GiB to train; {available / 2**30:,.0f} GiB are free"
    return f"{parameters:,} parameters and batches of {batch:,} need {gib}: use fewer units"


def weight_shapes(config: Config, features: int) -> dict[str, tuple[tuple[int, ...], str]]:
    """Return the shape and dtype of every weight, in Keras's order, by a name such as `layers[0].weights[1]`."""
    shapes: dict[str, tuple[tuple[int, ...], str]] = {}
    for i, layer in enumerate(summarize(config, features)):
        shapes |= {f"layers[{i}].weights[{j}]": (shape, "float32") for j, shape in enumerate(layer.shapes)}
    return shapes


def uses_xla(config: Config, rows: int) -> bool:
    """Return `jit_compile`, which for `auto` the number of training rows and the epochs decide."""
    pays = -(-rows // config.batch_size) * config.epochs >= XLA_PAYS_FROM
    random = any(spec["type"] in ("Dropout", "GaussianNoise") for spec in config.layers)  # three times slower with XLA
    return (pays and not random) if config.jit_compile == "auto" else config.jit_compile


def metric_arguments(config: Config, metric: Spec) -> Spec:
    """Return the `class` of a metric and its arguments; where the network gives logits, of one that takes these."""
    spec = {"class": config.metric_class(metric), **metric}
    if spec["class"] == "SparseCategoricalAccuracy":
        spec.pop("threshold", None)  # that of accuracy for two labels
    if config.from_logits and spec["class"] == "BinaryAccuracy":
        threshold = metric.get("threshold", 0.5)
        spec["threshold"] = log(threshold / (1 - threshold))  # its logit
    elif config.from_logits and not spec["class"].endswith("Accuracy"):  # that of several labels goes by the largest
        spec["from_logits"] = True
    return spec
