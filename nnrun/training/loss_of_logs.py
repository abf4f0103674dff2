"""A loss of Keras taken on the scale of log(1 + y)."""

from nnrun.training.backend import keras
from nnrun.training.derived_loss import DerivedLoss
from nnrun.training.keras_types import Tensor

LEAST = -1 + 1e-6
"""The least prediction whose logarithm float32 holds: exp(x) - 1 rounds to -1 far below 0."""


class LossOfLogs(DerivedLoss):
    """Takes a loss of log(1 + target) and log(1 + prediction), both of which are in units.

    Keras's metrics get the same predictions, and therefore measure in the units of the table.
    """

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Return the loss of each row, float32 (rows,).

        Args:
            y_true: Numbers that are never negative, (rows, targets).
            y_pred: What the network gives, above -1, (rows, targets).
        """
        ops = keras.ops
        log_true = ops.log1p(ops.maximum(y_true, 0))
        log_pred = ops.log1p(ops.maximum(y_pred, LEAST))
        return self._loss.call(log_true, log_pred)
