"""The signal that asks a training to stop."""

from contextlib import AbstractContextManager
from types import FrameType

from nnrun.signals import handled_signals


class StopRequest:
    """Remembers the signal that came, so that the training stops after the engine's current call.

    SIGINT, SIGTERM and SIGHUP are such signals. A second one stops the training at once.
    """

    def __init__(self) -> None:
        self.signal = 0
        """The number of the signal that came first, or 0."""

    def watch(self) -> AbstractContextManager[None]:
        """Note the signals that stop a command while the body runs."""
        return handled_signals(self._note)

    def _note(self, number: int, _: FrameType | None) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
