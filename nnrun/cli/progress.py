"""Progress on stderr while a run trains: Keras callbacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from nnrun.cli.member_epochs import OfAllMembers
from nnrun.cli.notebook_bar import is_in_notebook, notebook_bar
from nnrun.cli.terminal import new_console, shows_progress, tell
from nnrun.cli.time_left import TimeLeft, shown_seconds
from nnrun.reporting.metrics_text import describe_metrics
from nnrun.wording import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

Logs = Mapping[str, float]

LINES = 10  # for a whole run, where stderr is not a terminal
LEAST_BAR = 10  # characters of the bar, however long the metrics are
LONGEST_TIME = len("59 min left")  # that is common
GAPS = 3  # characters between the four parts of the line


@contextmanager
def progress(
    epochs: int, *, quiet: bool, result_follows: bool = False
) -> Iterator[tuple[Any, ...]]:
    """Yield the Keras callbacks that show progress.

    A terminal has a bar, which goes when training has ended, and a notebook one below its cell; a
    file or pipe gets a line per tenth of the run.

    Args:
        epochs: How many epochs the finished run has, over all members of an ensemble.
        quiet: Whether there is no callback.
        result_follows: Whether the caller prints the last epoch, which is then not told here.
    """
    if quiet:
        yield ()
    elif is_in_notebook():
        yield (notebook_bar(epochs),)
    elif shows_progress():
        with _new_bar(new_console(), transient=result_follows) as bar:
            yield (_Bar(bar, epochs),)
    else:
        yield (_Lines(epochs, tell_last=not result_follows),)


class _Lines(OfAllMembers):
    """Prints a line at the end of every tenth of the run."""

    def __init__(self, epochs: int, *, tell_last: bool) -> None:
        super().__init__()
        self._epochs = epochs
        self._tell_last = tell_last
        self._time_left = TimeLeft(epochs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        done = self.epochs_before + epoch + 1
        self._time_left.end_epoch(done)
        if not self._is_told(done):
            return
        metrics = describe_metrics(logs or {})
        time_left = self._shown_time()
        with suppress(OSError):  # nobody may be reading any more, and the run goes on
            tell(f"epoch {done}/{self._epochs}: {metrics}{time_left}")

    def _is_told(self, done: int) -> bool:
        """Return whether a tenth of the run has ended with the epoch of this number."""
        if done == self._epochs and not self._tell_last:
            return False
        tenths = done * LINES // self._epochs
        tenths_before = (done - 1) * LINES // self._epochs
        return tenths > tenths_before

    def _shown_time(self) -> str:
        seconds = self._time_left.seconds()
        if seconds is None or seconds < 1:
            return ""
        return f" ({seconds:.0f} s left)"


class _Bar(OfAllMembers):
    """Moves a bar with every batch; metrics are those of the last epoch."""

    def __init__(self, bar: Progress, epochs: int) -> None:
        super().__init__()
        self._bar = bar
        self._task: TaskID = bar.add_task(
            "",
            total=epochs,
            epoch=1,
            left="",
            logs="",
        )
        self._time_left = TimeLeft(epochs)
        self._epoch = 0

    def on_epoch_begin(self, epoch: int, *_: object) -> None:
        self._epoch = self.epochs_before + epoch
        self._bar.update(self._task, epoch=self._epoch + 1)

    def on_train_batch_end(self, batch: int, **_: object) -> None:  # Keras passes `logs` by name
        share_of_epoch = (batch + 1) / self.params["steps"]
        completed = self._epoch + share_of_epoch
        left = shown_seconds(self._time_left.seconds())
        self._bar.update(self._task, completed=completed, left=left)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._time_left.end_epoch(self.epochs_before + epoch + 1)
        shown_logs = _short(logs or {}, self._room())
        self._bar.update(self._task, logs=shown_logs)

    def _room(self) -> int:
        """Return how many characters the metrics may take."""
        epochs = self._bar.tasks[0].total
        longest_count = len(f"epoch {epochs}/{epochs}")
        other_characters = longest_count + LONGEST_TIME + GAPS + LEAST_BAR
        return self._bar.console.width - other_characters


def _new_bar(console: Console, *, transient: bool) -> Progress:
    """Return a bar in one line, which takes what the metrics leave of the terminal's width."""
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.table import Column

    wide_column = Column(ratio=1, min_width=LEAST_BAR)
    whole_column = Column(no_wrap=True)
    return Progress(
        "epoch {task.fields[epoch]}/{task.total}",
        BarColumn(bar_width=None, table_column=wide_column),
        TextColumn("{task.fields[left]}"),
        TextColumn("{task.fields[logs]}", markup=False, table_column=whole_column),
        console=console,
        refresh_per_second=5,
        expand=True,
        transient=transient,
    )


def _short(logs: Logs, room: int) -> str:
    """Return `loss 0.12 (val 0.15), accuracy 0.98`: as many metrics as fit, each one whole.

    Args:
        logs: The metrics of an epoch.
        room: How many characters they may take.
    """
    text = ""
    for name, value in logs.items():
        if name.startswith("val_"):
            continue
        part = printable(_with_validation(name, value, logs))
        longer = f"{text}, {part}" if text else part
        if len(longer) > room:
            break
        text = longer
    return text


def _with_validation(name: str, value: float, logs: Logs) -> str:
    """Return a metric, and beside it that of validation if there is one."""
    validation = logs.get(f"val_{name}")
    if validation is None:
        return f"{name} {value:.3g}"
    return f"{name} {value:.3g} (val {validation:.3g})"
