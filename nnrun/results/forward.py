"""The network of a run in NumPy: what its Keras model computes in inference, without TensorFlow.

The layers are those of the validated config, and the arrays are those of weights.npz: a model's own
config is never read. All arithmetic is float32, as in Keras.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np

from nnrun.config.architecture import summarize
from nnrun.config.named import Spec
from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix
from nnrun.features.number_codes import code_units, value_scales
from nnrun.results.activations import Activation, activation_function, elu, leaky_relu, relu
from nnrun.runs.arrays import Array

ACTIVATION_CELLS = 1 << 18  # of the widest layer at a time: 1 MiB, which the caches hold
KERAS_EPSILON = np.float32(1e-7)  # keras.config.epsilon()
WITH_LOGITS = ("sigmoid", "softmax")
"""The activations whose input Keras keeps beside their output, and takes for the crossentropies."""

Weights = Sequence[Array]
Layer = Callable[[Spec, Weights, Array], Array]


@dataclass(frozen=True)
class Step:
    """A layer of the network: from float32 (rows, units before) to (rows, units).

    Attributes:
        spec: The layer as the config has it; of a layer that nnrun adds, its type alone.
        weights: Its arrays, in Keras's order.
        compute: The function that applies it.
    """

    spec: Spec
    weights: Weights
    compute: Layer

    def __call__(self, x: Array) -> Array:
        """Return what the layer gives for rows, float32 (rows, units)."""
        return self.compute(self.spec, self.weights, x)


@dataclass(frozen=True)
class Outputs:
    """What the network makes of rows, each float32 (rows, outputs).

    Attributes:
        predictions: Probabilities, or numbers in the units of the targets.
        values: What Keras's loss and metrics get: logits where the loss is from logits.
        logits: What the sigmoid or softmax that made the values was applied to, or None.
    """

    predictions: Matrix
    values: Matrix
    logits: Matrix | None

    def of_target(self, number: int) -> "Outputs":
        """Return the outputs for one of several targets, each float32 (rows, 1).

        Args:
            number: Which target, from 0 on.
        """
        column = slice(number, number + 1)
        predictions = self.predictions[:, column]
        values = self.values[:, column]
        if self.logits is None:
            return Outputs(predictions, values, None)
        return Outputs(predictions, values, self.logits[:, column])


@dataclass(frozen=True)
class Network:
    """The layers of a run, those included that nnrun adds.

    Attributes:
        steps: The layers that were trained.
        last: What makes probabilities of logits, where the trained layers end in logits.
        widest: The units of the widest layer, inputs included.
    """

    steps: Sequence[Step]
    last: Sequence[Step]
    widest: int

    @property
    def members(self) -> "Sequence[Network]":
        """The networks whose predictions are averaged: this one alone."""
        return [self]

    def __call__(self, x: Matrix) -> Matrix:
        """Return the predictions of rows, as the saved model gives them.

        Args:
            x: float32 (rows, inputs), in the units of the table.

        Returns:
            float32 (rows, outputs): probabilities, or numbers in the units of the targets. They are
            not finite where float32 does not hold them.
        """
        all_steps = [*self.steps, *self.last]
        return self._in_blocks(x, partial(_through, all_steps))

    def outputs(self, x: Matrix) -> Outputs:
        """Return the predictions of rows with what the loss and the metrics take.

        Args:
            x: float32 (rows, inputs), in the units of the table.
        """
        place = self._place_of_logits()
        if place is None:
            values = self._in_blocks(x, partial(_through, self.steps))
            predictions = self._in_blocks(values, partial(_through, self.last))
            return Outputs(predictions, values, None)
        step = self.steps[place]
        linear = replace(step, spec={**step.spec, "activation": "linear"})
        up_to_logits = [*self.steps[:place], linear]
        logits = self._in_blocks(x, partial(_through, up_to_logits))
        values = self._in_blocks(logits, activation_function(step.spec["activation"]))
        return Outputs(values, values, logits)

    def layer_outputs(self, x: Array) -> Iterator[tuple[Step, Array]]:
        """Yield each trained layer with what it gives for rows, float32 (rows, inputs).

        Args:
            x: The encoded features, float32 (rows, inputs).

        Yields:
            A trained layer, and what it gives for the rows, float32 (rows, units).
        """
        with np.errstate(all="ignore"):
            for step in self.steps:
                x = step(x)
                yield step, x

    def _place_of_logits(self) -> int | None:
        """Return the place of the sigmoid or softmax that makes the outputs, if one does."""
        for place in reversed(range(len(self.steps))):
            spec = self.steps[place].spec
            if spec.get("activation") in WITH_LOGITS:
                return place
            if not _passes_on(spec):
                return None
        return None

    def _in_blocks(self, x: Array, compute: Activation) -> Matrix:
        """Apply a function to some rows at a time, so that activations take little memory.

        A thread for each core takes some rows: this scales better than the threads of BLAS, which
        divide each product and wait for one another.
        """
        rows = max(1, ACTIVATION_CELLS // self.widest)
        if len(x) <= rows:
            return _quietly(compute, x)
        parts = []
        for start in range(0, len(x), rows):
            parts.append(x[start : start + rows])
        computed = _threads().map(partial(_quietly, compute), parts)
        return np.concatenate(list(computed))


def make_network(
    config: Config, encoder: Encoder, weights: Mapping[str, Array], prefix: str = ""
) -> Network:
    """Return the network of a run, or of a member of an ensemble.

    Args:
        config: The run's config.
        encoder: Its encoder, which has the statistics that nnrun standardises with.
        weights: The arrays by the names and in the shapes of `weight_shapes(config, inputs)`.
        prefix: How the names of its arrays begin.
    """
    summaries = summarize(config, encoder.width)
    steps = []
    if config.data.normalize:
        steps.append(_normalization(encoder))
    if config.data.numeric["name"] == "ple":
        steps += _piecewise_linear_code(encoder, config.data.numeric)
    elif config.data.clip is not None:
        steps += _clipping(config.data.clip)
    for i, (spec, summary) in enumerate(zip(config.layers, summaries, strict=True)):
        arrays = []
        for j in range(len(summary.shapes)):
            name = f"{prefix}layers[{i}].weights[{j}]"
            arrays.append(weights[name])
        compute = LAYERS[spec["type"]]
        steps.append(Step(spec, arrays, compute))
    if config.rescales:
        steps.append(_rescaling(encoder))
    if config.data.target_transform:
        steps += _back_from_logs()
    units = [summary.units for summary in summaries]
    widest = max(len(encoder.inputs), encoder.width, *units)
    return Network(steps, _last(config), widest)


def _dense(spec: Spec, weights: Weights, x: Array) -> Array:
    """Return activation(x kernel + bias), `keras/src/layers/core/dense.py`."""
    activation = activation_function(spec["activation"])
    return activation(_affine(weights, x))


def _affine(weights: Weights, x: Array) -> Array:
    """Return x kernel + bias, the second of which a layer may lack."""
    product = x @ weights[0]
    if len(weights) > 1:
        product += weights[1]
    return product


def _activation(spec: Spec, _: Weights, x: Array) -> Array:
    """Return activation(x), `keras/src/layers/activations/activation.py`."""
    activation = activation_function(spec["activation"])
    return activation(x)


def _batch_normalization(spec: Spec, weights: Weights, x: Array) -> Array:
    """Return x inv + (beta - mean inv) with the moving averages, `tf.nn.batch_normalization`.

    Here inv = gamma / sqrt(variance + epsilon).
    """
    *trained, mean, variance = weights
    gamma, beta = _gamma_and_beta(spec, trained)
    deviation = np.sqrt(variance + np.float32(spec["epsilon"]))
    scale = gamma / deviation
    return x * scale + (beta - mean * scale)


def _layer_normalization(spec: Spec, weights: Weights, x: Array) -> Array:
    """Return x inv + (beta - mean inv) with the moments of each row, `keras/src/ops/nn.py`.

    Here inv = gamma / sqrt(variance + epsilon), the variance over the units, divided by their
    number.
    """
    gamma, beta = _gamma_and_beta(spec, weights)
    mean = x.mean(axis=1, keepdims=True)
    variance = np.square(x - mean).mean(axis=1, keepdims=True)
    deviation = np.sqrt(variance + np.float32(spec["epsilon"]))
    scale = gamma / deviation
    return x * scale + (beta - mean * scale)


def _gamma_and_beta(spec: Spec, trained: Weights) -> tuple[Array, Array]:
    """Return the scale and the offset of a normalization; 1 and 0 where it has none."""
    arrays = iter(trained)
    gamma = next(arrays) if spec["scale"] else np.float32(1)
    beta = next(arrays) if spec["center"] else np.float32(0)
    return np.asarray(gamma), np.asarray(beta)


def _rms_normalization(spec: Spec, weights: Weights, x: Array) -> Array:
    """Return x / sqrt(mean(x^2) + epsilon) scale over the units, `_rms_normalization` of ops/nn."""
    mean_square = np.square(x).mean(axis=1, keepdims=True)
    root = np.sqrt(mean_square + np.float32(spec["epsilon"]))
    return x / root * weights[0]


def _unit_normalization(_: Spec, __: Weights, x: Array) -> Array:
    """Return x min(1 / |x|, 1e12) with the Euclidean norm of each row, `_normalize` of ops/nn."""
    squares = np.square(x).sum(axis=1, keepdims=True)
    norm = np.sqrt(squares)
    return x * np.minimum(1 / norm, np.float32(1e12))


def _relu(spec: Spec, _: Weights, x: Array) -> Array:
    """Return x above the threshold, up to max_value, and a slope below, `ReLU.static_call`."""
    return relu(x, spec["negative_slope"], spec["max_value"], spec["threshold"])


def _leaky_relu(spec: Spec, _: Weights, x: Array) -> Array:
    """Return x above 0, negative_slope x below, `layers/activations/leaky_relu.py`."""
    return leaky_relu(x, spec["negative_slope"])


def _prelu(_: Spec, weights: Weights, x: Array) -> Array:
    """Return max(x, 0) - alpha max(-x, 0) with a trained alpha, `layers/activations/prelu.py`."""
    alpha = weights[0]
    return np.maximum(x, 0) - alpha * np.maximum(-x, 0)


def _elu(spec: Spec, _: Weights, x: Array) -> Array:
    """Return x above 0, alpha (exp(x) - 1) below, `backend/tensorflow/nn.py`."""
    return elu(x, spec["alpha"])


def _identity(_: Spec, __: Weights, x: Array) -> Array:
    """Return x: Dropout and the other layers that are noise do nothing in inference."""
    return x


def _standardize(_: Spec, weights: Weights, x: Array) -> Array:
    """Return (x - mean) / max(sqrt(variance), 1e-7), `layers/preprocessing/normalization.py`."""
    mean, variance = weights
    deviation = np.maximum(np.sqrt(variance), KERAS_EPSILON)
    return (x - mean) / deviation


def _rescale(_: Spec, weights: Weights, x: Array) -> Array:
    """Return x scale + offset, `layers/preprocessing/rescaling.py`."""
    scale, offset = weights
    return x * scale + offset


LAYERS: dict[str, Layer] = {
    "Activation": _activation,
    "AlphaDropout": _identity,
    "BatchNormalization": _batch_normalization,
    "Dense": _dense,
    "Dropout": _identity,
    "ELU": _elu,
    "GaussianDropout": _identity,
    "GaussianNoise": _identity,
    "LayerNormalization": _layer_normalization,
    "LeakyReLU": _leaky_relu,
    "PReLU": _prelu,
    "RMSNormalization": _rms_normalization,
    "ReLU": _relu,
    "UnitNormalization": _unit_normalization,
}


def _normalization(encoder: Encoder) -> Step:
    mean, variance = map(_as_float32, encoder.moments)
    return Step({"type": "Normalization"}, [mean, variance], _standardize)


def _piecewise_linear_code(encoder: Encoder, numeric: Spec) -> list[Step]:
    """Return the steps that make several numbers of each: most between 0 and 1."""
    units = code_units(encoder, numeric)
    steps = [Step({"type": "Dense", "activation": "hard_sigmoid"}, units, _code)]
    if numeric["values"]:
        steps.append(Step({"type": "Rescaling"}, value_scales(encoder), _rescale))
    return steps


def _code(spec: Spec, weights: Weights, x: Array) -> Array:
    """Return activation(x kernel + bias), of whose kernel each column has one number but 0."""
    inputs, slopes, offsets = weights
    activation = activation_function(spec["activation"])
    return activation(x[:, inputs] * slopes + offsets)


def _clipping(bound: float) -> list[Step]:
    """Return the steps that keep standardised inputs x within a bound c, as c tanh(x / c)."""
    tanh = Step({"type": "Activation", "activation": "tanh"}, [], _activation)
    return [_multiplication(1 / bound), tanh, _multiplication(bound)]


def _multiplication(factor: float) -> Step:
    return _rescaled([factor], [0])


def _rescaling(encoder: Encoder) -> Step:
    return _rescaled(encoder.target_scales, encoder.target_offsets)


def _rescaled(scale: Sequence[float], offset: Sequence[float]) -> Step:
    """Return the step that multiplies by a scale and adds an offset, one or one for each unit."""
    weights = [_as_float32(scale), _as_float32(offset)]
    return Step({"type": "Rescaling"}, weights, _rescale)


def _back_from_logs() -> list[Step]:
    """Return the steps that bring log(1 + y) back to y, as exp(x) - 1."""
    exponential = Step({"type": "Activation", "activation": "exponential"}, [], _activation)
    less_one = _rescaled([1], [-1])
    return [exponential, less_one]


def _as_float32(numbers: Sequence[float]) -> Array:
    """Return float32 of numbers: a variance may be beyond it, and becomes inf in Keras too."""
    with np.errstate(over="ignore"):
        return np.array(numbers).astype(np.float32)


def _last(config: Config) -> list[Step]:
    """Return the layer that the saved model ends in where the trained layers end in logits."""
    if not config.from_logits:
        return []
    activation = "sigmoid" if config.is_binary else "softmax"
    return [Step({"type": "Activation", "activation": activation}, [], _activation)]


def _passes_on(spec: Spec) -> bool:
    """Tell whether a layer gives its very input in inference, with what Keras keeps beside it."""
    is_linear = spec["type"] == "Activation" and spec["activation"] == "linear"
    return is_linear or LAYERS.get(spec["type"]) is _identity


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="forward")


def _quietly(compute: Activation, x: Array) -> Matrix:
    """Return compute(x) without NumPy's warnings.

    Numbers beyond float32 become inf or nan, which those who ask for predictions look for.
    """
    with np.errstate(all="ignore"):
        return compute(x)


def _through(steps: Sequence[Step], x: Array) -> Array:
    """Return what the last of some steps gives."""
    for step in steps:
        x = step(x)
    return x
