"""Permutation importance: how much worse predictions get where a column's cells are shuffled.

Breiman (2001); as scikit-learn's `permutation_importance`, but for the columns of the table: all
inputs that a column is encoded in are shuffled together.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from nnrun.results.array_types import Integers, Numbers
from nnrun.results.row_losses import log_losses

REPEATS = 5  # scikit-learn's
MOST_ROWS = 5_000  # each column takes `REPEATS` predictions of them

Given = TypeVar("Given")
"""What a network gives for rows: a matrix (rows, outputs), or `Outputs`."""

Predict = Callable[[Numbers], Given]
"""Gives outputs for encoded rows of shape (rows, inputs)."""

Loss = Callable[[Numbers, Given], float]
"""Gives how bad outputs are where y (rows, targets) is true."""


@dataclass(frozen=True)
class ColumnImportance:
    """How much the loss grows where a column is shuffled.

    Attributes:
        column: The column's name.
        mean: The mean over the repeats, in the unit of the loss; about 0 of a column that the
            network does not go by.
        deviation: The standard deviation over the repeats.
    """

    column: str
    mean: float
    deviation: float


def permutation_importance(
    predict: Predict[Given],
    x: Numbers,
    y: Numbers,
    columns: Mapping[str, Sequence[int]],
    loss: Loss[Given],
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
) -> tuple[ColumnImportance, ...]:
    """Return the importance of each column, the largest first.

    Args:
        predict: The network.
        x: Encoded rows held out, shape (rows, inputs).
        y: Their targets, shape (rows, targets).
        columns: The numbers of the inputs of each column of the table, by its name.
        loss: The loss: `mean_log_loss` or `root_mean_squared_error`, or another.
        repeats: How often each column is shuffled.
        seed: Draws the rows and shuffles them.
        most_rows: Of more rows, these many are drawn.
    """
    generator = np.random.default_rng(seed)
    rows = _drawn_rows(len(x), most_rows, generator)
    features = x[rows]
    truth = y[rows]
    least = loss(truth, predict(features))
    importances = []
    for column, inputs in columns.items():
        orders = (generator.permutation(len(features)) for _ in range(repeats))
        losses = list(shuffled_losses(predict, features, truth, inputs, loss, orders))
        growth = np.array(losses) - least
        mean = float(growth.mean())
        deviation = float(growth.std())
        importances.append(ColumnImportance(column, mean, deviation))
    return tuple(sorted(importances, key=lambda importance: -importance.mean))


def shuffled_losses(
    predict: Predict[Given],
    x: Numbers,
    y: Numbers,
    inputs: Sequence[int],
    loss: Loss[Given],
    orders: Iterator[Integers],
) -> Iterator[float]:
    """Yield the loss for each order (rows,) that the rows of some inputs are put in.

    Args:
        predict: Gives the outputs for inputs.
        x: The inputs of rows, shape (rows, inputs).
        y: Their targets, shape (rows, targets).
        inputs: The inputs that are put in another order together.
        loss: Gives the loss of targets and outputs.
        orders: The orders of the rows, each of shape (rows,).
    """
    places = list(inputs)
    for order in orders:
        shuffled = x.copy()
        shuffled[:, places] = x[order][:, places]
        yield loss(y, predict(shuffled))


def mean_log_loss(y: Numbers, outputs: Numbers) -> float:
    """Return the mean log loss of labels.

    Args:
        y: The number of each row's true label, (rows, 1).
        outputs: Probabilities of the second of two labels, (rows, 1), or of each, (rows, labels).
    """
    actual = y[:, 0].astype(np.int64)
    losses = log_losses(actual, outputs)
    return float(losses.mean())


def root_mean_squared_error(y: Numbers, outputs: Numbers) -> float:
    """Return the RMSE of numbers, the mean over targets.

    Args:
        y: The targets, (rows, targets).
        outputs: The predictions, of the same shape and units.
    """
    errors = outputs.astype(np.float64) - y
    mean_squares = (errors**2).mean(axis=0)
    rmse = np.sqrt(mean_squares)
    return float(rmse.mean())


def _drawn_rows(rows: int, most: int, generator: np.random.Generator) -> slice | Integers:
    """Return all rows, or the numbers of as many as are wanted at most, rising."""
    if rows <= most:
        return slice(None)
    drawn = generator.choice(rows, most, replace=False)
    return np.sort(drawn)
