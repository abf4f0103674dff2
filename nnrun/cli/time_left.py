"""The time that a training has left, told once two epochs have ended."""

import time

MINUTE = 60
HOUR = 3_600


class TimeLeft:
    """Estimates how long a training goes on, from the epochs of this process.

    The first epoch is left out: it compiles what the others only run.

    Args:
        epochs: How many epochs the finished run has.
    """

    def __init__(self, epochs: int) -> None:
        self._epochs = epochs
        self._ends: list[tuple[int, float]] = []  # of the first epoch and the last: number, time

    def end_epoch(self, done: int) -> None:
        """Take note that an epoch has ended, of which there are now `done`.

        Args:
            done: The number of epochs that have ended, those before a resumption included.
        """
        end = (done, time.monotonic())
        self._ends = [*self._ends[:1], end]

    def seconds(self) -> float | None:
        """Return how many seconds are left, or None as long as no two epochs have ended."""
        if len(self._ends) < 2:
            return None
        (first, began), (last, ended) = self._ends
        epochs_left = self._epochs - last
        seconds_of_an_epoch = (ended - began) / (last - first)
        return seconds_of_an_epoch * epochs_left


def shown_seconds(seconds: float | None) -> str:
    """Return `12 s left`, `3 min left` or `1 h 20 min left`; "" where nothing is known.

    Args:
        seconds: What `TimeLeft.seconds` gave.
    """
    if seconds is None:
        return ""
    if seconds < MINUTE:
        return f"{seconds:.0f} s left"
    if seconds < HOUR:
        minutes = seconds / MINUTE
        return f"{minutes:.0f} min left"
    hours, rest = divmod(seconds, HOUR)
    minutes = rest / MINUTE
    return f"{hours:.0f} h {minutes:.0f} min left"
