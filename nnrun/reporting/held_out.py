"""The rows that a run held out, measured anew: the test table, else the rows of validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnrun.errors import RunError
from nnrun.features.cache_folder import CACHE
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.features.loading import load_dataset
from nnrun.runs.directory import Run
from nnrun.runs.provenance import changed_tables, check_encoding, check_tables

if TYPE_CHECKING:
    from nnrun.results.class_measure import ClassMeasure
    from nnrun.results.number_measure import NumberMeasure
    from nnrun.results.trained_run import TrainedRun


@dataclass(frozen=True)
class MeasuredRows:
    """The measure of the rows of a part, `test` or `validation`."""

    part: str
    rows: int
    encoder: Encoder
    measure: ClassMeasure | NumberMeasure


def measure_held_out(run: Run) -> MeasuredRows | None:
    """Return how the model does on the rows held out, or None where the run held none out.

    Raises:
        InputError: The run has no model, or its tables are not what it was trained on.
        OSError: A table cannot be read.
    """
    from nnrun.results.trained_run import load_run

    trained = load_run(run.path)
    dataset = _same_dataset(run, trained)
    if dataset.held_out is None:
        return None
    name, part = dataset.held_out
    measure = trained.measure([(part.x, part.y)])
    return MeasuredRows(name, len(part.x), trained.encoder, measure)


def _same_dataset(run: Run, trained: TrainedRun) -> Dataset:
    """Return the run's dataset; raise a RunError where the tables are not as they were."""
    info = run.read_info()
    changed: Sequence[str] = changed_tables(trained.config, info)
    if changed:
        raise RunError(list(changed))
    dataset = load_dataset(trained.config, run.path.resolve().parent / CACHE)
    check_tables(info, dataset)
    check_encoding(run, trained.encoder, dataset)
    return dataset
