"""A run judged: on the rows it held out once it is trained, or on another table later."""

from collections.abc import Iterator
from pathlib import Path

from nnrun.errors import RunError
from nnrun.features.dataset import Dataset, Part
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix
from nnrun.results.assessment import LabelAssessor, NumberAssessor
from nnrun.results.baseline import (
    LabelBaseline,
    NumberBaseline,
    label_baseline,
    number_baseline,
)
from nnrun.results.class_measure import LABELS_WITH_CONFUSION
from nnrun.results.linear_model import LinearModel, fit_logistic_model, fit_ridge_model
from nnrun.results.saved_verdict import SavedVerdict, read_verdict, write_verdict
from nnrun.results.trained_run import BLOCK_CELLS, TrainedRun, load_run
from nnrun.runs.directory import Run
from nnrun.tables.table import Table

Assessor = LabelAssessor | NumberAssessor
Baseline = LabelBaseline | NumberBaseline


def judge_run(run: Run, dataset: Dataset) -> SavedVerdict | None:
    """Judge a trained run on the rows held out, and write verdict.json.

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
    trained = load_run(run.path)
    baseline = baseline_of(dataset)
    linear = linear_model_of(dataset)
    assessor = _assessor(baseline, linear, dataset.config.seed)
    for x, y in row_blocks(part):
        assessor.add(x, y, trained.probabilities(trained.forward(x)))
    return write_verdict(run.verdict, assessor.result(), name, baseline, linear)


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
    return rows == trained_on and table.fingerprint() == train.get("sha256")


def assessor_of(run: Path, trained: TrainedRun, threshold: float | None = None) -> Assessor | None:
    """Return what judges a run on other rows, or None where it has no verdict.json.

    Args:
        run: The run directory.
        trained: The run.
        threshold: The probability from which on a row is called the second of two labels.

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


def new_assessor(dataset: Dataset) -> Assessor | None:
    """Return what compares a network with simpler models of a dataset's training rows.

    None stands for too many labels for a confusion matrix.
    """
    if not can_be_judged(dataset.encoder):
        return None
    return _assessor(baseline_of(dataset), linear_model_of(dataset), dataset.config.seed)


def can_be_judged(encoder: Encoder) -> bool:
    """Return whether the confusion matrix of all labels fits in memory."""
    return len(encoder.labels) <= LABELS_WITH_CONFUSION


def _assessor(
    baseline: Baseline, linear: LinearModel | None, seed: int, threshold: float | None = None
) -> Assessor:
    if isinstance(baseline, LabelBaseline):
        return LabelAssessor(baseline, linear, threshold=threshold, seed=seed)
    return NumberAssessor(baseline, linear, seed=seed)


def baseline_of(dataset: Dataset) -> Baseline:
    """Return the baseline of the training rows."""
    targets = (y for _, y in row_blocks(dataset.train))
    labels = dataset.encoder.labels
    if labels:
        return label_baseline(tuple(labels), targets)
    return number_baseline(targets, len(dataset.encoder.targets))


def linear_model_of(dataset: Dataset) -> LinearModel:
    """Return the linear model of the training rows."""
    x = dataset.train.x
    y = dataset.train.y
    seed = dataset.config.seed
    labels = len(dataset.encoder.labels)
    if labels:
        return fit_logistic_model(x, y, labels, seed=seed)
    return fit_ridge_model(x, y, seed=seed)


def row_blocks(part: Part) -> Iterator[tuple[Matrix, Matrix]]:
    """Yield inputs and targets of a part's rows in blocks, which are small however wide."""
    rows = max(1, BLOCK_CELLS // max(1, part.x.shape[1]))
    for start in range(0, len(part.x), rows):
        yield part.x[start : start + rows], part.y[start : start + rows]
