"""Progress on stderr while a run trains: a bar on a terminal, a line per tenth of the run elsewhere."""

import sys
import time
from typing import Any

from nnrun.backend import keras

LINES = 10  # how many lines a run prints where stderr is no terminal


def progress_callback(epochs: int) -> Any:
    """Return the Keras callback that shows progress on this stderr."""
    return _Bar(epochs) if sys.stderr.isatty() else _Lines(epochs)


def render(logs: dict[str, float] | None) -> str:
    """Return `loss 0.0123, accuracy 0.987`."""
    return ", ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())


class _Lines(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        done = epoch + 1
        if done == self.epochs or done * LINES // self.epochs > epoch * LINES // self.epochs:
            left = (time.monotonic() - self.began) / done * (self.epochs - done)
            ahead = f" ({left:.0f} s left)" if left >= 1 else ""
            print(f"epoch {done}/{self.epochs}: {render(logs)}{ahead}", file=sys.stderr, flush=True)


class _Bar(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.epochs = epochs

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self.bar = Progress(
            TextColumn("epoch {task.fields[epoch]}/" + str(self.epochs)),
            BarColumn(bar_width=20),
            TimeRemainingColumn(),
            TextColumn("{task.fields[logs]}"),
            console=Console(stderr=True),
            refresh_per_second=5,
        )
        self.steps = self.params["steps"]
        self.task = self.bar.add_task("", total=self.epochs * self.steps, epoch=1, logs="")
        self.bar.start()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.epoch = epoch
        self.bar.update(self.task, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        self.bar.update(self.task, completed=self.epoch * self.steps + batch + 1)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self.bar.update(self.task, completed=(epoch + 1) * self.steps, logs=render(logs))

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self.bar.stop()
