"""A loss of Keras that takes a target for each label, given the numbers of the labels."""

from nnrun.training.backend import keras
from nnrun.training.derived_loss import DerivedLoss
from nnrun.training.keras_types import Tensor


class LossOfOneHot(DerivedLoss):
    """Takes a loss of targets that are 1 for the true label and 0 for the others.

    The targets stay numbers of labels, which take less memory, and Keras's sparse metrics get them
    as they are.
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each row, float32 (rows,).

        Args:
            y_true: The numbers of the labels, (rows, 1).
            y_pred: What the network gives, (rows, labels).
        """
        ops = keras.ops
        labels = ops.cast(ops.squeeze(y_true, axis=-1), "int32")
        count = y_pred.shape[-1]
        targets = ops.one_hot(labels, count, dtype=y_pred.dtype)
        return self._loss.call(targets, y_pred)
