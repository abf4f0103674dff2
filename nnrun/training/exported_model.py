"""The Keras model of a run in the format of another runtime, with names that say what it gives."""

from pathlib import Path
from typing import Any

import numpy as np

from nnrun.results.network_outputs import INPUT_NAME, output_name
from nnrun.results.trained_run import TrainedRun
from nnrun.training.backend import keras, silenced, tf
from nnrun.training.keras_types import Model
from nnrun.training.serving import build_serving_model

KERAS_FORMATS = {"saved_model": "tf_saved_model", "litert": "litert", "onnx": "onnx"}


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
    if trained.config.data.normalize:
        _make_statistics_constant(model)
    named = keras.Model(model.inputs, {output_name(trained): model.outputs[0]})
    inputs = tf.TensorSpec((None, model.input_shape[-1]), tf.float32, name=INPUT_NAME)
    with silenced():
        named.export(path, format=KERAS_FORMATS[form], verbose=False, input_signature=[inputs])
        if form == "onnx":
            _check_onnx(path)


def _make_statistics_constant(model: Model) -> None:
    """Make constants of the mean and variance of Normalization, each network's first layer.

    They are tensors that are neither constants nor variables; tf2onnx makes inputs of such.
    """
    members = [layer for layer in model.layers if isinstance(layer, keras.Sequential)]
    for network in members or [model]:
        normalization: Any = network.layers[0]
        normalization.mean = np.asarray(normalization.mean)
        normalization.variance = np.asarray(normalization.variance)


def _check_onnx(path: Path) -> None:
    """Raise an error where the file is no valid ONNX: tf2onnx only logs what ONNX lacks."""
    from onnx.checker import check_model

    check_model(path)
