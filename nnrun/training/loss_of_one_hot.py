"""A loss of Keras that takes a target for each label, given the numbers of the labels."""

from nnrun.training.backend import keras
from nnrun.training.keras_types import KerasObject, Tensor


class LossOfOneHot(keras.losses.Loss):  # type: ignore[misc]
    """Takes a loss of targets that are 1 for the true label and 0 for the others.

    The targets stay numbers of labels, which take less memory, and Keras's sparse metrics get them
    as they are.

    Args:
        loss: The loss of Keras.
    """

    def __init__(self, loss: KerasObject) -> None:
        super().__init__(name=loss.name, reduction=loss.reduction, dtype=loss.dtype)
        self._loss = loss

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each row, float32 (rows,).

        Args:
            y_true: The numbers of the labels, (rows, 1).
            y_pred: What the network gives, (rows, labels).
        """
        ops = keras.ops
        labels = ops.cast(ops.squeeze(y_true, axis=-1), "int32")
        return self._loss.call(ops.one_hot(labels, y_pred.shape[-1], dtype=y_pred.dtype), y_pred)
