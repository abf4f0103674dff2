"""A bar below a notebook's cell while a run trains."""

from __future__ import annotations

import html
import sys
import time
from typing import Any

from nnrun.cli.member_epochs import OfAllMembers
from nnrun.cli.time_left import TimeLeft, shown_seconds
from nnrun.reporting.metrics_text import describe_metrics
from nnrun.runs.history import Logs
from nnrun.training.keras_types import KerasObject

KERNEL = "ZMQInteractiveShell"  # IPython's class in a notebook, as tqdm and rich know it
PAUSE = 0.2  # seconds between two changes of the bar: a browser shows each


def is_in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return False
    shell = ipython.get_ipython()
    return type(shell).__name__ == KERNEL


def notebook_bar(epochs: int) -> KerasObject:
    """Return the Keras callback that shows a bar for so many epochs.

    Args:
        epochs: How many epochs the finished run has, over all members of an ensemble.
    """
    return _NotebookBar(epochs)


class _NotebookBar(OfAllMembers):
    """Moves a bar of HTML with every batch; metrics are those of the last epoch.

    Args:
        epochs: How many epochs the finished run has, over all members of an ensemble.
    """

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._epochs = epochs
        self._time_left = TimeLeft(epochs)
        self._epoch = 0
        self._metrics = ""
        self._shown = 0.0
        self._output: Any = None

    def on_train_begin(self, *_: object) -> None:
        from IPython.display import display

        super().on_train_begin()
        if self._output is None:
            self._output = display(_bar(0, self._epochs, ""), display_id=True)

    def on_epoch_begin(self, epoch: int, *_: object) -> None:
        self._epoch = self.epochs_before + epoch

    def on_train_batch_end(self, batch: int, **_: object) -> None:  # Keras passes `logs` by name
        seconds = time.monotonic() - self._shown
        if seconds >= PAUSE:
            share_of_epoch = (batch + 1) / self.params["steps"]
            self._show(self._epoch + share_of_epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._time_left.end_epoch(self.epochs_before + epoch + 1)
        self._metrics = describe_metrics(logs or {})

    def on_train_end(self, *_: object, **__: object) -> None:
        self._show(self._epoch + 1)

    def _show(self, done: float) -> None:
        self._shown = time.monotonic()
        epoch = self._epoch + 1
        words = [f"epoch {epoch}/{self._epochs}"]
        if done < epoch:
            words.append(shown_seconds(self._time_left.seconds()))
        words.append(self._metrics)
        text = " · ".join(filter(None, words))
        self._output.update(_bar(done, self._epochs, text))


def _bar(done: float, epochs: int, text: str) -> object:
    from IPython.display import HTML

    bar = f'<progress value="{done:.3f}" max="{epochs}"></progress>'
    return HTML(f"{bar} {html.escape(text)}")
