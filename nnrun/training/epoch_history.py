"""The history of a training under way: a row for every epoch that ended."""

import hashlib
from array import array
from pathlib import Path

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.files import atomic_path, named_errors, sync_file
from nnrun.ordinary_files import open_ordinary
from nnrun.runs.history import LARGEST_HISTORY, Logs, append_history, read_history
from nnrun.wording import first_line


class EpochHistory:
    """The logs of every epoch that ended, in memory and in history.csv.

    A row is appended to the file and to its hash, so that an epoch costs the same after a million
    of them. A checkpoint holds how far the file went and the hash of that part.

    Args:
        path: The history.csv, which is not opened yet.
        config: The config that is trained, which says what an epoch logs.

    Attributes:
        columns: The names of the quantities that every epoch logs.
    """

    def __init__(self, path: Path, config: Config) -> None:
        self.columns = list(config.logged)
        if config.reduce_lr_on_plateau:
            self.columns.append("learning_rate")  # this callback logs it
        self._values = array("d")  # of all rows, one after the other
        self._path = path
        self._size = 0
        self._digest = hashlib.sha256()

    @property
    def epochs(self) -> int:
        """The number of rows."""
        return len(self._values) // len(self.columns)

    def row(self, epoch: int) -> Logs:
        """Return the logs of an epoch in the order of `columns`.

        Args:
            epoch: The number of the epoch, from 1 to `epochs`.
        """
        end = epoch * len(self.columns)
        start = end - len(self.columns)
        values = self._values[start:end]
        return dict(zip(self.columns, values, strict=True))

    def add(self, logs: Logs) -> Logs:
        """Write the logs of one more epoch, and return them as plain numbers, in order.

        Args:
            logs: The quantities of `columns`, and perhaps others, as numbers or arrays of one.

        Raises:
            OSError: The file cannot be written, and is as it was.
        """
        row: Logs = {}
        for name in [*self.columns, *logs]:
            value = np.asarray(logs[name])  # F1Score gives an array of one
            row[name] = value.item()
        added = append_history(self._path, [row], self.epochs)
        self._digest.update(added)
        self._size += len(added)
        self._values.extend(row[name] for name in self.columns)
        return row

    def saved_part(self) -> tuple[int, str]:
        """Sync the file, and return its size in bytes and its SHA-256, for a checkpoint.

        Raises:
            OSError: The file cannot be written to the disk.
        """
        if self._size:
            with named_errors(self._path):
                sync_file(self._path)
        return self._size, self._digest.hexdigest()

    def go_on(
        self,
        source: Path,
        size: int,
        sha256: str,
        epochs: int,
    ) -> None:
        """Let history.csv be the part of `source` that a checkpoint tells of.

        Args:
            source: The history.csv beside the checkpoint, which may come from anybody.
            size: The bytes of that part.
            sha256: Its SHA-256.
            epochs: The number of its rows.

        Raises:
            RunError: The file is another.
        """
        content = b""
        try:
            if size:
                content = _read_part(source, size, sha256)
            with atomic_path(self._path) as temporary:
                temporary.write_bytes(content)
                self._take(temporary, epochs)
        except (ValueError, FileNotFoundError, RunError) as error:
            checkpoint = source.with_name("checkpoint.npz")
            reason = f"{source.name} is not the one that it goes on from: {first_line(error)}"
            raise RunError(f"{checkpoint}: cannot be read: {reason}; was it altered?") from None
        self._size = len(content)
        self._digest = hashlib.sha256(content)

    def replace(self, rows: list[Logs]) -> None:
        """Let history.csv have these rows alone, which an earlier version's checkpoint holds.

        Args:
            rows: The logs of every epoch that ended, each with the names of `columns`.
        """
        with atomic_path(self._path) as temporary:
            content = append_history(temporary, rows, 0)
        self._values = array("d")
        for row in rows:
            self._values.extend(row[name] for name in self.columns)
        self._size = len(content)
        self._digest = hashlib.sha256(content)

    def discard(self) -> None:
        """Remove a history.csv of epochs that ended before there was a checkpoint."""
        self._path.unlink(missing_ok=True)

    def _take(self, path: Path, epochs: int) -> None:
        """Take the rows of a file into memory, or raise a ValueError where they are others."""
        history = read_history(path)
        count = len(history["epoch"])
        if count != epochs:
            raise ValueError(f"it has {count} epochs, and the checkpoint {epochs}")
        if not epochs:
            self._values = array("d")
            return
        logged = [name for name in history if name in self.columns]
        if logged != self.columns:
            raise ValueError("its columns are not those of this training")
        columns = [history[name] for name in self.columns]
        table = np.stack(columns, axis=1)
        self._values = array("d", table.tobytes())


def _read_part(source: Path, size: int, sha256: str) -> bytes:
    """Return the first bytes of a file, or raise a ValueError where they are not as expected."""
    if size > LARGEST_HISTORY:
        raise ValueError(f"it is larger than {LARGEST_HISTORY >> 20} MiB")
    with open_ordinary(source) as file:
        content = file.read(size)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ValueError("its bytes are others")
    return content
