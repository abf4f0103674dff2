"""Run directories: every file name of one in one place."""

import csv
import itertools
import math
import shlex
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.encoder import Encoder
from nnrun.files import read_small, remove_temporaries, sha256, to_json, write_text
from nnrun.runs.info import RunInfo
from nnrun.wording import first_line

CHECKED = ("config.yaml", "encoding.json", "model.keras", "weights.npz")
FILES = (*CHECKED, "checkpoint.npz", "history.csv", "metrics.json", "run.json", "curves.png")


class Run:
    """A run directory, all that training and prediction share."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"  # every default filled in, paths absolute
        self.encoding = path / "encoding.json"  # the encoder
        self.model = (
            path / "model.keras"
        )  # a plain keras.Sequential, for others: nnrun never opens it
        self.weights = path / "weights.npz"  # the same weights, for predict and evaluate
        self.checkpoint = path / "checkpoint.npz"  # what resume goes on from
        self.history = path / "history.csv"  # a row per epoch
        self.metrics = path / "metrics.json"  # the finished run's
        self.curves = path / "curves.png"  # a picture of the history
        self.info = path / "run.json"  # status, versions, seed, data fingerprints, checksums
        self.tensorboard = path / "tensorboard"  # where the config asks for it

    def read_info(self) -> RunInfo:
        """Return what run.json holds, or raise a RunError where the directory is no run."""
        if not self.info.is_file():
            what = (
                "is no run directory: it has no run.json"
                if self.path.exists()
                else "does not exist"
            )
            raise RunError(f"{self.path}: {what}; give what `nnrun train` printed")
        levels = ("*", "*/*", "*/*/*")  # as deep as TensorBoard writes
        if strange := next(
            (p for level in levels for p in self.path.glob(level) if _leads_outside(p)), None
        ):
            raise RunError(
                f"{self.path}: links and devices are not followed; received {strange.name!r}"
            )
        try:
            return RunInfo.model_validate_json(read_small(self.info))
        except (OSError, ValueError) as error:
            raise RunError(
                f"{self.info}: cannot be read: {first_line(error)}; was it altered?"
            ) from None

    def load(self, *, trained: bool = False) -> tuple[RunInfo, Config, Encoder]:
        """Return what run.json, config.yaml and encoding.json hold; verify a run that has a model, or must have one."""
        info = self.read_info()
        if trained or info.status == "finished" or info.checksums:
            self.verify()
        return info, load_config(self.config), Encoder.load(self.encoding)

    def write_info(self, **changes: Any) -> None:
        """Change some entries of run.json."""
        write_text(self.info, self.changed_info(**changes))

    def changed_info(self, **changes: Any) -> str:
        """Return run.json with some entries changed."""
        return to_json({**(self.read_info().model_dump() if self.info.exists() else {}), **changes})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory while the body runs, or raise a RunError where another process does."""
        with (self.path / ".lock").open(
            "a"
        ) as lock:  # the system lets go of it when the process dies
            with suppress(ImportError, OSError):  # Windows, or a file system without locks
                import fcntl

                for again in (True, False):  # `status` may hold it for a moment
                    try:
                        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        break
                    except BlockingIOError:
                        if not again:
                            what = "another process is training this run; wait until it ends"
                            raise RunError(f"{self.path}: {what}") from None
                        time.sleep(0.05)
            yield

    def status(self, info: RunInfo) -> str:
        """Return the status; `stopped` where run.json says `running`, and nobody holds the directory."""
        if info.status == "running":
            try:
                import fcntl

                with (self.path / ".lock").open() as lock:
                    fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except (
                ImportError,
                OSError,
            ) as error:  # it is held, or this system has no locks to tell
                return "stopped" if isinstance(error, FileNotFoundError) else "running"
        return "stopped" if info.status == "running" else info.status

    def elsewhere(self, folder: Path) -> "Run":
        """Return a run in `folder` that goes on from this one's checkpoint, and leaves this one as it is."""
        other = Run(folder)
        for ours, theirs in ((self.encoding, other.encoding), (self.info, other.info)):
            shutil.copyfile(ours, theirs)
        other.checkpoint = self.checkpoint
        return other

    def read_metrics(self) -> dict[str, float | None]:
        """Return the metrics of the kept epoch, as metrics.json has them; none for an unfinished run."""
        with suppress(OSError, ValueError):
            known = TypeAdapter(dict[str, float | None]).validate_json(read_small(self.metrics))
            return {name: value for name, value in known.items() if name != "epoch"}
        return {}

    def best_epoch(self) -> tuple[int, str, float] | None:
        """Return the epoch with the least val_loss, or loss, in history.csv, which of the two it is, and that loss."""
        with suppress(OSError, ValueError, KeyError, TypeError, csv.Error):
            whole = (
                read_small(self.history).decode().rpartition("\n")[0]
            )  # a kill may leave half a row
            rows = csv.DictReader(whole.splitlines())
            by = "val_loss" if "val_loss" in (rows.fieldnames or ()) else "loss"
            losses = [(float(row[by]), int(row["epoch"])) for row in rows]
            loss, epoch = min(pair for pair in losses if math.isfinite(pair[0]))
            return epoch, by, loss
        return None

    def epochs(self) -> int:
        """Return how many epochs history.csv has."""
        with suppress(OSError):
            return max(0, read_small(self.history).count(b"\n") - 1)
        return 0

    def verify(self) -> None:
        """Raise a RunError unless the run has a model and its files are as training left them."""
        info = self.read_info()
        if not info.checksums:
            advice = f"wait until it is trained, or go on with: nnrun resume {shlex.quote(str(self.path))}"
            raise RunError(
                f"{self.path}: has no model yet: its status is {info.status!r}; {advice}"
            )
        if missing := [name for name in CHECKED if not (self.path / name).is_file()]:
            raise RunError(f"{self.path}: {', '.join(missing)} is missing")
        known = {name: (info.checksums.get(name), info.saving.get(name)) for name in CHECKED}
        if altered := [name for name in CHECKED if sha256(self.path / name) not in known[name]]:
            raise RunError(f"{self.path}: {', '.join(altered)} was altered since training")


def _leads_outside(path: Path) -> bool:
    special = (path.is_fifo, path.is_socket, path.is_block_device, path.is_char_device)
    return path.is_symlink() or any(is_it() for is_it in special)


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise a RunError where a run may not be written to `path`, since something stands there."""
    names = {p.name for p in path.iterdir()} if path.is_dir() else set()
    half_made = (
        {*FILES} - {"run.json"} if ".lock" in names else set()
    )  # by a process that was killed
    if {name for name in names - half_made if not name.startswith(".")} or (
        path.exists() and not path.is_dir()
    ):
        if "run.json" not in names:
            raise RunError(f"{path}: exists, and is no run directory; choose another with -o")
        Run(path).read_info()  # it is a run of nnrun's
        if not overwrite:
            raise RunError(
                f"{path}: exists; choose another with -o, or replace it with --overwrite"
            )


@contextmanager
def create_run(path: Path | None, stem: str, *, overwrite: bool) -> Iterator[Run]:
    """Yield a new run directory, locked: `path`, or the first free of runs/STEM, runs/STEM-2, ..."""
    numbered, number = not path and not overwrite, itertools.count(2)
    path = path or Path("runs") / stem
    if not numbered:
        check_target(path, overwrite=overwrite)
        path.mkdir(parents=True, exist_ok=True)
    while numbered:
        with suppress(FileExistsError):  # of another run, perhaps made this very moment
            path.mkdir(parents=True)
            break
        path = path.with_name(f"{stem}-{next(number)}")
    run = Run(path)
    with run.locked():
        check_target(path, overwrite=overwrite)  # again: another process may have been first
        for name in FILES:
            (path / name).unlink(missing_ok=True)
        remove_temporaries(path)
        shutil.rmtree(run.tensorboard, ignore_errors=True)
        yield run
