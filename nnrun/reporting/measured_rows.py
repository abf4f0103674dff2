"""The rows that a run held out, measured anew: the test table, else those of validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnrun.errors import RunError
from nnrun.features.cache_folder import CACHE
from nnrun.features.dataset import Dataset, Part
from nnrun.features.encoder import Encoder
from nnrun.features.loading import load_dataset
from nnrun.results.row_losses import log_losses
from nnrun.results.worst_rows import WorstRowKeeper, WorstRows
from nnrun.runs.directory import Run
from nnrun.runs.provenance import changed_tables, check_encoding, check_tables
from nnrun.runs.warm_start import given_encoder_of

if TYPE_CHECKING:
    from nnrun.results.array_types import Floats, Numbers
    from nnrun.results.assessment import Assessment
    from nnrun.results.judged_run import Assessor
    from nnrun.results.trained_run import AnyMeasure, TrainedRun


@dataclass(frozen=True)
class MeasuredRows:
    """The rows that a run held out, and what its network makes of them.

    Attributes:
        part: Which rows they are: `test` or `validation`.
        rows: Their inputs and targets.
        trained: The run.
        dataset: The dataset that it was trained on.
        assessment: The network's measures beside those of simpler models.
        measure: What pictures are drawn from.
        worst: The rows on which the network is most wrong.
    """

    part: str
    rows: Part
    trained: TrainedRun
    dataset: Dataset
    assessment: Assessment
    measure: AnyMeasure
    worst: WorstRows


def load_same_dataset(run: Run, trained: TrainedRun) -> Dataset:
    """Return the dataset that a run was trained on.

    Args:
        run: The run directory.
        trained: The same run, verified.

    Raises:
        InputError: The tables cannot be read, or are not as they were.
        OSError: A table cannot be read.
    """
    info = run.read_info()
    changed: Sequence[str] = changed_tables(trained.config, info)
    if changed:
        raise RunError(list(changed))
    given_encoder = given_encoder_of(info, trained.encoder, run)
    cache = run.path.resolve().parent / CACHE
    dataset = load_dataset(trained.config, cache, given=given_encoder)
    check_tables(info, dataset)
    check_encoding(run, trained.encoder, dataset)
    return dataset


def measure_held_out(run: Run, trained: TrainedRun, dataset: Dataset) -> MeasuredRows | None:
    """Return how the network does on the rows held out, or None where the run held none out.

    Args:
        run: The run directory.
        trained: The same run.
        dataset: The dataset that it was trained on.

    Raises:
        InputError: There are too many labels for a confusion matrix, or verdict.json was altered.
    """
    if dataset.held_out is None:
        return None
    part, rows = dataset.held_out
    assessor = _assessor_of(run, trained, dataset)
    measure = trained.new_measure()
    worst = _measure_rows(trained, rows, assessor, measure)
    return MeasuredRows(
        part=part,
        rows=rows,
        trained=trained,
        dataset=dataset,
        assessment=assessor.result(),
        measure=measure,
        worst=worst,
    )


def _measure_rows(
    trained: TrainedRun,
    rows: Part,
    assessor: Assessor,
    measure: AnyMeasure,
) -> WorstRows:
    """Show rows to the assessor and to the measure, and return the worst of them."""
    from nnrun.results.simpler_models import weighted_blocks

    keeper = WorstRowKeeper()
    for x, y, weights in weighted_blocks(rows):
        outputs = trained.probabilities(trained.forward(x))
        losses = _row_losses(trained.encoder, y, outputs)
        assessor.add(x, y, outputs, weights)
        measure.add(y, outputs)
        keeper.add(losses, y, outputs)
    return keeper.result()


def _assessor_of(run: Run, trained: TrainedRun, dataset: Dataset) -> Assessor:
    """Return what judges the run; one that was trained before there were verdicts has none yet."""
    from nnrun.results.judged_run import assessor_of, new_assessor

    assessor = assessor_of(run.path, trained) or new_assessor(dataset)
    if assessor is None:
        raise RunError(trained.notes())
    return assessor


def _row_losses(encoder: Encoder, y: Numbers, outputs: Numbers) -> Floats:
    """Return how wrong each row is: its log loss, or its errors in ranges of their targets."""
    if encoder.labels:
        labels = y[:, 0].astype(np.int64)
        return log_losses(labels, outputs)
    if encoder.is_multilabel:
        losses = []
        for number in range(y.shape[1]):
            labels = y[:, number].astype(np.int64)
            outputs_of_target = outputs[:, [number]]
            losses.append(log_losses(labels, outputs_of_target))
        return np.asarray(np.mean(losses, axis=0))
    errors = np.abs(outputs.astype(np.float64) - y)
    in_ranges = errors / encoder.target_ranges
    return np.asarray(in_ranges.mean(axis=1))
