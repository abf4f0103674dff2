"""A run's network in the formats of other runtimes, by Keras's own export."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import InputError, NnrunError
from nnrun.files import disk_error, named_errors, sync_folder
from nnrun.results.trained_run import load_run
from nnrun.training.backend import keras, silenced, tf
from nnrun.training.serving import build_serving_model
from nnrun.wording import first_line, how_to_install

if TYPE_CHECKING:
    from nnrun.training.keras_types import Model

KERAS_FORMATS = {"saved_model": "tf_saved_model", "litert": "litert", "onnx": "onnx"}
ONNX_PACKAGES = ("tf2onnx", "onnx")
ONNX_LACKS = ("celu", "gelu")  # tf2onnx has no operation for them


def export(run: Path, form: str, output: Path) -> list[str]:
    """Write the network that `predict` computes with. Nothing is left behind where that fails.

    Args:
        run: The run directory of a run that has a model.
        form: One of KERAS_FORMATS.
        output: The file, or for saved_model the folder, to write.

    Returns:
        The names of the inputs in their order.

    Raises:
        RunError: The path is no run, has no model, or its files were altered.
        InputError: A package is missing.
        NnrunError: The format lacks what the network needs.
        OSError: The output cannot be written.
    """
    if form == "onnx":
        _require_onnx()
    trained = load_run(run)
    if form == "onnx":
        _refuse_activations(run, trained.config)
    model = build_serving_model(trained)
    if trained.config.data.normalize:
        _make_statistics_constant(model)
    with named_errors(output), TemporaryDirectory(prefix=".tmp-", dir=output.parent) as temporary:
        network = Path(temporary, "network.tflite")  # the ending that Keras wants of that format
        try:
            _write(model, form, network)
        except Exception as error:  # Keras and the converters raise anything
            full_disk = disk_error(error, output)
            if full_disk:
                raise full_disk from None
            reason = f"Keras cannot export it as {form}: {first_line(error)}"
            raise NnrunError(f"{run}: {reason}") from None
        _move(network, output)
    return trained.encoder.input_names


def _require_onnx() -> None:
    if not all(importlib.util.find_spec(package) for package in ONNX_PACKAGES):
        raise InputError(f"--format onnx needs two more packages: {how_to_install('onnx')}")


def _refuse_activations(run: Path, config: Config) -> None:
    """Refuse activations that ONNX cannot say, before TensorFlow is busy with the network."""
    for number, layer in enumerate(config.layers):
        activation = layer.get("activation")
        if activation in ONNX_LACKS:
            reason = f"layers[{number}].activation: ONNX lacks {activation}"
            remedy = "export as litert or saved_model, or train with relu, elu or silu"
            raise NnrunError(f"{run}: {reason}; {remedy}")


def _make_statistics_constant(model: Model) -> None:
    """Make constants of the mean and variance of Normalization, each network's first layer.

    They are tensors that are neither constants nor variables; tf2onnx makes inputs of such.
    """
    members = [layer for layer in model.layers if isinstance(layer, keras.Sequential)]
    for network in members or [model]:
        normalization: Any = network.layers[0]
        normalization.mean = np.asarray(normalization.mean)
        normalization.variance = np.asarray(normalization.variance)


def _write(model: Model, form: str, path: Path) -> None:
    """Write the network to the path, and check what ONNX lacks: tf2onnx only logs that."""
    inputs = tf.TensorSpec((None, model.input_shape[-1]), tf.float32, name="inputs")
    keras_format = KERAS_FORMATS[form]
    with silenced():
        model.export(path, format=keras_format, verbose=False, input_signature=[inputs])
        if form == "onnx":
            from onnx.checker import check_model

            check_model(path)


def _move(network: Path, output: Path) -> None:
    """Move the file or folder to its place, once all of it is on the disk."""
    for path in (*network.rglob("*"), network):
        sync_folder(path)
    network.rename(output)
    sync_folder(output.parent)
