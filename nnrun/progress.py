"""Progress on stderr while a run trains: a bar on a terminal, a line per tenth of the run elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nnrun.backend import keras
from nnrun.engine import Logs
from nnrun.report import describe_metrics

LINES = 10  # how many lines a run prints where stderr is no terminal


@contextmanager
def progress(epochs: int, *, quiet: bool) -> Iterator[tuple[Any, ...]]:
    """Yield the Keras callbacks that show progress on this stderr; the terminal is left tidy."""
    if quiet or not sys.stderr.isatty():
        yield () if quiet else (_Lines(),)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    with Progress(
        TextColumn("epoch {task.fields[epoch]}/" + str(epochs), table_column=Column(no_wrap=True)),
        BarColumn(bar_width=10),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[logs]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
        console=Console(stderr=True),
        refresh_per_second=5,
        expand=True,
    ) as bar:
        yield (_Bar(bar),)


class _Lines(keras.callbacks.Callback):  # type: ignore[misc]
    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        done, epochs = epoch + 1, self.params["epochs"]
        if done == epochs or done * LINES // epochs > epoch * LINES // epochs:
            left = (time.monotonic() - self.began) / done * (epochs - done)
            ahead = f" ({left:.0f} s left)" if left >= 1 else ""
            print(f"epoch {done}/{epochs}: {describe_metrics(logs or {})}{ahead}", file=sys.stderr, flush=True)


class _Bar(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, bar: Any) -> None:
        super().__init__()
        self.bar, self.task = bar, bar.add_task("", total=None, epoch=1, logs="")

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch = epoch
        self.bar.update(self.task, epoch=epoch + 1, total=self.params["epochs"])

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self.bar.update(self.task, completed=self.epoch + (batch + 1) / self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}  # as `loss 0.012 (val 0.023), accuracy 0.987 (val 0.954)`, which fits in 80 columns
        held = {name: f" (val {logs[f'val_{name}']:.3g})" for name in logs if f"val_{name}" in logs}
        own = [f"{name} {logs[name]:.3g}{held.get(name, '')}" for name in logs if not name.startswith("val_")]
        self.bar.update(self.task, logs=", ".join(own))
