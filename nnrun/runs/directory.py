"""Run directories: the name of every file in one place."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, TypeAdapter, ValidationError

from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.encoder import Encoder
from nnrun.files import remove_temporaries, to_json, write_text
from nnrun.json_mistakes import json_mistakes
from nnrun.lock import held, is_held
from nnrun.near_files import URL, as_written, missing_file_hint
from nnrun.ordinary_files import read_small
from nnrun.runs.history import count_epochs
from nnrun.runs.info import RunInfo
from nnrun.runs.saved_model import BEFORE_REFIT, CHECKED, SavedModel, read_saved_model
from nnrun.wording import first_line

FILES = (
    *CHECKED,
    BEFORE_REFIT,
    "checkpoint.npz",
    "history.csv",
    "metrics.json",
    "run.json",
    "curves.png",
    "verdict.json",
    "thresholds.json",
    "intervals.json",
)
LOCK = ".lock"

DEPTHS = ("*", "*/*", "*/*/*")
"""Patterns of all files: TensorBoard writes three levels deep."""

Metrics = dict[str, float | None]
"""Loss and metrics by name; None stands for one that is undefined."""

METRICS = TypeAdapter(Metrics)

Judgement = Literal["better", "no better", "worse"]
"""What a network is, compared with its baseline on the rows held out."""


class _Judged(BaseModel):
    """What listings read of verdict.json."""

    verdict: Judgement


class Run:
    """A run directory, which is all that training and prediction share.

    Args:
        path: The directory, which need not exist.
        checkpoint: The checkpoint of another run that this one goes on from; by default it has one
            of its own.

    Attributes:
        path: The directory.
        config: config.yaml: every default filled in, paths absolute.
        encoding: encoding.json: the encoder.
        model: model.keras: a plain keras.Sequential for others, which nnrun never opens.
        weights: weights.npz: the same weights, for predict and evaluate.
        before_refit: before_refit.npz: the weights that never saw the rows held out, where the run
            was trained again on all rows.
        checkpoint: checkpoint.npz: the state from which `resume` goes on.
        history: history.csv: a row for each epoch.
        metrics: metrics.json: the metrics of a finished run.
        curves: curves.png: a picture of the history.
        verdict: verdict.json: the run beside simpler models, on the rows held out.
        thresholds: thresholds.json: thresholds that `evaluate` chose on the rows held out.
        intervals: intervals.json: errors on the rows held out, for `predict --interval`.
        info: run.json: status, versions, seed, data fingerprints, checksums.
        tensorboard: The folder of TensorBoard's logs, where the config asks for them.
        members: The folder of an ensemble's members, each of which is a run of its own: 1, 2, ...
        refits: The folder of the networks that were trained again on all rows, each of which is a
            run of its own: 1, 2, ...
    """

    def __init__(self, path: Path, checkpoint: Path | None = None) -> None:
        self.path = path
        self.config = path / "config.yaml"
        self.encoding = path / "encoding.json"
        self.model = path / "model.keras"
        self.weights = path / "weights.npz"
        self.before_refit = path / BEFORE_REFIT
        self.checkpoint = checkpoint or path / "checkpoint.npz"
        self.history = path / "history.csv"
        self.metrics = path / "metrics.json"
        self.curves = path / "curves.png"
        self.verdict = path / "verdict.json"
        self.thresholds = path / "thresholds.json"
        self.intervals = path / "intervals.json"
        self.info = path / "run.json"
        self.tensorboard = path / "tensorboard"
        self.members = path / "members"
        self.refits = path / "refits"

    def read_info(self) -> RunInfo:
        """Return the facts of run.json.

        Raises:
            RunError: The directory is not a run, or has a link or a device in it.
        """
        if not self.info.is_file():
            written_path = as_written(str(self.path))
            reason = _why_no_run(self.path)
            raise RunError(f"{written_path}: {reason}")
        self._refuse_links_and_devices()
        try:
            return RunInfo.model_validate_json(read_small(self.info))
        except ValidationError as error:
            mistakes = json_mistakes(error)
            raise RunError(f"{self.info}: cannot be read: {mistakes}; was it altered?") from None
        except (OSError, ValueError) as error:
            reason = first_line(error)
            raise RunError(f"{self.info}: cannot be read: {reason}; was it altered?") from None

    def _refuse_links_and_devices(self) -> None:
        """Raise a RunError where an entry of the directory leads to what is not in it."""
        for pattern in DEPTHS:
            for path in self.path.glob(pattern):
                if _leads_outside(path):
                    rule = "links and devices are not followed"
                    raise RunError(f"{self.path}: {rule}; received {path.name!r}")

    def load(self, *, trained: bool = False) -> tuple[RunInfo, Config, Encoder]:
        """Return the contents of run.json, config.yaml and encoding.json.

        A run that has a model is verified first.

        Args:
            trained: Whether the run must have a model.

        Raises:
            RunError: The directory is not a run, has no model, or was altered.
            ConfigError: config.yaml is not a config.
        """
        info = self.read_info()
        if trained or info.status == "finished" or info.checksums:
            saved = read_saved_model(self.path, info)
            return info, saved.config, saved.encoder
        return info, load_config(self.config), Encoder.load(self.encoding)

    def write_info(self, **changes: object) -> None:
        """Change some entries of run.json, or begin the file with them.

        Args:
            **changes: The new values, by the names of the fields of `RunInfo`.

        Raises:
            RunError: The file cannot be read.
            OSError: It cannot be written, and is as it was.
        """
        write_text(self.info, self.changed_info(**changes))

    def changed_info(self, **changes: object) -> str:
        """Return the text of run.json with some entries changed.

        Args:
            **changes: The new values, by the names of the fields of `RunInfo`.

        Raises:
            RunError: The file cannot be read.
        """
        entries = {}
        if self.info.exists():
            entries = self.read_info().model_dump()
        return to_json({**entries, **changes})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory while the body runs.

        Raises:
            RunError: Another process holds it, or a folder stands where a file is to be written.
        """
        for name in (*FILES, LOCK):
            path = self.path / name
            if path.is_dir():
                raise RunError(f"{path}: is a folder, not a file")
        with held(self.path / LOCK):
            yield

    def member(self, number: int) -> "Run":
        """Return the run of a member of an ensemble.

        Args:
            number: The number of the member, from 1.
        """
        return Run(self.members / str(number))

    def refit(self, number: int) -> "Run":
        """Return the run of a network that was trained again on all rows.

        Args:
            number: The number of the member that it was, from 1; 1 of a single network.
        """
        return Run(self.refits / str(number))

    def count_epochs(self, info: RunInfo) -> int:
        """Return how many epochs have ended, over all members of an ensemble.

        Args:
            info: What `read_info` gave.

        Raises:
            RunError: A history cannot be read.
        """
        if info.ensemble == 1:
            return count_epochs(self.history)
        epochs = 0
        for number in range(1, info.ensemble + 1):
            member = self.member(number)
            epochs += count_epochs(member.history)
        return epochs

    def status(self, info: RunInfo) -> str:
        """Return the status; a run that no process holds any more is `stopped`, not `running`.

        Args:
            info: What `read_info` gave.
        """
        if info.status == "running" and not is_held(self.path / LOCK):
            return "stopped"
        return info.status

    def elsewhere(self, folder: Path) -> "Run":
        """Return a run in `folder` that goes on from this one's checkpoint, which stays.

        Args:
            folder: An empty folder, which gets copies of encoding.json and run.json.

        Raises:
            OSError: One of these cannot be read, or not be written.
        """
        other = Run(folder, self.checkpoint)
        other.encoding.write_bytes(read_small(self.encoding))
        other.info.write_bytes(read_small(self.info))
        return other

    def read_metrics(self) -> Metrics:
        """Return the metrics of the kept epoch; none where metrics.json is missing or altered."""
        try:
            metrics = METRICS.validate_json(read_small(self.metrics))
        except (OSError, ValueError):
            return {}
        metrics.pop("epoch", None)
        return metrics

    def read_judgement(self) -> Judgement | None:
        """Return the word of verdict.json; None where the file is missing or altered."""
        try:
            judged = _Judged.model_validate_json(read_small(self.verdict))
        except (OSError, ValueError):
            return None
        return judged.verdict

    def read_model(self) -> SavedModel:
        """Return the verified model of the run, with its weights.

        Raises:
            RunError: The directory is not a run, has no model, or was altered.
            ConfigError: config.yaml is not a config.
        """
        return read_saved_model(self.path, self.read_info(), with_weights=True)


def _leads_outside(path: Path) -> bool:
    """Return whether a path is a link or a device, of which reading may have no end."""
    return (
        path.is_symlink()
        or path.is_fifo()
        or path.is_socket()
        or path.is_block_device()
        or path.is_char_device()
    )


def check_target(path: Path, *, overwrite: bool) -> None:
    """Check that a run may be written to a path.

    Args:
        path: The path.
        overwrite: Whether a run that stands there may be replaced.

    Raises:
        RunError: Something stands there that is not a run, or is not to be replaced.
    """
    if not _is_taken(path):
        return
    if not (path / "run.json").exists():
        raise RunError(f"{path}: exists, and is not a run directory; choose another with -o")
    Run(path).read_info()  # raises where it is not a run of nnrun's
    if not overwrite:
        raise RunError(f"{path}: exists; choose another with -o, or replace it with --overwrite")


def _is_taken(path: Path) -> bool:
    """Return whether something stands at a path, hidden files and half a run left aside."""
    if not path.is_dir():
        return path.exists()
    names = {entry.name for entry in path.iterdir()}
    if LOCK in names:  # a process that was killed before it wrote run.json left the others
        names -= set(FILES) - {"run.json"}
    return any(not name.startswith(".") for name in names)


@contextmanager
def create_run(path: Path | None, stem: str, *, overwrite: bool) -> Iterator[Run]:
    """Yield a new run directory, which is locked while the body runs.

    Args:
        path: The directory, or None for runs/STEM.
        stem: The name under runs; without `overwrite`, the first free of STEM, STEM-2 and so on.
        overwrite: Whether a run that stands there is replaced.

    Raises:
        RunError: Something else stands there, or another process trains it.
    """
    if path is None and not overwrite:
        path = _make_first_free(Path("runs"), stem)
    else:
        path = path or Path("runs") / stem
        check_target(path, overwrite=overwrite)
        path.mkdir(parents=True, exist_ok=True)
    run = Run(path)
    with run.locked():
        check_target(path, overwrite=overwrite)  # again: another process may have been first
        _clear(run)
        yield run


def _make_first_free(folder: Path, stem: str) -> Path:
    """Make and return the first of STEM, STEM-2, STEM-3 and so on that is not there."""
    path = folder / stem
    number = 1
    while True:
        try:
            path.mkdir(parents=True)
        except FileExistsError:  # of another run, perhaps made this very moment
            number += 1
            path = folder / f"{stem}-{number}"
        else:
            return path


def _clear(run: Run) -> None:
    """Remove the files of an earlier run, and no others."""
    for name in FILES:
        (run.path / name).unlink(missing_ok=True)
    remove_temporaries(run.path)
    shutil.rmtree(run.tensorboard, ignore_errors=True)
    shutil.rmtree(run.members, ignore_errors=True)
    shutil.rmtree(run.refits, ignore_errors=True)


def _why_no_run(path: Path) -> str:
    """Return why a path is not a run directory, and what to give in its place."""
    advice = "; give the path that `nnrun train` printed"
    if URL.match(str(path)):
        return "does not exist; paths are local: download the run, and give its path"
    if path.exists():
        return f"is not a run directory: it has no run.json{advice}"
    run_of_this_name = Path("runs") / path
    if (run_of_this_name / "run.json").is_file():
        return f"does not exist; did you mean {str(run_of_this_name)!r}?"
    hint = missing_file_hint(path) or advice
    return f"does not exist{hint}"
