"""A finished run trained again from its own directory, elsewhere, and compared: table, history, weights."""

import csv
import re
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nnrun.checks.loading import load_checked
from nnrun.config.architecture import weight_shapes
from nnrun.errors import ExpectationError, Interrupted
from nnrun.files import read_small
from nnrun.runs.arrays import read_arrays
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.provenance import changed_tables, circumstances, differences
from nnrun.wording import counted


def reproduce(path: Path, *, quiet: bool = False) -> str:
    """Train a finished run again in a temporary folder, and return a line that says what is equal.

    Raises an ExpectationError that lists what differs, and which versions or thread counts changed since.
    """
    run = Run(path)
    info, config, encoder = run.load(trained=True)
    shapes = weight_shapes(config, len(encoder.inputs))
    then, former = read_arrays(run.weights, shapes)[1], _history(run)
    if found := changed_tables(config, info):
        raise ExpectationError("\n".join(found))
    with TemporaryDirectory(prefix="nnrun-") as folder:
        dataset = load_checked(config, Path(folder) / ".cache")

        from nnrun.cli.progress import progress
        from nnrun.training import trainer as training

        target = Path(folder) / "run"
        try:
            with progress(config.epochs, quiet=quiet) as callbacks:
                again = training.train(
                    dataset, stem="", path=target, engine=info.engine, callbacks=callbacks
                )
        except Interrupted as error:
            raise Interrupted(f"interrupted; {path} is as it was", error.exit_code - 128) from None
        found = differences(encoder.model_dump(), dataset.encoder.model_dump(), ("encoding",))
        found += differences(former, _history(again.run), ("epoch",))
        now = read_arrays(again.run.weights, weight_shapes(config, len(dataset.encoder.inputs)))[1]
    apart = {
        k: np.abs(then[k] - now[k]).max() if then[k].shape == now[k].shape else np.inf
        for k in shapes
    }
    found += [
        f"{name}: differs by up to {distance:.2g}" for name, distance in apart.items() if distance
    ]
    if found:
        raise ExpectationError(
            "\n".join(_first_of_each_kind(path, found) + _circumstances_since(info))
        )
    weights = counted(len(shapes), "array")
    return f"equal: the table, {counted(again.epochs, 'epoch')} of history, {weights} of weights"


def _first_of_each_kind(path: Path, found: list[str]) -> list[str]:
    """Return the first difference of each kind, and how many more there are."""
    lines = []
    for _, group in groupby(found, lambda line: re.split(r"[.[]", line)[0]):
        first, *more = group
        lines.append(f"{path}: {first}" + f" (and {len(more)} more such differences)" * bool(more))
    return lines


def _circumstances_since(info: RunInfo) -> list[str]:
    now = {**circumstances(), "replicas": 1}
    changed = differences({key: getattr(info, key) for key in now}, now)
    return [f"changed since: {line}" for line in changed] or [
        "versions and number of threads are the same"
    ]


def _history(run: Run) -> dict[str, dict[str, str]]:
    rows = csv.DictReader(read_small(run.history).decode(errors="replace").splitlines())
    return {str(row.get("epoch")): row for row in rows}
