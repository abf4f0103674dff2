"""The linear model that a network must beat to be worth its layers.

Logistic regression for labels and ridge regression for numbers, on the same encoded rows as the
network, standardised, with scikit-learn's default penalty.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from nnrun.results.activations import sigmoid, softmax
from nnrun.results.array_types import Floats, Integers, Numbers, RowWeights
from nnrun.results.logistic_solver import fit_logistic
from nnrun.results.rotation import RotatedRows, rotate

PENALTY = 1.0  # scikit-learn's: C = 1 of LogisticRegression, alpha = 1 of Ridge
BUDGET = 10_000_000_000
"""Multiplications: a second or two of one core at most; 361 rows of 64 inputs take 5 ms."""
EIGENVALUES = 10  # multiplications of eigenvalues and -vectors, times the cube of their number
PASSES = 250  # over the rows, that the solver makes for each output: 20 to 200 were counted
LEAST_ROWS = 200  # whatever it costs

Output = Literal["sigmoid", "softmax", "linear"]
"""The activation of what a model gives."""


@dataclass(frozen=True)
class LinearModel:
    """A fitted linear model.

    Attributes:
        output: What it gives: the probability of the second of two labels, or one of each target
            (`sigmoid`), those of several labels (`softmax`), or numbers (`linear`).
        weights: The weights of standardised inputs, shape (inputs, outputs).
        intercepts: What a row of means gets, shape (outputs,).
        mean: The mean of each input, shape (inputs,).
        scale: The standard deviation of each input, shape (inputs,).
        rows: The rows it was fitted on.
        rows_given: The rows it could have been fitted on.
    """

    output: Output
    weights: Floats
    intercepts: Floats
    mean: Floats
    scale: Floats
    rows: int
    rows_given: int

    def predict(self, x: Numbers) -> Floats:
        """Return what the network would return for the same rows.

        Args:
            x: The encoded features, float32 or float64 (rows, inputs).

        Returns:
            Probabilities or numbers, float64 (rows, outputs).
        """
        centred = x.astype(np.float64) - self.mean
        standardised = centred / self.scale
        scores = standardised @ self.weights + self.intercepts
        if self.output == "sigmoid":
            return sigmoid(scores)
        if self.output == "softmax":
            return softmax(scores)
        return np.asarray(scores)

    def of_output(self, number: int) -> "LinearModel":
        """Return the model of one of the outputs alone.

        Args:
            number: Which output, from 0 on.
        """
        weights = self.weights[:, [number]]
        intercepts = self.intercepts[[number]]
        return replace(self, weights=weights, intercepts=intercepts)

    @property
    def name(self) -> str:
        """What a sentence calls it: that not all rows were used is said."""
        if self.rows == self.rows_given:
            return "a linear model"
        return f"a linear model fitted on {self.rows:,} of {self.rows_given:,} rows"


def fit_logistic_model(
    x: Numbers,
    y: Numbers,
    labels: int,
    *,
    seed: int = 0,
    budget: int = BUDGET,
    weights: RowWeights = None,
) -> LinearModel:
    """Fit logistic regression on the training rows, or on as many as the budget allows.

    Args:
        x: Encoded rows, shape (rows, inputs), without NaN; they may be memory-mapped.
        y: The number of each row's label, shape (rows, 1).
        labels: The number of labels, at least two.
        seed: Draws the rows where not all are used.
        budget: Multiplications that the fit may take, about.
        weights: By how much each row counts, shape (rows,), not all 0; by default by 1.
    """
    outputs = 1 if labels == 2 else labels
    chosen = _choose_rows(x, PASSES * outputs, budget, seed)
    of_rows = None if weights is None else weights[chosen]
    rotated = rotate(x[chosen], of_rows)
    codes: Integers = y[chosen, 0].astype(np.int64)
    slopes, intercepts = fit_logistic(
        rotated.rows, rotated.squares, codes, outputs, PENALTY, of_rows
    )
    output: Output = "sigmoid" if outputs == 1 else "softmax"
    return _model(output, rotated, slopes, intercepts, rows_given=len(x))


def fit_multilabel_model(
    x: Numbers, y: Numbers, *, seed: int = 0, budget: int = BUDGET, weights: RowWeights = None
) -> LinearModel:
    """Fit a logistic regression for each target, on all training rows or within the budget.

    Args:
        x: Encoded rows, shape (rows, inputs), without NaN; they may be memory-mapped.
        y: The numbers of each row's labels, 0 or 1, shape (rows, targets).
        seed: Draws the rows where not all are used.
        budget: Multiplications that the fits may take together, about.
        weights: By how much each row counts, shape (rows,), not all 0; by default by 1.
    """
    targets = y.shape[1]
    chosen = _choose_rows(x, PASSES * targets, budget, seed)
    of_rows = None if weights is None else weights[chosen]
    rotated = rotate(x[chosen], of_rows)
    codes: Integers = y[chosen].astype(np.int64)
    all_slopes = []
    all_intercepts = []
    for column in codes.T:
        slopes, intercepts = fit_logistic(
            rotated.rows, rotated.squares, column, 1, PENALTY, of_rows
        )
        all_slopes.append(slopes)
        all_intercepts.append(intercepts)
    return _model(
        "sigmoid",
        rotated,
        np.hstack(all_slopes),
        np.concatenate(all_intercepts),
        rows_given=len(x),
    )


def fit_ridge_model(
    x: Numbers, y: Numbers, *, seed: int = 0, budget: int = BUDGET, weights: RowWeights = None
) -> LinearModel:
    """Fit ridge regression on the training rows, or on as many as the budget allows.

    Args:
        x: Encoded rows, shape (rows, inputs), without NaN; they may be memory-mapped.
        y: The targets, shape (rows, targets).
        seed: Draws the rows where not all are used.
        budget: Multiplications that the fit may take, about.
        weights: By how much each row counts, shape (rows,), not all 0; by default by 1.
    """
    targets = y.shape[1]
    chosen = _choose_rows(x, targets, budget, seed)
    of_rows = None if weights is None else weights[chosen]
    rotated = rotate(x[chosen], of_rows)
    actual: Floats = y[chosen].astype(np.float64)
    intercepts = np.average(actual, axis=0, weights=of_rows)
    residuals = actual - intercepts
    if of_rows is not None:
        residuals *= of_rows[:, None]
    products = rotated.rows.T @ residuals
    divisors = rotated.squares + PENALTY
    slopes = products / divisors[:, None]
    return _model("linear", rotated, slopes, intercepts, rows_given=len(x))


def _model(
    output: Output,
    rotated: RotatedRows,
    slopes: Floats,
    intercepts: Floats,
    *,
    rows_given: int,
) -> LinearModel:
    """Return the model whose slopes were found along the directions of rotated rows."""
    return LinearModel(
        output=output,
        weights=rotated.directions @ slopes,
        intercepts=intercepts,
        mean=rotated.mean,
        scale=rotated.scale,
        rows=len(rotated.rows),
        rows_given=rows_given,
    )


def _choose_rows(x: Numbers, passes: int, budget: int, seed: int) -> slice | Integers:
    """Return all rows, or the numbers of as many, rising, as the budget allows."""
    rows, inputs = x.shape
    most = rows_within(budget, inputs, passes)
    if rows <= most:
        return slice(None)
    generator = np.random.default_rng(seed)
    chosen = generator.choice(rows, most, replace=False, shuffle=False)
    chosen.sort()
    return chosen


def rows_within(budget: int, inputs: int, passes: int) -> int:
    """Return the number of rows that a fit can use within a budget of multiplications.

    A fit takes products of all pairs of inputs (or of rows, where these are fewer), their
    eigenvectors, and `passes` over the rows.

    Args:
        budget: The multiplications.
        inputs: How many inputs a row has.
        passes: How often the fit goes over the rows.
    """
    after_eigenvectors = budget - EIGENVALUES * inputs**3
    tall = after_eigenvectors // (inputs * (2 * inputs + passes))
    if tall > inputs:
        return int(tall)
    # fewer rows than inputs: rows^2 (2 inputs + 10 rows) <= (2 + 10) inputs rows^2
    wide = int(np.sqrt(budget / ((2 + EIGENVALUES) * inputs)))
    return max(LEAST_ROWS, min(wide, inputs))
