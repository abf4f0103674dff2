"""The signal that asks a training to stop."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType

from nnrun.signals import handled_signals


class StopRequest:
    """Remembers the signal that came, so that the training stops after the engine's current call.

    SIGINT, SIGTERM and SIGHUP are such signals. A second one stops the training at once.
    """

    def __init__(self) -> None:
        self.signal = 0
        """The number of the signal that came first, or 0."""
        self._is_held = False

    def watch(self) -> AbstractContextManager[None]:
        """Note the signals that stop a command while the body runs.

        Raises:
            KeyboardInterrupt: A second one came.
        """
        return handled_signals(self._note)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no further signal stop the body, which takes a moment.

        A KeyboardInterrupt while Keras writes a model leaves its file open, and ends in an error.
        """
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.signal and not self._is_held:
            raise KeyboardInterrupt
        self.signal = self.signal or number
