"""The models that a network must beat, of a dataset's training rows: the baseline, a linear one."""

from collections.abc import Iterator

from nnrun.features.dataset import Dataset, Part
from nnrun.features.matrix_store import Matrix
from nnrun.results.baseline import (
    LabelBaseline,
    MultilabelBaseline,
    NumberBaseline,
    label_baseline,
    multilabel_baseline,
    number_baseline,
)
from nnrun.results.linear_model import (
    LinearModel,
    fit_logistic_model,
    fit_multilabel_model,
    fit_ridge_model,
)
from nnrun.results.trained_run import BLOCK_CELLS

Baseline = LabelBaseline | MultilabelBaseline | NumberBaseline


def baseline_of(dataset: Dataset) -> Baseline:
    """Return the baseline of the training rows."""
    targets = (y for _, y in row_blocks(dataset.train))
    labels = dataset.encoder.labels
    if labels:
        return label_baseline(tuple(labels), targets)
    if dataset.encoder.is_multilabel:
        pairs = [tuple(target.labels) for target in dataset.encoder.targets]
        return multilabel_baseline(pairs, targets)
    return number_baseline(targets, len(dataset.encoder.targets))


def linear_model_of(dataset: Dataset) -> LinearModel:
    """Return the linear model of the training rows."""
    x = dataset.train.x
    y = dataset.train.y
    seed = dataset.config.seed
    labels = len(dataset.encoder.labels)
    if labels:
        return fit_logistic_model(x, y, labels, seed=seed)
    if dataset.encoder.is_multilabel:
        return fit_multilabel_model(x, y, seed=seed)
    return fit_ridge_model(x, y, seed=seed)


def row_blocks(part: Part) -> Iterator[tuple[Matrix, Matrix]]:
    """Yield inputs and targets of a part's rows in blocks, which are small however wide."""
    rows = max(1, BLOCK_CELLS // max(1, part.x.shape[1]))
    for start in range(0, len(part.x), rows):
        yield part.x[start : start + rows], part.y[start : start + rows]
