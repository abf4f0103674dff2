"""Keras's activations in NumPy: float32 (rows, units) to the same shape.

Each is the formula of `keras/src/backend/tensorflow/nn.py` in Keras 3.15, or that of the TensorFlow
function that stands there. Where float32 rounds a formula to nothing, as `squareplus` does far
below zero, it is kept as it is: predictions are those of the model that was trained.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from nnrun.config.named import Spec
from nnrun.runs.arrays import Array

Activation = Callable[[Array], Array]
WithArguments = Callable[..., Array]
"""An activation whose arguments have Keras's names and defaults."""

SELU_SCALE = np.float32(1.0507009873554804934193349852946)  # Klambauer et al. (2017), as in Eigen
SELU_ALPHA = np.float32(1.6732632423543772848170429916717)
ERFC_COEFFICIENTS = (
    -1.26551223,
    1.00002368,
    0.37409196,
    0.09678418,
    -0.18628806,
    0.27886807,
    -1.13520398,
    1.48851587,
    -0.82215223,
    0.17087277,
)
"""Press et al., Numerical Recipes, section 6.2: a relative error below 1.2e-7 everywhere."""


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), without an overflow at either end.

    Args:
        x: Any shape.
    """
    decay = np.exp(-np.abs(x))
    numerator = np.where(x < 0, decay, np.float32(1))
    return numerator / (1 + decay)


def softmax(x: Array) -> Array:
    """Return exp(x) / sum(exp(x)) over the units of each row, with the largest taken off first.

    Args:
        x: Shape (rows, units).

    Returns:
        Shape (rows, units); each row sums to 1.
    """
    shifted = x - x.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return powers / powers.sum(axis=1, keepdims=True)


def log_softmax(x: Array) -> Array:
    """Return x - log(sum(exp(x))) over the units of each row, with the largest taken off first.

    Args:
        x: Shape (rows, units).
    """
    shifted = x - x.max(axis=1, keepdims=True)
    sums = np.exp(shifted).sum(axis=1, keepdims=True)
    return shifted - np.log(sums)


def sparsemax(x: Array) -> Array:
    """Return the projection of each row onto the simplex (Martins and Astudillo, 2016).

    Args:
        x: Float32, shape (rows, units).

    Returns:
        Shape (rows, units); each row sums to 1, and small units are exactly 0.
    """
    falling = -np.sort(-x, axis=1)
    sums = np.cumsum(falling, axis=1)
    counts = np.arange(1, x.shape[1] + 1, dtype=np.float32)
    is_supported = falling - (sums - 1) / counts > 0
    supported_sums = np.where(is_supported, sums, np.float32(0))
    total = supported_sums.sum(axis=1, keepdims=True)
    support = is_supported.sum(axis=1, keepdims=True, dtype=np.float32)
    threshold = (total - 1) / support
    return np.maximum(x - threshold, 0)


def softplus(x: Array) -> Array:
    """Return log(1 + exp(x)), without an overflow at either end.

    Args:
        x: Any shape.
    """
    decay = np.exp(-np.abs(x))
    return np.maximum(x, 0) + np.log1p(decay)


def log_sigmoid(x: Array) -> Array:
    """Return log(sigmoid(x)) = -softplus(-x).

    Args:
        x: Any shape.
    """
    return -softplus(-x)


def relu(
    x: Array, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Array:
    """Return x above the threshold, up to max_value, and a slope below, `ReLU.static_call`.

    Args:
        x: The weighted sums of a layer, float32 of any shape, which the result has too.
        negative_slope: What numbers below the threshold are multiplied by, after the threshold is
            taken off.
        max_value: The largest result; None for no bound.
        threshold: Below it the slope applies.
    """
    if not threshold and not negative_slope:
        positive = np.maximum(x, 0)
    else:
        positive = np.where(x > np.float32(threshold), x, np.float32(0))
    if max_value is not None:
        positive = np.minimum(positive, np.float32(max_value))
    if not negative_slope:
        return positive
    distance_below = np.maximum(np.float32(threshold) - x, 0)
    return positive - np.float32(negative_slope) * distance_below


def relu6(x: Array) -> Array:
    """Return x between 0 and 6.

    Args:
        x: Any shape.
    """
    return np.clip(x, 0, 6)


def leaky_relu(x: Array, negative_slope: float = 0.2) -> Array:
    """Return x above 0, negative_slope x below.

    Args:
        x: Any shape.
        negative_slope: At least 0.
    """
    return np.where(x > 0, x, np.float32(negative_slope) * x)


def elu(x: Array, alpha: float = 1.0) -> Array:
    """Return x above 0, alpha (exp(x) - 1) below.

    Args:
        x: Any shape.
        alpha: Minus the limit of the result as x falls.
    """
    negative = np.float32(alpha) * np.expm1(np.minimum(x, 0))
    return np.where(x < 0, negative, x)


def celu(x: Array, alpha: float = 1.0) -> Array:
    """Return max(x, 0) + alpha (exp(min(x, 0) / alpha) - 1).

    Args:
        x: Any shape.
        alpha: Above 0; minus the limit of the result as x falls.
    """
    scale = np.float32(alpha)
    negative = scale * np.expm1(np.minimum(x, 0) / scale)
    return np.maximum(x, 0) + negative


def selu(x: Array) -> Array:
    """Return the scaled elu of Klambauer et al. (2017).

    Args:
        x: Any shape.
    """
    negative = SELU_ALPHA * np.expm1(np.minimum(x, 0))
    return SELU_SCALE * np.where(x < 0, negative, x)


def gelu(x: Array, *, approximate: bool = False) -> Array:
    """Return 0.5 x erfc(-x / sqrt(2)), or its approximation by tanh.

    Args:
        x: Float32, any shape.
        approximate: Whether to use tanh in place of erfc, which is computed in float64 here.
    """
    if approximate:
        factor = np.float32(np.sqrt(2 / np.pi))
        bent = factor * (x + np.float32(0.044715) * x**3)
        return np.float32(0.5) * x * (1 + np.tanh(bent))
    wide = x.astype(np.float64)
    shares = _erfc(-wide * np.sqrt(0.5))
    values = 0.5 * wide * shares
    return values.astype(np.float32)


def silu(x: Array) -> Array:
    """Return x sigmoid(x).

    Args:
        x: Any shape.
    """
    return x * sigmoid(x)


def mish(x: Array) -> Array:
    """Return x tanh(softplus(x)), `keras/src/activations/activations.py`.

    Args:
        x: Any shape.
    """
    return x * np.tanh(softplus(x))


def softsign(x: Array) -> Array:
    """Return x / (1 + |x|).

    Args:
        x: Any shape.
    """
    return x / (1 + np.abs(x))


def squareplus(x: Array, b: float = 4.0) -> Array:
    """Return (x + sqrt(x^2 + b)) / 2.

    Args:
        x: Any shape.
        b: At least 0; how round the bend at 0 is.
    """
    root = np.sqrt(np.square(x) + np.float32(b))
    return (x + root) / 2


def hard_sigmoid(x: Array) -> Array:
    """Return relu6(x + 3) / 6.

    Args:
        x: Any shape.
    """
    return relu6(x + 3) / 6


def hard_silu(x: Array) -> Array:
    """Return x hard_sigmoid(x).

    Args:
        x: Any shape.
    """
    return x * hard_sigmoid(x)


def hard_tanh(x: Array) -> Array:
    """Return x between -1 and 1.

    Args:
        x: Any shape.
    """
    return np.clip(x, -1, 1)


def hard_shrink(x: Array, threshold: float = 0.5) -> Array:
    """Return x, or 0 within the threshold of 0.

    Args:
        x: Any shape.
        threshold: At least 0.
    """
    is_beyond = np.abs(x) > np.float32(threshold)
    return np.where(is_beyond, x, np.float32(0))


def soft_shrink(x: Array, threshold: float = 0.5) -> Array:
    """Return x moved towards 0 by the threshold, or 0 within it.

    Args:
        x: Any shape.
        threshold: At least 0.
    """
    size = np.abs(x) - np.float32(threshold)
    moved = np.copysign(size, x)
    return np.where(size > 0, moved, np.float32(0))


def tanh_shrink(x: Array) -> Array:
    """Return x - tanh(x).

    Args:
        x: Any shape.
    """
    return x - np.tanh(x)


def sparse_sigmoid(x: Array) -> Array:
    """Return (x + 1) / 2 between 0 and 1.

    Args:
        x: Any shape.
    """
    above_minus_one = np.where(x >= 1, np.float32(1), (x + 1) / 2)
    return np.where(x <= -1, np.float32(0), above_minus_one)


def sparse_plus(x: Array) -> Array:
    """Return 0 up to -1, (x + 1)^2 / 4 up to 1, x above.

    Args:
        x: Any shape.
    """
    above_minus_one = np.where(x < 1, np.square(x + 1) / 4, x)
    return np.where(x <= -1, np.float32(0), above_minus_one)


def _erfc(x: Array) -> Array:
    """Return the complementary error function, which NumPy lacks."""
    distance = np.abs(x)
    t = 1 / (1 + distance / 2)
    polynomial = np.polynomial.polynomial.polyval(t, ERFC_COEFFICIENTS)
    exponent = polynomial - np.square(distance)
    tail = t * np.exp(exponent)
    return np.where(x < 0, 2 - tail, tail)


ACTIVATIONS: dict[str, WithArguments] = {
    "celu": celu,
    "elu": elu,
    "exponential": np.exp,
    "gelu": gelu,
    "hard_shrink": hard_shrink,
    "hard_sigmoid": hard_sigmoid,
    "hard_silu": hard_silu,
    "hard_swish": hard_silu,
    "hard_tanh": hard_tanh,
    "leaky_relu": leaky_relu,
    "linear": np.positive,
    "log_sigmoid": log_sigmoid,
    "log_softmax": log_softmax,
    "mish": mish,
    "relu": relu,
    "relu6": relu6,
    "selu": selu,
    "sigmoid": sigmoid,
    "silu": silu,
    "soft_shrink": soft_shrink,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "sparse_plus": sparse_plus,
    "sparse_sigmoid": sparse_sigmoid,
    "sparsemax": sparsemax,
    "squareplus": squareplus,
    "swish": silu,
    "tanh": np.tanh,
    "tanh_shrink": tanh_shrink,
}


def activation_function(activation: str | Spec) -> Activation:
    """Return an activation as a function of x alone.

    Args:
        activation: Its name, or a mapping of its name and arguments.
    """
    if isinstance(activation, str):
        return ACTIVATIONS[activation]
    arguments = dict(activation)
    name = arguments.pop("name")
    return partial(ACTIVATIONS[name], **arguments)
