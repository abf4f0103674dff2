"""Progress on stderr while a run trains: Keras callbacks."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from nnrun.reporting.text import describe_metrics
from nnrun.training.backend import keras


@contextmanager
def progress(epochs: int, *, quiet: bool) -> Iterator[tuple[Any, ...]]:
    """Yield the Keras callbacks that show progress: a bar on a terminal, a line per tenth of the run elsewhere."""
    if quiet:
        yield ()
    elif sys.stderr.isatty():
        with _bar(epochs) as callback:
            yield (callback,)
    else:
        yield (_lines(epochs),)


def _lines(epochs: int) -> Any:
    began, begun = time.monotonic(), list[int]()

    def on_epoch_end(epoch: int, logs: Mapping[str, float]) -> None:
        done = epoch + 1
        if done * 10 // epochs > epoch * 10 // epochs:
            left = (time.monotonic() - began) / len(begun) * (epochs - done)
            ahead = f" ({left:.0f} s left)" if left >= 1 else ""
            with suppress(OSError):  # nobody may be reading any more, and the run goes on
                print(
                    f"epoch {done}/{epochs}: {describe_metrics(logs)}{ahead}",
                    file=sys.stderr,
                    flush=True,
                )

    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, _: begun.append(epoch), on_epoch_end=on_epoch_end
    )


@contextmanager
def _bar(epochs: int) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    metrics = TextColumn(
        "{task.fields[logs]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )
    columns = (
        "epoch {task.fields[epoch]}/{task.total}",
        BarColumn(bar_width=10),
        TimeRemainingColumn(compact=True),
    )
    with Progress(
        *columns, metrics, console=Console(stderr=True), refresh_per_second=5, expand=True
    ) as bar:
        task = bar.add_task("", total=epochs, epoch=1, logs="")

        def on_batch(batch: int, logs: Any) -> None:  # Keras passes `logs` by name
            epoch = bar.tasks[task].fields["epoch"] - 1
            bar.update(task, completed=epoch + (batch + 1) / callback.params["steps"])

        callback = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, _: bar.update(task, epoch=epoch + 1),
            on_train_batch_end=on_batch,
            on_epoch_end=lambda _, logs: bar.update(task, logs=_short(logs)),
        )
        yield callback


def _short(logs: Mapping[str, float]) -> str:
    held = {name: f" (val {logs[f'val_{name}']:.3g})" for name in logs if f"val_{name}" in logs}
    return ", ".join(
        f"{name} {logs[name]:.3g}{held.get(name, '')}"
        for name in logs
        if not name.startswith("val_")
    )
