"""Partial dependence: the mean prediction where all rows have the same value in a column.

Friedman (2001); as scikit-learn's `partial_dependence` with method="brute".
"""

from collections.abc import Sequence

import numpy as np

from nnrun.results.array_types import Floats, Numbers
from nnrun.results.importance import Predict

POINTS = 20
MOST_ROWS = 1_000  # a mean over them is known to 3 % of the spread over rows


def partial_dependence(
    predict: Predict[Numbers], x: Numbers, inputs: Sequence[int], grid: Numbers, *, seed: int = 0
) -> Floats:
    """Return the mean output for each value of a column, shape (points, outputs).

    Args:
        predict: The network.
        x: Encoded rows, shape (rows, inputs); of more than 1,000, these many are drawn.
        inputs: The numbers of the inputs of the column.
        grid: The column's values as they are encoded, shape (points, len(inputs)).
        seed: Draws the rows.
    """
    rows = x
    if len(x) > MOST_ROWS:
        generator = np.random.default_rng(seed)
        chosen = generator.choice(len(x), MOST_ROWS, replace=False)
        rows = x[np.sort(chosen)]
    columns = list(inputs)
    means = []
    for point in grid:
        same = rows.copy()
        same[:, columns] = point
        outputs = predict(same)
        means.append(outputs.mean(axis=0, dtype=np.float64))
    return np.array(means)


def value_grid(x: Numbers, inputs: Sequence[int], points: int = POINTS) -> Numbers:
    """Return values of a column to look at, shape (at most `points`, len(inputs)).

    These are its different values where there are few, as of categories; quantiles from 5 % to
    95 % of a column that is one number; the most frequent values otherwise.

    Args:
        x: Encoded rows, shape (rows, inputs).
        inputs: The numbers of the inputs of the column.
        points: How many values there are at most.
    """
    values = x[:, list(inputs)]
    different, counts = np.unique(values, axis=0, return_counts=True)
    if len(different) <= points:
        return different
    if len(inputs) == 1:
        shares = np.linspace(0.05, 0.95, points)
        quantiles = np.quantile(values, shares, axis=0)
        return np.unique(quantiles, axis=0)
    by_falling_count = np.argsort(-counts, kind="stable")
    frequent = np.sort(by_falling_count[:points])
    return np.asarray(different[frequent])
