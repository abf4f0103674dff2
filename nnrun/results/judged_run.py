"""A run judged: on the rows it held out once it is trained, or on another table later."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.dataset import Dataset, HeldOut
from nnrun.features.encoder import Encoder
from nnrun.results.array_types import Floats
from nnrun.results.assessment import LabelAssessor, NumberAssessor
from nnrun.results.baseline import LabelBaseline, MultilabelBaseline
from nnrun.results.class_measure import LABELS_WITH_CONFUSION
from nnrun.results.interval import prediction_errors
from nnrun.results.linear_model import LinearModel
from nnrun.results.multilabel_assessment import MultilabelAssessor
from nnrun.results.row_losses import AnyThreshold, threshold_of
from nnrun.results.saved_intervals import ErrorsOfPart, write_intervals
from nnrun.results.saved_verdict import SavedVerdict, read_verdict, write_verdict
from nnrun.results.simpler_models import (
    Baseline,
    baseline_of,
    linear_model_of,
    row_weights,
    weighted_blocks,
)
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.results.training_rows import models_of_training_rows
from nnrun.runs.directory import Run
from nnrun.tables.table import Table

Assessor = LabelAssessor | MultilabelAssessor | NumberAssessor


class Judge(NamedTuple):
    """What judges a run on rows with the target.

    Attributes:
        assessor: Compares the run with simpler models, or None where it has no baseline.
        reason: Why a model to compare with is missing, or an empty text.
    """

    assessor: Assessor | None
    reason: str = ""


def judge_run(run: Run, dataset: Dataset) -> SavedVerdict | None:
    """Judge a trained run on the rows held out, and write verdict.json and intervals.json.

    Args:
        run: The run directory, with a model.
        dataset: The dataset that it was trained on.

    Returns:
        The verdict on the test rows, else on those of validation; None where none were held out,
        or where there are too many labels for a confusion matrix.
    """
    if dataset.held_out is None or not can_be_judged(dataset.encoder):
        return None
    name, part = dataset.held_out
    trained = load_run(run.path).before_refit()
    baseline = baseline_of(dataset)
    linear = linear_model_of(dataset)
    assessor = _assessor(baseline, linear, dataset.config.seed)
    errors = []
    for x, y, weights in weighted_blocks(part):
        outputs = trained.forward(x)
        predictions = trained.probabilities(outputs)
        assessor.add(x, y, predictions, weights)
        of_block = prediction_errors(trained.config, trained.encoder, y, predictions)
        errors.append(of_block)
    write_intervals(run, _errors_of_part(dataset.config, dataset.held_out, errors))
    names = dataset.encoder.target_names
    return write_verdict(run.verdict, assessor.result(), name, baseline, linear, names)


def _errors_of_part(config: Config, held_out: HeldOut, errors: Sequence[Floats]) -> ErrorsOfPart:
    """Return the errors on the rows held out, with the weights of these where they have some."""
    weights = row_weights(held_out.part)
    column = ""
    if weights is not None and config.data.sample_weight:
        column = config.data.sample_weight
    return ErrorsOfPart(held_out.name, np.concatenate(errors), weights, column)


def is_training_table(run: Path, table: Table, rows: int) -> bool:
    """Return whether a table is, byte for byte, the one that a run was trained on.

    Args:
        run: The run directory.
        table: The table, which was read to its end.
        rows: The rows that were read of it.
    """
    data = Run(run).read_info().data
    train = data.get("train", {})
    validation = data.get("validation", {})
    trained_on = train.get("rows")
    if "path" not in validation and isinstance(trained_on, int):
        trained_on += int(validation.get("rows", 0))
    if rows != trained_on:
        return False
    return table.fingerprint() == train.get("sha256")


def assessor_of(run: Path, trained: TrainedRun, threshold: AnyThreshold = None) -> Assessor | None:
    """Return what judges a run on other rows, or None where it has no verdict.json.

    Args:
        run: The run directory.
        trained: The run.
        threshold: The probability from which on a row is called the second of two labels, or that
            of each target.

    Raises:
        RunError: verdict.json was altered.
    """
    path = Run(run).verdict
    saved = read_verdict(path)
    if saved is None or not can_be_judged(trained.encoder):
        return None
    try:
        baseline, linear = saved.models(trained.encoder)
    except ValueError as error:
        raise RunError(f"{path}: {error}; was it altered?") from None
    return _assessor(baseline, linear, trained.config.seed, threshold)


def judge_of(run: Path, trained: TrainedRun, threshold: AnyThreshold = None) -> Judge:
    """Return what judges a run on other rows.

    A run that has no verdict.json, since it held no rows out or is of an earlier version, is
    compared with models of its training rows, which are read again.

    Args:
        run: The run directory.
        trained: The run.
        threshold: The probability from which on a row is called the second of two labels, or that
            of each target.

    Raises:
        RunError: verdict.json was altered.
    """
    assessor = assessor_of(run, trained, threshold)
    if assessor or not can_be_judged(trained.encoder):
        return Judge(assessor)
    baseline, linear, reason = models_of_training_rows(Run(run), trained)
    if baseline is None:
        return Judge(None, f"the run cannot be compared with a baseline: {reason}")
    if reason:
        reason = f"the run cannot be compared with a linear model: {reason}"
    assessor = _assessor(baseline, linear, trained.config.seed, threshold)
    return Judge(assessor, reason)


def new_assessor(dataset: Dataset) -> Assessor | None:
    """Return what compares a network with simpler models of a dataset's training rows.

    None stands for too many labels for a confusion matrix.

    Args:
        dataset: The rows that the run was trained on, encoded.
    """
    if not can_be_judged(dataset.encoder):
        return None
    baseline = baseline_of(dataset)
    linear = linear_model_of(dataset)
    return _assessor(baseline, linear, dataset.config.seed)


def can_be_judged(encoder: Encoder) -> bool:
    """Return whether the confusion matrix of all labels fits in memory.

    Args:
        encoder: The encoding of the run, which has the labels; none where targets are numbers.
    """
    return len(encoder.labels) <= LABELS_WITH_CONFUSION


def _assessor(
    baseline: Baseline, linear: LinearModel | None, seed: int, threshold: AnyThreshold = None
) -> Assessor:
    """Return what compares a network with these models, of the kind that they are of."""
    if isinstance(baseline, LabelBaseline):
        return LabelAssessor(baseline, linear, threshold=threshold_of(threshold, 0), seed=seed)
    if isinstance(baseline, MultilabelBaseline):
        return MultilabelAssessor(baseline, linear, threshold=threshold, seed=seed)
    return NumberAssessor(baseline, linear, seed=seed)
