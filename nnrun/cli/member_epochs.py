"""The epochs of an ensemble, counted over all of its members."""

from nnrun.training.backend import keras


class OfAllMembers(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts the epochs of an ensemble: those of a member follow those of the former one.

    Attributes:
        epochs_before: The epochs of the former members, each of which may have ended early.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epochs_before = 0
        self._members = 0

    def on_train_begin(self, *_: object) -> None:
        """Begin with the next member, of which Keras tells how many epochs it has."""
        self.epochs_before = self._members * int(self.params["epochs"])
        self._members += 1
