"""Run directories: every file name of one in one place."""

import csv
import io
import json
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, cast

from nnrun.errors import RunError
from nnrun.files import sha256, write_json, write_text

FILES = ("config.yaml", "encoding.json", "history.csv", "metrics.json", "model.keras", "run.json")
CHECKED = ("config.yaml", "encoding.json", "model.keras")


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

    def read_info(self) -> dict[str, Any]:
        """Return what run.json holds.

        Raises:
            RunError: the directory is no run.
        """
        if not self.info.is_file():
            what = "is no run directory: it has no run.json" if self.path.is_dir() else "does not exist"
            raise RunError(f"{self.path}: {what}; give what `nnrun train` printed")
        return _read_json(self.info)

    def write_info(self, **changes: Any) -> None:
        """Change some entries of run.json."""
        known = self.read_info() if self.info.exists() else {}
        write_json(self.info, {**known, **changes})

    def read_metrics(self) -> dict[str, Any]:
        """Return what metrics.json holds, or an empty dict for an unfinished run."""
        return _read_json(self.metrics) if self.metrics.exists() else {}

    def append_history(self, row: dict[str, float]) -> None:
        """Add an epoch to history.csv in one write; the first one brings the header."""
        line = io.StringIO()
        writer = csv.DictWriter(line, list(row), lineterminator="\n")
        if not self.history.exists():
            writer.writeheader()
        writer.writerow(row)
        with self.history.open("a", encoding="utf-8", newline="") as file:
            file.write(line.getvalue())

    def checksums(self) -> dict[str, str]:
        """Return the SHA-256 of each file that prediction reads."""
        return {name: sha256(self.path / name) for name in CHECKED}

    def verify(self) -> None:
        """Check that the run is finished and its files are as training left them.

        Raises:
            RunError: a file is missing or altered, or training did not finish.
        """
        info = self.read_info()
        if info.get("status") != "finished":
            raise RunError(f"{self.path}: has no model yet: its status is {info.get('status')!r}")
        missing = [name for name in CHECKED if not (self.path / name).is_file()]
        if missing:
            raise RunError(f"{self.path}: {', '.join(missing)} is missing")
        expected = info.get("checksums")
        altered = [n for n, s in self.checksums().items() if not expected or expected.get(n) != s]
        if altered:
            raise RunError(f"{self.path}: {', '.join(altered)} was altered since training")


def check_target(path: Path, *, overwrite: bool) -> None:
    """Check that a run may be written to `path`.

    Raises:
        RunError: something stands there already.
    """
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists():
        if not (path / "run.json").is_file():
            raise RunError(f"{path}: exists and is no run directory; choose another with -o")
        if not overwrite:
            raise RunError(f"{path}: exists; choose another with -o, or replace it with --overwrite")


def create_run(path: Path | None, stem: str, *, overwrite: bool) -> Run:
    """Make a run directory: `path`, or the first of runs/STEM, runs/STEM-2, ... that is free.

    With `overwrite`, the files of the run that stands at `path` (or runs/STEM) are removed.
    """
    if path is None and not overwrite:
        return Run(_first_free(Path("runs"), stem))
    path = path or Path("runs") / stem
    check_target(path, overwrite=overwrite)
    try:
        path.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            (path / name).unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror}") from None
    return Run(path)


def start_run(run: Run, config_yaml: str, encoding: dict[str, Any], **info: Any) -> None:
    """Write what is known before training."""
    write_text(run.config, config_yaml)
    write_json(run.encoding, encoding)
    started = datetime.now(timezone.utc).isoformat(timespec="seconds")
    run.write_info(status="running", started=started, **info)


def _first_free(folder: Path, stem: str) -> Path:
    number = 1
    while True:
        path = folder / (stem if number == 1 else f"{stem}-{number}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            if folder.exists() and not folder.is_dir():
                raise RunError(f"{folder}: is a file; runs go into a folder of that name") from None
            number += 1
        except OSError as error:
            raise RunError(f"{path}: cannot be written: {error.strerror}; choose one with -o") from None
        else:
            return path


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: cannot be read: {error}") from None
