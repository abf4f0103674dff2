"""A loss that takes a loss of Keras of targets and predictions on another scale."""

from nnrun.training.backend import keras
from nnrun.training.keras_types import KerasObject


class DerivedLoss(keras.losses.Loss):  # type: ignore[misc]
    """Has the name, the reduction and the dtype of the loss that it takes.

    Args:
        loss: The loss of Keras, an instance.
    """

    def __init__(self, loss: KerasObject) -> None:
        super().__init__(
            name=loss.name,
            reduction=loss.reduction,
            dtype=loss.dtype,
        )
        self._loss = loss
