"""The Keras model of a run in the format of another runtime, with names that say what it gives."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nnrun.results.network_outputs import INPUT_NAME, output_name
from nnrun.results.trained_run import TrainedRun
from nnrun.training.backend import keras, silenced, tf
from nnrun.training.keras_types import Model, Tensor
from nnrun.training.network_metadata import network_metadata, write_metadata
from nnrun.training.serving import build_serving_model

SQRT_HALF = 0.5**0.5
KERAS_FORMATS = {
    "saved_model": "tf_saved_model",
    "litert": "litert",
    "onnx": "onnx",
}


def write_model(trained: TrainedRun, form: str, path: Path) -> None:
    """Write the network of a run, from float32 (rows, inputs) to what `predict` gives.

    Args:
        trained: The run.
        form: One of KERAS_FORMATS.
        path: The file, or for saved_model the folder, to write. That of litert ends in .tflite.

    Raises:
        Exception: Keras or a converter refuses the network.
    """
    model = build_serving_model(trained)
    networks = _networks(model)
    if trained.config.data.normalize:
        _make_statistics_constant(networks)
    if form == "onnx":
        _express_activations(networks)
    named_outputs = {output_name(trained): model.outputs[0]}
    named_model = keras.Model(model.inputs, named_outputs)
    shape = (None, model.input_shape[-1])
    inputs = tf.TensorSpec(shape, tf.float32, name=INPUT_NAME)
    with silenced():
        named_model.export(
            path,
            format=KERAS_FORMATS[form],
            verbose=False,
            input_signature=[inputs],
        )
        write_metadata(path, form, network_metadata(trained))
        if form == "onnx":
            _check_onnx(path)


def _networks(model: Model) -> list[Model]:
    """Return the members of an ensemble, or the one network."""
    members = []
    for layer in model.layers:
        if isinstance(layer, keras.Sequential):
            members.append(layer)
    return members or [model]


def _make_statistics_constant(networks: list[Model]) -> None:
    """Make constants of the mean and variance of Normalization, each network's first layer.

    They are tensors that are neither constants nor variables; tf2onnx makes inputs of such.
    """
    for network in networks:
        normalization: Any = network.layers[0]
        normalization.mean = np.asarray(normalization.mean)
        normalization.variance = np.asarray(normalization.variance)


def _express_activations(networks: list[Model]) -> None:
    """Put equal functions in place of those that ONNX has no operation for."""
    equals = {
        keras.activations.celu: keras.activations.elu,
        keras.activations.gelu: _gelu,
    }
    for network in networks:
        for layer in network.layers:
            activation: Any = getattr(layer, "activation", None)
            if activation in equals:
                layer.activation = equals[activation]
            elif type(activation).__name__ == "Celu":
                layer.activation = partial(_celu, activation.alpha)


def _celu(alpha: float, x: Tensor) -> Tensor:
    """Return celu(x), where alpha elu(x / alpha) is alpha (exp(x / alpha) - 1) below 0."""
    return alpha * tf.nn.elu(x / alpha)


def _gelu(x: Tensor) -> Tensor:
    """Return gelu(x) by the error function, where Keras takes the complementary one."""
    return 0.5 * x * (1 + tf.math.erf(x * SQRT_HALF))


def _check_onnx(path: Path) -> None:
    """Raise an error where the file is not a valid ONNX: tf2onnx only logs what ONNX lacks."""
    from onnx.checker import check_model

    check_model(path)
