"""The history of a training under way: a row for every epoch that ended."""

from pathlib import Path

import numpy as np

from nnrun.config.schema import Config
from nnrun.files import atomic_path
from nnrun.runs.history import Logs, append_history


class EpochHistory:
    """The logs of every epoch that ended, in memory and in history.csv.

    Attributes:
        rows: The logs of each epoch, in the order of `columns`.
        columns: The names of the quantities that every epoch logs.
    """

    def __init__(self, path: Path, config: Config) -> None:
        self.rows: list[Logs] = []
        self.columns = list(config.logged)
        if config.reduce_lr_on_plateau:
            self.columns.append("learning_rate")  # this callback logs it
        self._path = path

    def add(self, logs: Logs) -> Logs:
        """Write the logs of one more epoch, and return them as plain numbers, in order."""
        row: Logs = {}
        for name in [*self.columns, *logs]:
            row[name] = np.asarray(logs[name]).item()  # F1Score gives an array of one
        append_history(self._path, [row], len(self.rows))
        self.rows.append(row)
        return row

    def replace(self, rows: list[Logs]) -> None:
        """Let history.csv have these rows alone."""
        self.rows = rows
        with atomic_path(self._path) as temporary:
            append_history(temporary, rows, 0)

    def discard(self) -> None:
        """Remove a history.csv of epochs that ended before there was a checkpoint."""
        self._path.unlink(missing_ok=True)
