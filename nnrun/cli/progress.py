"""Progress on stderr while a run trains: Keras callbacks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from nnrun.reporting.metrics_text import describe_metrics
from nnrun.training.backend import keras

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Logs = Mapping[str, float]

LINES = 10  # for a whole run, where stderr is no terminal


@contextmanager
def progress(epochs: int, *, quiet: bool) -> Iterator[tuple[Any, ...]]:
    """Yield the Keras callbacks that show progress.

    A terminal has a bar; a file or pipe gets a line per tenth of the run.

    Args:
        epochs: How many epochs the finished run has.
        quiet: Whether there is no callback.
    """
    if quiet:
        yield ()
    elif sys.stderr.isatty():
        with _new_bar() as bar:
            yield (_Bar(bar, epochs),)
    else:
        yield (_Lines(epochs),)


class _Lines(keras.callbacks.Callback):  # type: ignore[misc]
    """Prints a line at the end of every tenth of the run."""

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self._epochs = epochs
        self._began = time.monotonic()
        self._begun = 0  # epochs of this process, which may have resumed a run

    def on_epoch_begin(self, *_: object) -> None:
        self._begun += 1

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        done = epoch + 1
        if done * LINES // self._epochs > epoch * LINES // self._epochs:
            line = f"epoch {done}/{self._epochs}: {describe_metrics(logs or {})}"
            with suppress(OSError):  # nobody may be reading any more, and the run goes on
                print(line + self._time_left(done), file=sys.stderr, flush=True)

    def _time_left(self, done: int) -> str:
        per_epoch = (time.monotonic() - self._began) / self._begun
        left = per_epoch * (self._epochs - done)
        return f" ({left:.0f} s left)" if left >= 1 else ""


class _Bar(keras.callbacks.Callback):  # type: ignore[misc]
    """Moves a bar with every batch; metrics are those of the last epoch."""

    def __init__(self, bar: Progress, epochs: int) -> None:
        super().__init__()
        self._bar = bar
        self._task: TaskID = bar.add_task("", total=epochs, epoch=1, logs="")
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, *_: object) -> None:
        self._epoch = epoch
        self._bar.update(self._task, epoch=epoch + 1)

    def on_train_batch_end(self, batch: int, **_: object) -> None:  # Keras passes `logs` by name
        completed = self._epoch + (batch + 1) / self.params["steps"]
        self._bar.update(self._task, completed=completed)

    def on_epoch_end(self, _: int, logs: Logs | None = None) -> None:
        self._bar.update(self._task, logs=_short(logs or {}))


def _new_bar() -> Progress:
    """Return a bar in one line, as wide as the terminal, which cuts metrics that do not fit."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    room = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    return Progress(
        "epoch {task.fields[epoch]}/{task.total}",
        BarColumn(bar_width=10),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[logs]}", table_column=room),
        console=Console(stderr=True),
        refresh_per_second=5,
        expand=True,
    )


def _short(logs: Logs) -> str:
    """Return `loss 0.12 (val 0.15), accuracy 0.98`."""
    parts = []
    for name, value in logs.items():
        if name.startswith("val_"):
            continue
        part = f"{name} {value:.3g}"
        if f"val_{name}" in logs:
            part += f" (val {logs[f'val_{name}']:.3g})"
        parts.append(part)
    return ", ".join(parts)
