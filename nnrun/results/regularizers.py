"""Keras's regularizers in NumPy, from `keras/src/regularizers/regularizers.py` in Keras 3.15."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from nnrun.config.named import Spec
from nnrun.results.forward import KERAS_EPSILON, Network, Step
from nnrun.runs.arrays import Array

Regularizer = Callable[[Spec, Array], float]


def weight_penalty(network: Network) -> float:
    """Return what the regularizers of weights add to the loss of every batch.

    Args:
        network: The trained network.
    """
    total = 0.0
    for step in network.steps:
        for regularizer, array in _regularized_weights(step):
            total += penalty(regularizer, array)
    return total


def activity_regularizer(step: Step) -> Spec | None:
    """Return the regularizer of a layer's outputs, or None.

    Args:
        step: A trained layer.
    """
    regularizer: Spec | None = step.spec.get("activity_regularizer")
    return regularizer


def penalty(regularizer: Spec, array: Array) -> float:
    """Return what a regularizer makes of an array, as a sum in float64.

    Args:
        regularizer: The Keras class as `name`, with its arguments.
        array: The weights or the outputs of a layer.
    """
    compute = REGULARIZERS[regularizer["name"]]
    return compute(regularizer, array.astype(np.float64))


def _regularized_weights(step: Step) -> Iterator[tuple[Spec, Array]]:
    """Yield each regularizer of a layer's weights with the array that it is for."""
    for name, array in zip(_weight_names(step.spec), step.weights, strict=False):
        regularizer = step.spec.get(f"{name}_regularizer")
        if regularizer:
            yield regularizer, array


def _weight_names(spec: Spec) -> Sequence[str]:
    """Return what Keras calls the trained weights of a layer, in their order."""
    if spec["type"] == "Dense":
        return ["kernel", "bias"]
    if spec["type"] == "PReLU":
        return ["alpha"]
    names = []
    if spec.get("scale"):
        names.append("gamma")
    if spec.get("center"):
        names.append("beta")
    return names


def _l1(regularizer: Spec, array: Array) -> float:
    return float(regularizer["l1"] * np.abs(array).sum())


def _l2(regularizer: Spec, array: Array) -> float:
    return float(regularizer["l2"] * np.square(array).sum())


def _l1_l2(regularizer: Spec, array: Array) -> float:
    return _l1(regularizer, array) + _l2(regularizer, array)


def _orthogonal(regularizer: Spec, array: Array) -> float:
    """Return the mean of the |cosines| between rows, or columns, times half the factor."""
    vectors = array if regularizer["mode"] == "rows" else array.T
    squares = np.square(vectors).sum(axis=1, keepdims=True)
    largest = 1 / float(KERAS_EPSILON)
    inverse = np.minimum(1 / np.sqrt(squares), largest)
    normalized = vectors * inverse
    cosines = np.abs(normalized @ normalized.T)
    between = cosines.sum() - np.trace(cosines)
    pairs = len(vectors) * (len(vectors) - 1) / 2
    mean = np.divide(between, pairs)  # NaN of a single vector, as in Keras
    return float(regularizer["factor"] * 0.5 * mean)


REGULARIZERS: dict[str, Regularizer] = {
    "L1": _l1,
    "L1L2": _l1_l2,
    "L2": _l2,
    "OrthogonalRegularizer": _orthogonal,
}
