"""The epochs of a run, counted over all of its networks."""

from nnrun.training.backend import keras


class OfAllMembers(keras.callbacks.Callback):  # type: ignore[misc]
    """Counts the epochs of a run: those of a network follow those of the former one.

    Attributes:
        epochs_before: The epochs of the former networks, each of which may have ended early.
    """

    def __init__(self) -> None:
        super().__init__()
        self.epochs_before = 0
        self._epochs_here = 0  # of the network that is trained

    def on_train_begin(self, *_: object) -> None:
        """Begin with the next network, of which Keras tells how many epochs it has."""
        self.epochs_before += self._epochs_here
        self._epochs_here = int(self.params["epochs"])
