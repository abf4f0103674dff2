"""A run's network in the formats of other runtimes, by Keras's own export."""

import importlib.util
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nnrun.errors import InputError, NnrunError
from nnrun.files import named_errors, sync_folder
from nnrun.results.trained_run import load_run
from nnrun.training.backend import silenced, tf
from nnrun.wording import first_line


def export(run: Path, form: str, output: Path) -> list[str]:
    """Write what `predict` computes as saved_model, litert or onnx, and return the names of the inputs in their order.

    Raises a RunError, an InputError where a package is missing, and an NnrunError where the format lacks what the
    network needs. Nothing is left behind then.
    """
    if form == "onnx" and not (
        importlib.util.find_spec("tf2onnx") and importlib.util.find_spec("onnx")
    ):
        raise InputError("--format onnx needs two more packages: pip install 'nnrun[onnx]'")
    trained = load_run(run)
    names, called = trained.encoder.input_names, form.replace("saved", "tf_saved")  # by Keras
    signature = [tf.TensorSpec((None, len(names)), tf.float32, name="inputs")]
    if (
        trained.config.data.normalize
    ):  # tensors that are neither constants nor variables, tf2onnx makes inputs of
        first = trained.serving.layers[0]
        first.mean, first.variance = np.asarray(first.mean), np.asarray(first.variance)
    with named_errors(output), TemporaryDirectory(prefix=".tmp-", dir=output.parent) as temporary:
        made = Path(temporary, "network.tflite")  # the ending that Keras wants of that format
        try:
            with silenced():
                trained.serving.export(
                    made, format=called, verbose=False, input_signature=signature
                )
                if form == "onnx":
                    from onnx.checker import check_model

                    check_model(made)  # what ONNX lacks, tf2onnx only logs
        except Exception as error:  # Keras and the converters raise what they like
            raise NnrunError(
                f"{run}: Keras cannot export it as {form}: {first_line(error)}"
            ) from None
        for path in (*made.rglob("*"), made):
            sync_folder(path)
        made.rename(output)
        sync_folder(output.parent)
    return names
