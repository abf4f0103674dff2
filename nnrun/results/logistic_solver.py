"""Logistic regression of two or several labels with an L2 penalty: Newton's method in NumPy.

Each step solves for Newton's direction by conjugate gradients, which need only products with the
Hessian, and then halves the step until the loss falls: the `newton-cg` of scikit-learn, with a
diagonal preconditioner that rotated inputs make nearly exact.
"""

from dataclasses import dataclass

import numpy as np

from nnrun.results.activations import sigmoid, softmax
from nnrun.results.array_types import Floats, Integers, RowWeights

NEWTON_STEPS = 30  # 5 to 12 are the rule; labels that a plane divides take the most
GRADIENT_STEPS = 50  # of conjugate gradients, in one step of Newton
TOLERANCE = 1e-6  # of the mean loss's gradient: measures agree to 1e-4 from 1e-5 on
SUFFICIENT = 1e-4  # the share of the promised fall of the loss that a step must bring (Armijo)
HALVINGS = 20


@dataclass(frozen=True)
class _Problem:
    """What is minimised: `inputs` (rows, n) end in a column of ones, which has no penalty."""

    inputs: Floats
    truth: Floats  # (rows, 1) 0 or 1, or (rows, labels) one-hot
    squares: Floats  # (n,): of each column of the inputs
    penalty: Floats  # (n, 1)
    weights: Floats | None = None  # (rows, 1); None where all rows count alike

    @property
    def total(self) -> float:
        """The sum of the weights of rows."""
        if self.weights is None:
            return float(len(self.inputs))
        return float(self.weights.sum())

    def weighted(self, values: Floats) -> Floats:
        """Return the values of rows, (rows, outputs), each times its row's weight."""
        return values if self.weights is None else values * self.weights

    def probabilities(self, scores: Floats) -> Floats:
        """Return the probabilities of outputs, (rows, outputs), given their scores."""
        if scores.shape[1] == 1:
            return sigmoid(scores)
        return softmax(scores)

    def loss(self, weights: Floats, scores: Floats) -> float:
        """Return the sum of the log losses of rows and of the penalty of weights."""
        of_truth = self.weighted(scores * self.truth)
        of_all = self.weighted(_log_sums(scores))
        penalties = self.penalty * weights**2
        log_losses = float(of_all.sum()) - float(of_truth.sum())
        return log_losses + float(penalties.sum()) / 2

    def gradient(self, weights: Floats, probabilities: Floats) -> Floats:
        """Return how the loss grows with each weight, (n, outputs)."""
        errors = self.weighted(probabilities - self.truth)
        of_losses = self.inputs.T @ errors
        return np.asarray(of_losses + self.penalty * weights)

    def hessian_product(self, probabilities: Floats, direction: Floats) -> Floats:
        """Return how the gradient grows along a direction of the weights, (n, outputs)."""
        moved = probabilities * (self.inputs @ direction)
        if probabilities.shape[1] == 1:
            moved *= 1 - probabilities
        else:
            moved -= probabilities * moved.sum(axis=1, keepdims=True)
        of_losses = self.inputs.T @ self.weighted(moved)
        return np.asarray(of_losses + self.penalty * direction)

    def preconditioner(self, probabilities: Floats) -> Floats:
        """Return the inverse of the Hessian's diagonal, were all rows' curvature their mean."""
        curvatures = self.weighted(probabilities * (1 - probabilities))
        cells = self.total * probabilities.shape[1]
        curvature = max(1e-10, float(curvatures.sum()) / cells)
        return 1 / (curvature * self.squares[:, None] + self.penalty)


def _log_sums(scores: Floats) -> Floats:
    """Return the logarithm of what the probabilities of each row are divided by, (rows, 1)."""
    if scores.shape[1] == 1:
        return np.asarray(np.logaddexp(0, scores))
    largest = scores.max(axis=1, keepdims=True)
    powers = np.exp(scores - largest)
    sums = powers.sum(axis=1, keepdims=True)
    return np.asarray(np.log(sums) + largest)


def fit_logistic(
    rows: Floats,
    squares: Floats,
    labels: Integers,
    outputs: int,
    penalty: float = 1.0,
    row_weights: RowWeights = None,
) -> tuple[Floats, Floats]:
    """Return the weights and intercepts of the least loss.

    The loss is the sum of log losses over rows plus `penalty` / 2 times the sum of squared
    weights, the intercepts left out: that of scikit-learn's LogisticRegression with C = 1.

    Args:
        rows: The inputs, centred, shape (rows, inputs).
        squares: The sum of squares of each input, shape (inputs,).
        labels: The number of each row's label, shape (rows,).
        outputs: 1 for two labels, and the number of labels for several.
        penalty: The strength of the L2 penalty.
        row_weights: By how much each row counts, shape (rows,), not all 0; by default by 1. Inputs
            are centred, and their squares summed, by these weights.

    Returns:
        Weights of shape (inputs, outputs) and intercepts of shape (outputs,).
    """
    problem = _problem(rows, squares, labels, outputs, penalty, row_weights)
    inputs_with_intercept = rows.shape[1] + 1
    weights = np.zeros((inputs_with_intercept, outputs))
    scores = problem.inputs @ weights
    for _ in range(NEWTON_STEPS):
        probabilities = problem.probabilities(scores)
        gradient = problem.gradient(weights, probabilities)
        if np.abs(gradient).max() <= TOLERANCE * problem.total:
            break
        direction = _newton_direction(problem, probabilities, gradient)
        step = _step_length(problem, weights, scores, direction, gradient)
        if not step:  # the loss is as low as float64 can tell
            break
        weights += step * direction
        scores = problem.inputs @ weights
    return weights[:-1], weights[-1]


def _problem(
    rows: Floats,
    squares: Floats,
    labels: Integers,
    outputs: int,
    penalty: float,
    row_weights: RowWeights,
) -> _Problem:
    """Return the rows with a column of ones, for the intercepts, which pay no penalty."""
    ones = np.ones(len(rows))
    inputs = np.column_stack([rows, ones])
    penalties = np.full((inputs.shape[1], 1), penalty)
    penalties[-1] = 0
    numbers = [1] if outputs == 1 else np.arange(outputs)
    has_label = labels[:, None] == numbers
    truth = has_label.astype(np.float64)
    weights = None if row_weights is None else row_weights[:, None]
    total = len(rows) if row_weights is None else row_weights.sum()
    all_squares = np.append(squares, total)
    return _Problem(inputs, truth, all_squares, penalties, weights)


def _newton_direction(problem: _Problem, probabilities: Floats, gradient: Floats) -> Floats:
    """Return Newton's direction, as far as conjugate gradients reach in `GRADIENT_STEPS`.

    They end early far from the minimum, where an exact direction is of no use (Nocedal and
    Wright, Numerical Optimization, 7.1).
    """
    size = float(np.abs(gradient).sum())
    share = min(0.5, float(np.sqrt(size)))
    enough = share * size
    inverse = problem.preconditioner(probabilities)
    direction = np.zeros_like(gradient)
    residual = -gradient
    scaled = inverse * residual
    search = scaled
    product = float((residual * scaled).sum())
    for _ in range(GRADIENT_STEPS):
        if float(np.abs(residual).sum()) <= enough:
            break
        curved = problem.hessian_product(probabilities, search)
        curvature = float((search * curved).sum())
        if curvature <= 0:  # rounding
            break
        length = product / curvature
        direction = direction + length * search
        residual = residual - length * curved
        scaled = inverse * residual
        previous = product
        product = float((residual * scaled).sum())
        search = scaled + product / previous * search
    return np.asarray(direction)


def _step_length(
    problem: _Problem, weights: Floats, scores: Floats, direction: Floats, gradient: Floats
) -> float:
    """Return the first of 1, 1/2, 1/4 ... that lowers the loss enough, or 0 where none does."""
    loss = problem.loss(weights, scores)
    promised = float((gradient * direction).sum())
    moved = problem.inputs @ direction
    step = 1.0
    for _ in range(HALVINGS):
        next_weights = weights + step * direction
        next_scores = scores + step * moved
        sufficient = loss + SUFFICIENT * step * promised
        if problem.loss(next_weights, next_scores) < sufficient:
            return step
        step /= 2
    return 0.0
