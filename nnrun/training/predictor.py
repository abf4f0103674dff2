"""A model run forward, in blocks of rows."""

from collections.abc import Callable

import numpy as np

from nnrun.features.matrix_store import Matrix
from nnrun.training.backend import tf
from nnrun.training.keras_types import Model

PREDICTION_ROWS = 16_384  # rows per call: some MB of activations, and no cost per row to speak of
ACTIVATIONS = 1 << 24  # of a layer at most: 64 MiB


def predictor(model: Model) -> Callable[[Matrix], Matrix]:
    """Return a function from float32 (rows, inputs) to the model's float32 (rows, outputs).

    Args:
        model: The model, which runs as it does where it is not trained.
    """
    block_shape = [None, *model.input_shape[1:]]
    block_spec = tf.TensorSpec(block_shape, tf.float32)
    call = tf.function(
        lambda block: model(block, training=False),
        input_signature=[block_spec],
    )
    widths = [layer.output.shape[-1] for layer in model.layers]
    rows_in_memory = ACTIVATIONS // max(widths)
    rows = max(1, min(PREDICTION_ROWS, rows_in_memory))

    def predict(x: Matrix) -> Matrix:
        outputs = []
        for start in range(0, max(1, len(x)), rows):
            end = start + rows
            tensor = call(x[start:end])
            outputs.append(tensor.numpy())
        return np.concatenate(outputs)

    return predict
