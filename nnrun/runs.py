"""Run directories: every file name of one in one place."""

import csv
import itertools
import math
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from nnrun.errors import RunError
from nnrun.files import sha256, write_json

FILES = ("config.yaml", "encoding.json", "history.csv", "metrics.json", "model.keras", "run.json")
CHECKED = ("config.yaml", "encoding.json", "model.keras")


class RunInfo(BaseModel, extra="allow"):
    """What run.json says, as far as commands read it."""

    status: str
    started: str = ""
    epochs: int = 0
    best_epoch: int = 0
    data: dict[str, dict[str, str | int]] = {}
    checksums: dict[str, str] = {}


class Run:
    """A run directory, all that training and prediction share."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"  # every default filled in, paths absolute
        self.encoding = path / "encoding.json"  # the encoder
        self.model = path / "model.keras"  # a plain keras.Sequential
        self.history = path / "history.csv"  # a row per epoch
        self.metrics = path / "metrics.json"  # the finished run's
        self.info = path / "run.json"  # status, versions, seed, data fingerprints, checksums
        self.tensorboard = path / "tensorboard"  # where the config asks for it

    def read_info(self) -> RunInfo:
        """Return what run.json holds, or raise a RunError where the directory is no run."""
        if not self.info.is_file():
            what = "is no run directory: it has no run.json" if self.path.exists() else "does not exist"
            raise RunError(f"{self.path}: {what}; give what `nnrun train` printed")
        try:
            return RunInfo.model_validate_json(self.info.read_bytes())
        except (OSError, ValueError) as error:
            raise RunError(f"{self.info}: cannot be read: {str(error).splitlines()[0]}; was it altered?") from None

    def write_info(self, **changes: Any) -> None:
        """Change some entries of run.json."""
        known = self.read_info().model_dump() if self.info.exists() else {}
        write_json(self.info, {**known, **changes})

    def read_metrics(self) -> dict[str, float | None]:
        """Return what metrics.json holds; empty for an unfinished run."""
        with suppress(OSError, ValueError):
            return TypeAdapter(dict[str, float | None]).validate_json(self.metrics.read_bytes())
        return {}

    def best_epoch(self) -> tuple[int, str, float] | None:
        """Return the epoch with the least val_loss, or loss, in history.csv, which of the two it is, and that loss."""
        with suppress(OSError, ValueError, KeyError, TypeError, csv.Error):
            rows = csv.DictReader(self.history.read_text(encoding="utf-8").splitlines())
            by = "val_loss" if "val_loss" in (rows.fieldnames or ()) else "loss"
            losses = [(float(row[by]), int(row["epoch"])) for row in rows]
            loss, epoch = min(pair for pair in losses if math.isfinite(pair[0]))
            return epoch, by, loss
        return None

    def append_history(self, row: dict[str, float]) -> None:
        """Add an epoch to history.csv in one write; the first one brings the header."""
        with self.history.open("a", encoding="utf-8", newline="") as file:  # written when it is closed
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if not file.tell():
                writer.writeheader()
            writer.writerow(row)

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of each file that prediction reads."""
        return {name: sha256(self.path / name) for name in CHECKED}

    def verify(self) -> None:
        """Raise a RunError unless the run is finished and its files are as training left them."""
        info = self.read_info()
        if info.status != "finished":
            raise RunError(f"{self.path}: has no model yet: its status is {info.status!r}")
        if missing := [name for name in CHECKED if not (self.path / name).is_file()]:
            raise RunError(f"{self.path}: {', '.join(missing)} is missing")
        if altered := [name for name, found in self.checksums().items() if info.checksums.get(name) != found]:
            raise RunError(f"{self.path}: {', '.join(altered)} was altered since training")


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise a RunError where a run may not be written to `path`, since something stands there."""
    if any(path.iterdir()) if path.is_dir() else path.exists():
        Run(path).read_info()  # it is a run
        if not overwrite:
            raise RunError(f"{path}: exists; choose another with -o, or replace it with --overwrite")


def create_run(path: Path | None, stem: str, *, overwrite: bool) -> Run:
    """Make a run directory without a former run's files: `path`, or the first free of runs/STEM, runs/STEM-2, ..."""
    numbered, number = not path and not overwrite, itertools.count(2)
    path = path or Path("runs") / stem
    if not numbered:
        check_target(path, overwrite=overwrite)
    try:
        while True:
            with suppress(FileExistsError):  # of another run, perhaps made this very moment
                path.mkdir(parents=True, exist_ok=not numbered)
                break
            path = path.with_name(f"{stem}-{next(number)}")
        for name in FILES:
            (path / name).unlink(missing_ok=True)
    except OSError as error:
        hint = "; choose one with -o" if numbered else ""
        raise RunError(f"{path}: cannot be written: {error.strerror}{hint}") from None
    shutil.rmtree(path / "tensorboard", ignore_errors=True)
    return Run(path)
