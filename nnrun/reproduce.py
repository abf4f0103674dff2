"""A finished run trained again from its own directory, elsewhere, and compared: table, history, weights."""

import csv
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from nnrun.arrays import read_arrays
from nnrun.config import load_config
from nnrun.dataset import load_dataset
from nnrun.errors import ExpectationError, counted
from nnrun.network import weight_shapes
from nnrun.report import progress
from nnrun.runs import Run, circumstances, differences

LISTED = 10  # differences, beyond which a message only counts


def reproduce(path: Path, *, quiet: bool = False) -> str:
    """Train a finished run again in a temporary folder, and return a line that says what is equal.

    Raises an ExpectationError that lists what differs, and which versions or thread counts changed since.
    """
    run = Run(path)
    run.verify()
    info, config = run.read_info(), load_config(run.config)
    with TemporaryDirectory(prefix="nnrun-") as folder:
        dataset = load_dataset(config, Path(folder) / ".cache")

        from nnrun import training

        with progress(config.epochs, quiet=quiet) as callbacks:
            again = training.train(dataset, stem="", path=Path(folder) / "run", engine=info.engine, callbacks=callbacks)
        found = differences(_outcome(run), _outcome(again.run))
        shapes = weight_shapes(config, len(dataset.encoder.inputs))
        if not any(line.startswith("encoding") for line in found):
            then, now = (read_arrays(r.weights, shapes)[1] for r in (run, again.run))
            found += [
                f"{k}: differs by up to {np.abs(then[k] - now[k]).max():.2g}" for k in then if (then[k] != now[k]).any()
            ]
    if not found:
        return (
            f"equal: the table, {counted(again.epochs, 'epoch')} of history, {counted(len(shapes), 'array')} of weights"
        )
    changed = differences({"versions": info.versions, "threads": info.threads}, circumstances())
    why = [f"changed since: {line}" for line in changed] or ["versions and number of threads are the same"]
    more = [f"and {len(found) - LISTED} more differences"] * (len(found) > LISTED)
    raise ExpectationError("\n".join([*(f"{path}: {line}" for line in found[:LISTED]), *more, *why]))


def _outcome(run: Run) -> dict[str, Any]:
    history = csv.DictReader(run.history.read_text(encoding="utf-8").splitlines())
    encoding = json.loads(run.encoding.read_bytes())
    return {"table": run.read_info().data, "encoding": encoding, "epoch": {row["epoch"]: row for row in history}}
