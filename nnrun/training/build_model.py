"""The model: a config and an encoder turned into a compiled, plain `keras.Sequential`."""

from typing import Any

from nnrun.config.architecture import metric_arguments, uses_xla
from nnrun.config.keras_catalog import Spec
from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.training.backend import keras

Model = Any  # a keras.Sequential; Keras has no types


def build_network(config: Config, encoder: Encoder) -> Model:
    """Return the layers that are trained: from float32 (batch, inputs) to (batch, targets), or (batch, labels)."""
    layers = [keras.Input((len(encoder.inputs),))]
    if config.data.normalize:
        mean, variance = ([getattr(f, key) for f in encoder.inputs] for key in ("mean", "variance"))
        layers.append(keras.layers.Normalization(mean=mean, variance=variance))
    layers += [make(keras.layers, spec, "type") for spec in config.layers]
    if config.rescales:
        layers.append(
            keras.layers.Rescaling(
                [t.scale for t in encoder.targets], [t.offset for t in encoder.targets]
            )
        )
    return keras.Sequential(layers)


def compile_model(model: Model, config: Config, rows: int) -> None:
    """Compile for this number of training rows, which decides with the epochs about `jit_compile: auto`."""
    model.compile(
        optimizer=make(keras.optimizers, config.optimizer),
        loss=make(keras.losses, config.loss),
        metrics=[
            make(keras.metrics, metric_arguments(config, metric), "class")
            for metric in config.metric_specs
        ],
        jit_compile=uses_xla(config, model.input_shape[-1], rows),
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
