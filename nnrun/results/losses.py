"""Keras's losses, and the metrics that are means over rows, in NumPy: a value for each row.

Each takes the targets, float32 (rows, targets), what the network gives, and the arguments of the
config; and returns float64 (rows,). The formulas are those of `keras/src/losses/losses.py` and
`keras/src/backend/tensorflow/nn.py` in Keras 3.15, on its float32 outputs.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from nnrun.config.named import Spec
from nnrun.config.schema import Config
from nnrun.features.matrix_store import Matrix
from nnrun.results.activations import log_softmax, sigmoid, softmax, softplus
from nnrun.results.forward import KERAS_EPSILON, Outputs
from nnrun.runs.arrays import Array

RowValues = np.ndarray[tuple[int], np.dtype[np.float64]]
RowFunction = Callable[[Matrix, Outputs, Spec], RowValues]


def binary_crossentropy(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return -y log p - (1 - y) log(1 - p), from the logits where there are any.

    Args:
        y: The labels, 0 or 1, float32 (rows, targets).
        outputs: Their probabilities, or their logits, float32 (rows, targets).
        arguments: `from_logits` and `label_smoothing`, which may be missing.
    """
    smoothed = _smoothed(y, arguments.get("label_smoothing", 0))
    logits = _logits(outputs, arguments)
    if logits is not None:
        return _mean(_entropy_of_logits(smoothed, logits))
    return _mean(_entropy(smoothed, outputs.values))


def binary_focal_crossentropy(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return the crossentropy times (1 - p_t)^gamma, where p_t is that of the label.

    With `apply_class_balancing` it is times alpha for the label 1, and 1 - alpha for 0, too.

    Args:
        y: The labels, 0 or 1, float32 (rows, targets).
        outputs: Their probabilities, or their logits, float32 (rows, targets).
        arguments: All that Keras's class takes.
    """
    smoothed = _smoothed(y, arguments["label_smoothing"])
    logits = _logits(outputs, arguments)
    if logits is None:
        p = outputs.values
        entropy = _entropy(smoothed, p)
    else:
        p = sigmoid(logits)
        entropy = _entropy_of_logits(smoothed, logits)
    of_label = smoothed * p + (1 - smoothed) * (1 - p)
    gamma = np.float32(arguments["gamma"])
    focal = np.power(1 - of_label, gamma) * entropy
    if arguments["apply_class_balancing"]:
        alpha = np.float32(arguments["alpha"])
        balance = smoothed * alpha + (1 - smoothed) * (1 - alpha)
        focal = balance * focal
    return _mean(focal)


def sparse_categorical_crossentropy(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return -log p of the label, whose place is y, from the logits where there are any.

    Args:
        y: The place of each row's label, from 0 on, float32 (rows, 1).
        outputs: The probabilities of the labels, or their logits, float32 (rows, labels).
        arguments: `from_logits`, which may be missing.
    """
    logits = _logits(outputs, arguments)
    if logits is None:
        logits = np.log(_clipped(outputs.values))
    log_probability = _of_label(log_softmax(logits), y)
    return -log_probability.astype(np.float64)


def categorical_crossentropy(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return -sum(t log p) of the smoothed targets t, from the logits where there are any.

    Args:
        y: The place of each row's label, from 0 on, float32 (rows, 1).
        outputs: The probabilities of the labels, or their logits, float32 (rows, labels).
        arguments: `from_logits` and `label_smoothing`.
    """
    targets = _smoothed_one_hot(y, outputs, arguments)
    logits = _logits(outputs, arguments)
    if logits is None:
        p = _clipped(_shares(outputs.values))
        log_probabilities = np.log(p)
    else:
        log_probabilities = log_softmax(logits)
    return _sum_over_labels(targets, -log_probabilities)


def categorical_focal_crossentropy(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return -sum(alpha (1 - p)^gamma t log p) of the smoothed targets t.

    Args:
        y: The place of each row's label, from 0 on, float32 (rows, 1).
        outputs: The probabilities of the labels, or their logits, float32 (rows, labels).
        arguments: All that Keras's class takes.
    """
    targets = _smoothed_one_hot(y, outputs, arguments)
    values = outputs.values
    if arguments["from_logits"]:
        values = softmax(values)
    p = _clipped(_shares(values))
    alpha = np.float32(arguments["alpha"])
    gamma = np.float32(arguments["gamma"])
    focus = alpha * np.power(1 - p, gamma)
    return _sum_over_labels(targets, -focus * np.log(p))


def mean_squared_error(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return the mean of the squared errors over the targets.

    Args:
        y: The numbers to predict, float32 (rows, targets).
        outputs: The predictions, float32 (rows, targets).
    """
    error = y - outputs.values
    return _mean(np.square(error))


def mean_absolute_error(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return the mean of the absolute errors over the targets.

    Args:
        y: The numbers to predict, float32 (rows, targets).
        outputs: The predictions, float32 (rows, targets).
    """
    error = y - outputs.values
    return _mean(np.abs(error))


def mean_absolute_percentage_error(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return the mean of |y - prediction| / max(|y|, 1e-7) over the targets, in per cent.

    Args:
        y: The numbers to predict, float32 (rows, targets).
        outputs: The predictions, float32 (rows, targets).
    """
    size = np.maximum(np.abs(y), KERAS_EPSILON)
    relative_error = (y - outputs.values) / size
    return 100 * _mean(np.abs(relative_error))


def mean_squared_logarithmic_error(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return the mean squared difference of log(1 + value), of values from 1e-7 on.

    Args:
        y: The numbers to predict, float32 (rows, targets).
        outputs: The predictions, float32 (rows, targets).
    """
    difference = _log1p(outputs.values) - _log1p(y)
    return _mean(np.square(difference))


def huber(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return the mean of error^2 / 2 up to delta, and of delta |error| - delta^2 / 2 beyond.

    Args:
        y: The numbers to predict, float32 (rows, targets).
        outputs: The predictions, float32 (rows, targets).
        arguments: `delta`, above 0.
    """
    delta = np.float32(arguments["delta"])
    size = np.abs(outputs.values - y)
    within = np.square(size) / 2
    beyond = delta * size - np.square(delta) / 2
    return _mean(np.where(size <= delta, within, beyond))


def log_cosh(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return the mean of log(cosh(error)) over the targets.

    Args:
        y: The numbers to predict, float32 (rows, targets).
        outputs: The predictions, float32 (rows, targets).
    """
    error = outputs.values - y
    log_of_2 = np.float32(np.log(2))
    return _mean(error + softplus(-2 * error) - log_of_2)


def poisson(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return the mean of prediction - y log(prediction + 1e-7) over the targets.

    Args:
        y: The counts to predict, float32 (rows, targets).
        outputs: The predictions, at least 0, float32 (rows, targets).
    """
    logarithm = np.log(outputs.values + KERAS_EPSILON)
    return _mean(outputs.values - y * logarithm)


def hinge(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return max(0, 1 - y output), where y, 0 or 1, becomes -1 or 1.

    Args:
        y: The labels, 0 or 1, float32 (rows, targets).
        outputs: Their scores, float32 (rows, targets).
    """
    return _mean(_margin(y, outputs))


def squared_hinge(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return the square of the hinge.

    Args:
        y: The labels, 0 or 1, float32 (rows, targets).
        outputs: Their scores, float32 (rows, targets).
    """
    return _mean(np.square(_margin(y, outputs)))


def binary_accuracy(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return 1 where an output beyond the threshold tells of the label 1, else 0.

    Args:
        y: The labels, 0 or 1, float32 (rows, targets).
        outputs: Their probabilities, or their logits, float32 (rows, targets).
        arguments: `threshold`, 0.5 where it is missing; of logits where these are given.
    """
    threshold = np.float32(arguments.get("threshold", 0.5))
    is_called = outputs.values > threshold
    has_label = y != 0
    return _mean(is_called == has_label)


def sparse_categorical_accuracy(y: Matrix, outputs: Outputs, _: Spec) -> RowValues:
    """Return 1 where the largest output is that of the label, else 0.

    Args:
        y: The place of each row's label, from 0 on, float32 (rows, 1).
        outputs: The probabilities of the labels, or their logits, float32 (rows, labels).
    """
    called = outputs.values.argmax(axis=1)
    is_right = called == y[:, 0]
    return is_right.astype(np.float64)


def sparse_top_k_accuracy(y: Matrix, outputs: Outputs, arguments: Spec) -> RowValues:
    """Return 1 where fewer than k outputs are above that of the label, `tf.math.in_top_k`.

    Args:
        y: The place of each row's label, from 0 on, float32 (rows, 1).
        outputs: The probabilities of the labels, or their logits, float32 (rows, labels).
        arguments: `k`, the number of labels that count as named; 5 where it is missing.
    """
    of_label = _of_label(outputs.values, y)
    is_larger = outputs.values > of_label[:, None]
    is_in_top = is_larger.sum(axis=1) < arguments.get("k", 5)
    is_right = is_in_top & np.isfinite(of_label)
    return is_right.astype(np.float64)


LOSSES: dict[str, RowFunction] = {
    "BinaryCrossentropy": binary_crossentropy,
    "BinaryFocalCrossentropy": binary_focal_crossentropy,
    "CategoricalCrossentropy": categorical_crossentropy,
    "CategoricalFocalCrossentropy": categorical_focal_crossentropy,
    "Huber": huber,
    "LogCosh": log_cosh,
    "MeanAbsoluteError": mean_absolute_error,
    "MeanAbsolutePercentageError": mean_absolute_percentage_error,
    "MeanSquaredError": mean_squared_error,
    "MeanSquaredLogarithmicError": mean_squared_logarithmic_error,
    "Poisson": poisson,
    "SparseCategoricalCrossentropy": sparse_categorical_crossentropy,
}

LEAST_PREDICTION = np.float32(-1 + 1e-6)
"""Where the logarithms of predictions begin, as in `training/loss_of_logs.py`."""


def row_losses(config: Config, y: Matrix, outputs: Outputs) -> RowValues:
    """Return the config's loss of each row, of logarithms where it says that targets are such.

    Args:
        config: The config.
        y: The targets, float32 (rows, targets).
        outputs: What the network gives.
    """
    if config.data.target_transform:
        y = np.log1p(np.maximum(y, 0))
        bounded = np.maximum(outputs.values, LEAST_PREDICTION)
        outputs = replace(outputs, values=np.log1p(bounded))
    loss = LOSSES[config.loss["name"]]
    return loss(y, outputs, config.loss)


MEANS: dict[str, RowFunction] = {
    "BinaryAccuracy": binary_accuracy,
    "BinaryCrossentropy": binary_crossentropy,
    "Hinge": hinge,
    "LogCoshError": log_cosh,
    "MeanAbsoluteError": mean_absolute_error,
    "MeanAbsolutePercentageError": mean_absolute_percentage_error,
    "MeanSquaredError": mean_squared_error,
    "MeanSquaredLogarithmicError": mean_squared_logarithmic_error,
    "Poisson": poisson,
    "SparseCategoricalAccuracy": sparse_categorical_accuracy,
    "SparseCategoricalCrossentropy": sparse_categorical_crossentropy,
    "SparseTopKCategoricalAccuracy": sparse_top_k_accuracy,
    "SquaredHinge": squared_hinge,
}
"""The metrics that are a mean over the rows."""


def _logits(outputs: Outputs, arguments: Spec) -> Array | None:
    """Return what Keras takes for logits: those of the last activation come before the argument."""
    if outputs.logits is None and arguments.get("from_logits"):
        return outputs.values
    return outputs.logits


def _smoothed(y: Matrix, label_smoothing: float) -> Array:
    """Return labels of 0 or 1, moved towards 0.5."""
    smoothing = np.float32(label_smoothing)
    return y * (1 - smoothing) + smoothing / 2


def _entropy(y: Array, probability: Array) -> Array:
    """Return the crossentropy of each target, given the probability of its label 1."""
    p = _clipped(probability)
    of_label_1 = y * np.log(p)
    of_label_0 = (1 - y) * np.log(1 - p)
    return -(of_label_1 + of_label_0)


def _entropy_of_logits(y: Array, logits: Array) -> Array:
    """Return the crossentropy of each target, given the logit of its label 1."""
    return softplus(logits) - y * logits


def _mean(values: Array) -> RowValues:
    """Return the mean over the targets of each row."""
    return values.mean(axis=1, dtype=np.float64)


def _clipped(probability: Array) -> Array:
    return np.clip(probability, KERAS_EPSILON, 1 - KERAS_EPSILON)


def _shares(values: Array) -> Array:
    """Return the outputs of each row divided by their sum."""
    return values / values.sum(axis=1, keepdims=True)


def _smoothed_one_hot(y: Matrix, outputs: Outputs, arguments: Spec) -> Array:
    """Return 1 for the label of each row and 0 for the others, moved towards an even share."""
    smoothing = np.float32(arguments["label_smoothing"])
    labels = outputs.values.shape[1]
    one_hot = y.astype(np.int64) == np.arange(labels)
    return one_hot * (1 - smoothing) + smoothing / np.float32(labels)


def _sum_over_labels(targets: Array, values: Array) -> RowValues:
    """Return the sum of targets times values of each row."""
    return np.einsum("ij,ij->i", targets, values, dtype=np.float64)


def _of_label(values: Array, y: Matrix) -> Array:
    """Return the value of each row (rows,) that belongs to its label."""
    labels = y.astype(np.int64)
    column = np.take_along_axis(values, labels, axis=1)
    return column[:, 0]


def _log1p(values: Array) -> Array:
    bounded = np.maximum(values, KERAS_EPSILON)
    return np.log(bounded + 1)


def _margin(y: Matrix, outputs: Outputs) -> Array:
    """Return by how much each score misses a margin of 1 on the side of its label."""
    signs = 2 * y - 1
    return np.maximum(1 - signs * outputs.values, 0)
