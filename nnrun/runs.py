"""Run directories: every file name of one in one place."""

import csv
import io
import itertools
import math
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Annotated, Any, Literal

from annotated_types import Ge, Le
from pydantic import BaseModel, TypeAdapter

from nnrun import __version__
from nnrun.config import Config
from nnrun.data import find_files, fingerprint
from nnrun.dataset import PARTS
from nnrun.errors import RunError, first_line, received
from nnrun.files import named_errors, read_small, remove_temporaries, sha256, to_json, write_text
from nnrun.source import Keys, dotted

CHECKED = ("config.yaml", "encoding.json", "model.keras", "weights.npz")
FILES = (*CHECKED, "checkpoint.npz", "history.csv", "metrics.json", "run.json", "curves.png")
LIBRARIES = ("tensorflow", "keras", "numpy", "polars")
VARIABLES = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
    "OMP_NUM_THREADS",
    "XLA_FLAGS",
)


class RunInfo(BaseModel, allow_inf_nan=False):
    """What run.json says."""

    status: str
    started: str = ""
    nnrun: str = ""
    epochs: int = 0
    best_epoch: int = 0
    goal: Annotated[int, Ge(0), Le(10**9)] = 0  # how many epochs resume goes on to
    seconds: float = 0.0  # of training
    seed: int = 0
    engine: Literal["compiled", "keras"] = "compiled"
    jit_compile: bool = False
    config: dict[str, Any] = {}  # as it was when the run started
    data: dict[str, dict[str, str | int]] = {}
    versions: dict[str, str] = {}
    threads: int = 0
    environment: dict[str, str] = {}
    checksums: dict[str, str] = {}  # of a finished model
    saving: dict[str, str] = {}  # of the next one, while its files are renamed one by one


class Run:
    """A run directory, all that training and prediction share."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "config.yaml"  # every default filled in, paths absolute
        self.encoding = path / "encoding.json"  # the encoder
        self.model = path / "model.keras"  # a plain keras.Sequential, for others: nnrun never opens it
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
            what = "is no run directory: it has no run.json" if self.path.exists() else "does not exist"
            raise RunError(f"{self.path}: {what}; give what `nnrun train` printed")
        levels = ("*", "*/*", "*/*/*")  # as deep as TensorBoard writes
        if strange := next((p for level in levels for p in self.path.glob(level) if _leads_outside(p)), None):
            raise RunError(f"{self.path}: links and devices are not followed; received {strange.name!r}")
        try:
            return RunInfo.model_validate_json(read_small(self.info))
        except (OSError, ValueError) as error:
            raise RunError(f"{self.info}: cannot be read: {first_line(error)}; was it altered?") from None

    def write_info(self, **changes: Any) -> None:
        """Change some entries of run.json."""
        write_text(self.info, self.changed_info(**changes))

    def changed_info(self, **changes: Any) -> str:
        """Return run.json with some entries changed."""
        return to_json({**(self.read_info().model_dump() if self.info.exists() else {}), **changes})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory while the body runs, or raise a RunError where another process does."""
        with (self.path / ".lock").open("a") as lock:  # the system lets go of it when the process dies
            with suppress(ImportError, OSError):  # Windows, or a file system without locks
                import fcntl

                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise RunError(f"{self.path}: another process is training this run; wait until it ends") from None
            yield

    def read_metrics(self) -> dict[str, float | None]:
        """Return what metrics.json holds; empty for an unfinished run."""
        with suppress(OSError, ValueError):
            return TypeAdapter(dict[str, float | None]).validate_json(read_small(self.metrics))
        return {}

    def best_epoch(self) -> tuple[int, str, float] | None:
        """Return the epoch with the least val_loss, or loss, in history.csv, which of the two it is, and that loss."""
        with suppress(OSError, ValueError, KeyError, TypeError, csv.Error):
            whole = read_small(self.history).decode().rpartition("\n")[0]  # a kill may leave half a row
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
            raise RunError(f"{self.path}: has no model yet: its status is {info.status!r}; {advice}")
        if missing := [name for name in CHECKED if not (self.path / name).is_file()]:
            raise RunError(f"{self.path}: {', '.join(missing)} is missing")
        known = {name: (info.checksums.get(name), info.saving.get(name)) for name in CHECKED}
        if altered := [name for name in CHECKED if sha256(self.path / name) not in known[name]]:
            raise RunError(f"{self.path}: {', '.join(altered)} was altered since training")


def append_history(path: Path, rows: list[dict[str, float]], epoch: int) -> None:
    """Add the rows of the epochs after `epoch` to a history.csv in one write; the first one brings the header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["epoch", *(rows[0] if rows else ())], lineterminator="\n")
    size = path.stat().st_size if path.exists() else 0
    if rows and not size:
        writer.writeheader()
    writer.writerows({"epoch": number, **row} for number, row in enumerate(rows, epoch + 1))
    with named_errors(path):
        try:
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(text.getvalue())
        except OSError:
            with suppress(OSError):
                os.truncate(path, size)
            raise


def _leads_outside(path: Path) -> bool:
    special = (path.is_fifo, path.is_socket, path.is_block_device, path.is_char_device)
    return path.is_symlink() or any(is_it() for is_it in special)


@cache
def versions() -> dict[str, str]:
    """Return the versions that the numbers of a run depend on; looking them up takes some milliseconds."""
    return {"nnrun": __version__, "python": python_version(), **{name: version(name) for name in LIBRARIES}}


def circumstances() -> dict[str, Any]:
    """Return what else the numbers of a run depend on: versions, how many threads compute, and how they are told to."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    environment = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return {"versions": versions(), "threads": threads, "environment": environment}


def changed_tables(config: Config, info: RunInfo) -> list[str]:
    """Return a line for each table that is there and is not what it was, by its SHA-256."""
    changed = []
    for name in PARTS:
        table, then = getattr(config.data, name), info.data.get(name, {}).get("sha256")
        files = find_files(Path(table)) if table else []
        if files and not (all(map(Path.is_file, files)) and fingerprint(table) == then):
            changed.append(f"{table}: is not the table that the run started with (its SHA-256 is another)")
    return changed


def differences(then: Any, now: Any, keys: Keys = ()) -> list[str]:
    """Return a line for each value that differs between two trees of JSON: `layers[0].units: 4 then, 5 now`."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [line for k in {**then, **now} for line in differences(then.get(k), now.get(k), (*keys, k))]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [line for i in range(len(then)) for line in differences(then[i], now[i], (*keys, i))]
    return [] if then == now else [f"{dotted(keys)}: {received(then)} then, {received(now)} now"]


def check_target(path: Path, *, overwrite: bool) -> None:
    """Raise a RunError where a run may not be written to `path`, since something stands there."""
    names = {p.name for p in path.iterdir()} if path.is_dir() else set()
    half_made = {*FILES} - {"run.json"} if ".lock" in names else set()  # by a process that was killed
    if {name for name in names - half_made if not name.startswith(".")} or (path.exists() and not path.is_dir()):
        if "run.json" not in names:
            raise RunError(f"{path}: exists, and is no run directory; choose another with -o")
        Run(path).read_info()  # it is a run of nnrun's
        if not overwrite:
            raise RunError(f"{path}: exists; choose another with -o, or replace it with --overwrite")


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
