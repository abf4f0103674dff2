"""The models that a network must beat, of a dataset's training rows: the baseline, a linear one."""

from collections.abc import Iterator

import numpy as np

from nnrun.features.dataset import Dataset, Part
from nnrun.features.matrix_store import Matrix
from nnrun.results.array_types import RowWeights
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
    """Return the baseline of the training rows.

    Args:
        dataset: The dataset, of which the targets and weights of training rows are used.
    """
    targets = (y for _, y in row_blocks(dataset.train))
    labels = dataset.encoder.labels
    weights = row_weights(dataset.train)
    if labels:
        return label_baseline(tuple(labels), targets, weights)
    if dataset.encoder.is_multilabel:
        pairs = list(map(tuple, dataset.encoder.labels_of_targets))
        return multilabel_baseline(pairs, targets, weights)
    return number_baseline(targets, len(dataset.encoder.targets), weights)


def linear_model_of(dataset: Dataset) -> LinearModel:
    """Return the linear model of the training rows.

    Args:
        dataset: The dataset, of which the training rows and the seed are used.
    """
    x = dataset.train.x
    y = dataset.train.y
    seed = dataset.config.seed
    weights = row_weights(dataset.train)
    labels = len(dataset.encoder.labels)
    if labels:
        return fit_logistic_model(x, y, labels, seed=seed, weights=weights)
    if dataset.encoder.is_multilabel:
        return fit_multilabel_model(x, y, seed=seed, weights=weights)
    return fit_ridge_model(x, y, seed=seed, weights=weights)


def row_weights(part: Part) -> RowWeights:
    """Return the weights of a part's rows, float64 (rows,); None where all count alike.

    Args:
        part: Training, validation or test rows.
    """
    if part.weights is None:
        return None
    return part.weights.astype(np.float64)


def weighted_blocks(part: Part) -> Iterator[tuple[Matrix, Matrix, RowWeights]]:
    """Yield what `row_blocks` does, with the weights of the rows.

    Args:
        part: Training, validation or test rows.
    """
    weights = row_weights(part)
    start = 0
    for x, y in row_blocks(part):
        end = start + len(x)
        of_block = None if weights is None else weights[start:end]
        yield x, y, of_block
        start = end


def row_blocks(part: Part) -> Iterator[tuple[Matrix, Matrix]]:
    """Yield inputs and targets of a part's rows in blocks, which are small however wide.

    Args:
        part: Training, validation or test rows.

    Yields:
        Float32 (rows, inputs) and float32 (rows, targets): views, not copies.
    """
    inputs = max(1, part.x.shape[1])
    rows = max(1, BLOCK_CELLS // inputs)
    for start in range(0, len(part.x), rows):
        block = slice(start, start + rows)
        yield part.x[block], part.y[block]
