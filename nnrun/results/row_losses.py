"""The loss of each row: what measures sum, and what the bootstrap draws again."""

import numpy as np

from nnrun.results.array_types import Floats, Integers, Numbers

SMALLEST_PROBABILITY = float(np.finfo(np.float32).eps)
"""Probabilities are clipped here before their logarithm, as scikit-learn clips float32."""

DEFAULT_THRESHOLD = 0.5

AnyThreshold = float | tuple[float, ...] | None
"""The probability from which on a row is called the second of two labels: one for all targets, or
one for each, or None for the default."""


def threshold_of(threshold: AnyThreshold, target: int) -> float | None:
    """Return the threshold of one of the targets, or None for the default.

    Args:
        threshold: One threshold for all targets, or a threshold for each.
        target: The number of the target, from 0 on.
    """
    if isinstance(threshold, tuple):
        return threshold[target]
    return threshold


def second_probability(outputs: Numbers) -> Numbers:
    """Return the probability of the second of two labels, shape (rows,).

    Args:
        outputs: Probabilities of the second label, (rows, 1), or of both, (rows, 2).
    """
    return outputs[:, -1]


def called_labels(outputs: Numbers, threshold: float | None = None) -> Integers:
    """Return the number of the label that each row is called, shape (rows,).

    Args:
        outputs: Probabilities of the second of two labels, (rows, 1), or of each, (rows, labels).
        threshold: The probability from which on a row is called the second of two labels;
            defaults to 0.5 for one output. Of several outputs, the largest wins.
    """
    if outputs.shape[1] > 1 and threshold is None:
        return np.asarray(outputs.argmax(axis=1))
    if threshold is None:
        threshold = DEFAULT_THRESHOLD
    is_second = second_probability(outputs) >= np.float32(threshold)
    return is_second.astype(np.int64)


def log_losses(actual: Integers, outputs: Numbers) -> Floats:
    """Return minus the logarithm of the probability of the true label, shape (rows,).

    Args:
        actual: The number of the true label, shape (rows,).
        outputs: Probabilities of the second of two labels, (rows, 1), or of each, (rows, labels);
            those of each are divided by their sum.
    """
    probability = true_probability(actual, outputs)
    largest = 1 - SMALLEST_PROBABILITY
    clipped = np.clip(probability, SMALLEST_PROBABILITY, largest)
    return np.asarray(-np.log(clipped))


def brier_losses(actual: Integers, outputs: Numbers) -> Floats:
    """Return the squared distance of the probabilities from the truth, shape (rows,).

    It is halved for two labels, as in scikit-learn: from 0 to 1, and to 2 for several labels.

    Args:
        actual: The number of the true label, shape (rows,).
        outputs: Probabilities of the second of two labels, (rows, 1), or of each, (rows, labels).
    """
    probability = true_probability(actual, outputs)
    if outputs.shape[1] <= 2:
        return np.asarray((1 - probability) ** 2)
    squares = np.einsum("ij,ij->i", outputs, outputs, dtype=np.float64)
    squares_of_shares = squares / _sums(outputs) ** 2
    return np.asarray(squares_of_shares - 2 * probability + 1)


def true_probability(actual: Integers, outputs: Numbers) -> Floats:
    """Return the probability of a label for each row, shape (rows,).

    Args:
        actual: The number of the label, shape (rows,).
        outputs: Probabilities of the second of two labels, (rows, 1), or of each, (rows, labels);
            those of each are divided by their sum.
    """
    if outputs.shape[1] == 1:
        second = outputs[:, 0].astype(np.float64)
        return np.where(actual == 1, second, 1 - second)
    rows = np.arange(len(outputs))
    of_label = outputs[rows, actual].astype(np.float64)
    return np.asarray(of_label / _sums(outputs))


def _sums(outputs: Numbers) -> Floats:
    """Return the sum of each row's outputs: 1 after softmax, anything after several sigmoids."""
    sums = outputs.sum(axis=1, dtype=np.float64)
    return np.where(sums > 0, sums, 1.0)
