"""The model: a config and an encoder turned into a compiled, plain `keras.Sequential`."""

from math import log
from typing import Any

from nnrun.backend import keras
from nnrun.config import Config
from nnrun.encoding import Encoder
from nnrun.keras_names import Spec

Model = Any  # a keras.Sequential; Keras has no types

# Steps: XLA compiles for 0.4 s where tracing takes 0.17, then saves 40 us a step, on quiet cores. On busy ones, in CPU
# time by tests/benchmarks/xla.py, it compiles for 1.2 to 1.5 s (2.5 with a smaller last batch) where tracing takes 0.4;
# a step without it and with it, of units, features, batch:
#   25-15-1, 28, 32     149 and 52 us     64-64-1, 28, 1024       650 and 567 us
#   64-64-1, 28, 32     163 and 62        512-256-1, 100, 256     3,643 and 3,319
#   25-15-1, 400, 32    180 and 96        1024-1024-1, 100, 128   15,350 and 11,845
#   128-64-1, 100, 128  357 and 229       25-15-1 with Dropout    174 and 698
# What compiling costs is soon won back by a large network too; only what draws random numbers is slower.
XLA_PAYS_FROM = 6_000


def build_network(config: Config, encoder: Encoder) -> Model:
    """Return the layers that are trained: from float32 (batch, inputs) to (batch, targets), or (batch, labels)."""
    layers = [keras.Input((len(encoder.inputs),))]
    if config.data.normalize:
        mean, variance = ([getattr(f, key) for f in encoder.inputs] for key in ("mean", "variance"))
        layers.append(keras.layers.Normalization(mean=mean, variance=variance))
    layers += [make(keras.layers, spec, "type") for spec in config.layers]
    if config.rescales:
        layers.append(keras.layers.Rescaling([t.scale for t in encoder.targets], [t.offset for t in encoder.targets]))
    return keras.Sequential(layers)


def compile_model(model: Model, config: Config, rows: int) -> None:
    """Compile for this number of training rows, which decides with the epochs about `jit_compile: auto`."""
    pays = -(-rows // config.batch_size) * config.epochs >= XLA_PAYS_FROM
    random = any(spec["type"] in ("Dropout", "GaussianNoise") for spec in config.layers)
    model.compile(
        optimizer=make(keras.optimizers, config.optimizer),
        loss=make(keras.losses, config.loss),
        metrics=[_make_metric(metric, config) for metric in config.metric_specs],
        jit_compile=(pays and not random) if config.jit_compile == "auto" else config.jit_compile,
    )


def serving_model(model: Model, config: Config) -> Model:
    """Return the model that is saved and predicts: the same layers, ending in probabilities."""
    if not config.from_logits:
        return model
    last = keras.layers.Activation("sigmoid" if config.is_binary else "softmax")
    return keras.Sequential([keras.Input(model.input_shape[1:]), *model.layers, last])


def make(module: Any, spec: Spec, key: str = "name") -> Any:
    """Return an instance of the Keras class that a validated spec names."""
    arguments = {k: v for k, v in spec.items() if k != key}
    for name, value in arguments.items():
        if isinstance(value, dict):  # kernel_initializer and its like
            arguments[name] = make(getattr(keras, f"{name.rpartition('_')[2]}s"), value)
    if not hasattr(module, spec[key]):  # Python 3.10 gets Keras 3.12
        raise ValueError(f"Keras {keras.__version__} has no {spec[key]}")
    return getattr(module, spec[key])(**arguments)


def _make_metric(metric: Spec, config: Config) -> Any:
    """Return a Keras metric; where the model gives logits, one that takes them."""
    spec = {"class": config.metric_class(metric), **metric}
    if spec["class"] == "SparseCategoricalAccuracy":
        spec.pop("threshold", None)  # that of accuracy for two labels
    if config.from_logits and spec["class"] == "BinaryAccuracy":
        threshold = metric.get("threshold", 0.5)
        spec["threshold"] = log(threshold / (1 - threshold))  # its logit
    elif config.from_logits and not spec["class"].endswith("Accuracy"):  # that of several labels goes by the largest
        spec["from_logits"] = True
    return make(keras.metrics, spec, "class")
