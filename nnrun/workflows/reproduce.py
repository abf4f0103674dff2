"""A finished run trained again from its own directory, elsewhere, and compared.

Compared are the table's encoding, the history and the weights.
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from itertools import zip_longest
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from nnrun.checks.loading import load_checked
from nnrun.errors import ExpectationError, Interrupted, RunError
from nnrun.features.cache_folder import CACHE
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.runs.arrays import Array
from nnrun.runs.directory import Run
from nnrun.runs.history import check_history, read_rows
from nnrun.runs.info import RunInfo
from nnrun.runs.provenance import changed_tables, check_tables, circumstances, differences
from nnrun.runs.warm_start import WarmStart, given_encoder_of, reopen_warm_start
from nnrun.wording import counted, shown_lines

if TYPE_CHECKING:
    from nnrun.training.finish import Result

Progress = Callable[[int], AbstractContextManager[tuple[Any, ...]]]
"""Takes the number of epochs; its Keras callbacks show progress while the context lasts."""

Weights = Mapping[str, Array]


def reproduce(path: Path, *, progress: Progress | None = None) -> str:
    """Train a finished run again in a temporary folder, and compare the two.

    Args:
        path: The run directory, which is not changed.
        progress: Shows the progress of the training. It is called once the table is read.

    Returns:
        A line that counts the epochs and arrays that are equal.

    Raises:
        ExpectationError: They differ; it lists where, and which versions or thread counts changed.
        RunError: The run is not finished, or was altered; or the run that it started from is gone.
        Interrupted: A signal stopped the training.
    """
    run = Run(path)
    info = run.read_info()
    saved = run.read_model()
    _refuse_unfinished(path, info)
    config = saved.config
    encoder = saved.encoder
    weights = saved.read_weights()
    check_history(run.history)  # a training may take hours, after which this would be too late
    changed = changed_tables(config, info)
    if changed:
        raise ExpectationError(shown_lines(changed))
    given_encoder = given_encoder_of(info, encoder, run)
    start = reopen_warm_start(run, config)
    with TemporaryDirectory(prefix="nnrun-") as folder:
        dataset = load_checked(config, Path(folder) / CACHE, given=given_encoder)
        check_tables(info, dataset)
        second_training = _train_again(run, dataset, start, Path(folder) / "run", progress)
        all_lines = _differences(run, encoder, weights, dataset, second_training.run)
        lines = list(_first_of_each_kind(all_lines))
    if lines:
        problems = [f"{path}: {line}" for line in lines]
        problems += _changes_since(info)
        raise ExpectationError(shown_lines(problems))
    epochs = counted(second_training.epochs, "epoch")
    arrays = counted(len(weights), "array")
    return f"equal: the table, {epochs} of history, {arrays} of weights"


def _refuse_unfinished(path: Path, info: RunInfo) -> None:
    """Raise a RunError where a run was stopped before its last epoch."""
    if info.stopped_at:
        quoted_path = shlex.quote(str(path))
        reason = f"was stopped at epoch {info.stopped_at} of {info.goal}"
        advice = f"finish it first with: nnrun resume {quoted_path}"
        raise RunError(f"{path}: {reason}; {advice}")


def _train_again(
    run: Run,
    dataset: Dataset,
    start: WarmStart | None,
    target: Path,
    progress: Progress | None,
) -> "Result":
    """Train a dataset with the engine of a run, to a directory that goes when this has ended."""
    from nnrun.training.trainer import train

    engine = run.read_info().engine
    shown = progress(dataset.config.total_epochs) if progress else nullcontext(())
    try:
        with shown as callbacks:
            return train(
                dataset,
                stem="",
                path=target,
                engine=engine,
                callbacks=callbacks,
                start=start,
            )
    except Interrupted as error:  # it names the folder to go on with, which is removed
        line = f"the training was interrupted; {run.path} is as it was"
        raise Interrupted(line, error.exit_code - 128) from None


def _differences(
    run: Run,
    encoder: Encoder,
    weights: Weights,
    dataset: Dataset,
    second_run: Run,
) -> Iterator[str]:
    """Yield a line for each value of a run that is not the same again."""
    encoding_then = encoder.model_dump()
    encoding_now = dataset.encoder.model_dump()
    yield from differences(encoding_then, encoding_now, ("encoding",))
    yield from _history_differences(run.history, second_run.history)
    weights_now = second_run.read_model().read_weights()
    yield from _weight_differences(weights, weights_now)


def _history_differences(then: Path, now: Path) -> Iterator[str]:
    """Yield a line for each cell that differs; both files are streamed."""
    rows = zip_longest(read_rows(then), read_rows(now))
    for number, (former, later) in enumerate(rows, 1):
        if former != later:
            yield from differences(former, later, ("epoch", str(number)))


def _weight_differences(then: Weights, now: Weights) -> Iterator[str]:
    """Yield a line for each array that differs."""
    for name, former in then.items():
        distance = _largest_distance(former, now[name])
        if distance:
            yield f"{name}: differs by up to {distance:.2g}"


def _largest_distance(then: Array, now: Array) -> float:
    """Return the largest difference of two numbers at one place; infinity for other shapes."""
    if then.shape != now.shape:
        return np.inf
    distances = np.abs(then - now)
    return float(distances.max())


def _first_of_each_kind(lines: Iterable[str]) -> Iterator[str]:
    """Yield the first difference of each kind, and how many more there are."""
    firsts: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for line in lines:
        kind = re.split(r"[.[]", line, maxsplit=1)[0]
        firsts.setdefault(kind, line)
        counts[kind] += 1
    for kind, line in firsts.items():
        others = counts[kind] - 1
        if others:
            yield f"{line} (and {others} more such differences)"
        else:
            yield line


def _changes_since(info: RunInfo) -> list[str]:
    """Return a line for each circumstance that is another than when the run was trained."""
    now = {**circumstances(), "replicas": 1}
    then = {key: getattr(info, key) for key in now}
    changed = differences(then, now)
    if not changed:
        return ["versions and number of threads are the same"]
    return [f"changed since: {line}" for line in changed]
