"""The model: a config and an encoder turned into a compiled, plain `keras.Sequential`."""

from operator import attrgetter
from types import ModuleType

import numpy as np

from nnrun.config.keras_catalog import OBJECTS_OF_ACTIVATIONS
from nnrun.config.metric_arguments import metric_arguments
from nnrun.config.named import Spec
from nnrun.config.schema import Config
from nnrun.config.xla import uses_xla
from nnrun.features.encoder import Encoder
from nnrun.features.number_codes import code_units, value_scales
from nnrun.training.backend import keras, tf
from nnrun.training.keras_types import KerasObject, Model
from nnrun.training.loss_of_logs import LossOfLogs
from nnrun.training.loss_of_one_hot import LossOfOneHot

CODE = "piecewise_linear_code"
"""The name of the layer that codes numbers: its weights follow from the encoding."""


def build_network(config: Config, encoder: Encoder) -> Model:
    """Return the layers that are trained.

    They take float32 (batch, inputs) to float32 (batch, targets), or (batch, labels).

    Args:
        config: The config, validated.
        encoder: The encoder of its tables, which has the moments of inputs and targets.

    Raises:
        ValueError: Keras refuses the network.
        TypeError: Likewise.
    """
    layers = [keras.Input((len(encoder.inputs),))]
    if config.data.normalize:
        layers.append(_normalization(encoder))
    if config.data.numeric["name"] == "ple":
        layers += _piecewise_linear_code(encoder, config.data.numeric)
    elif config.data.clip is not None:
        layers += _clipping(config.data.clip)
    for spec in config.layers:
        layers.append(make(keras.layers, spec, "type"))
    if config.rescales:
        layers.append(_rescaling(encoder))
    if config.data.target_transform:
        layers += _back_from_logs()
    return keras.Sequential(layers)


def _normalization(encoder: Encoder) -> KerasObject:
    """Return the layer that standardises each input by its moments in the training rows."""
    mean, variance = encoder.moments
    return keras.layers.Normalization(mean=mean, variance=variance)


def _piecewise_linear_code(encoder: Encoder, numeric: Spec) -> list[KerasObject]:
    """Return the layers, not trained, that make several numbers of each: most between 0 and 1."""
    units = code_units(encoder, numeric)
    inputs = len(encoder.inputs)
    outputs = len(units.inputs)
    kernel = np.zeros((inputs, outputs), np.float32)
    kernel[units.inputs, np.arange(outputs)] = units.slopes
    layer = keras.layers.Dense(
        outputs,
        activation="hard_sigmoid",
        kernel_initializer="zeros",  # which draws no seed: other layers begin as without it
        trainable=False,
        name=CODE,
    )
    layer.build((None, inputs))
    layer.set_weights([kernel, units.offsets])
    if not numeric["values"]:
        return [layer]
    scales, offsets = value_scales(encoder)
    rescaling = keras.layers.Rescaling(scales.tolist(), offsets.tolist())
    return [layer, rescaling]


def network_weights(model: Model) -> list[KerasObject]:
    """Return the weights of the config's layers in Keras's order, which `weight_shapes` names.

    Args:
        model: What `build_network` made.
    """
    weights: list[KerasObject] = []
    for layer in model.layers:
        if layer.name != CODE:
            weights += layer.weights
    return weights


def _clipping(bound: float) -> list[KerasObject]:
    """Return the layers that keep standardised inputs x within a bound c, as c tanh(x / c)."""
    return [
        keras.layers.Rescaling(1 / bound),
        keras.layers.Activation("tanh"),
        keras.layers.Rescaling(bound),
    ]


def _rescaling(encoder: Encoder) -> KerasObject:
    """Return the layer that brings standardised outputs back to the scales of the targets."""
    return keras.layers.Rescaling(encoder.target_scales, encoder.target_offsets)


def _back_from_logs() -> list[KerasObject]:
    """Return the layers that bring log(1 + y) back to y: exp(x) - 1."""
    return [
        keras.layers.Activation("exponential"),
        keras.layers.Rescaling(1.0, -1.0),
    ]


def compile_model(model: Model, config: Config, rows: int) -> None:
    """Compile a model.

    Args:
        model: The network.
        config: The config that names optimizer, loss and metrics.
        rows: The number of training rows, which decides with the epochs about `jit_compile: auto`;
            0 where several replicas train, which XLA is not for.
    """
    metrics = []
    for spec in config.metric_specs:
        arguments = metric_arguments(config, spec)
        metrics.append(make(keras.metrics, arguments, "class"))
    are_weighted = config.data.sample_weight is not None
    kind = "weighted_metrics" if are_weighted else "metrics"
    inputs = model.input_shape[-1]
    model.compile(
        optimizer=_optimizer(config),
        loss=_loss(config),
        **{kind: metrics},
        jit_compile=uses_xla(config, inputs, rows),
    )


def _optimizer(config: Config) -> KerasObject:
    """Return the optimizer, which takes the gradients as they are.

    Keras lets `tf.distribute` add them up over its replicas, of which there is one: nnrun's own
    have added theirs up before. TensorFlow registers a gradient of that sum for good, and it holds
    the graph of the training: 3 MB more with every training of a process.
    """
    optimizer = make(keras.optimizers, config.optimizer)
    optimizer._all_reduce_sum_gradients = lambda gradients: gradients
    return optimizer


def _loss(config: Config) -> KerasObject:
    """Return the loss, within one that brings targets into the form that it takes."""
    loss = make(keras.losses, config.loss)
    if config.is_one_hot:
        return LossOfOneHot(loss)
    if config.data.target_transform:
        return LossOfLogs(loss)
    return loss


def build_variables(model: Model, targets: int) -> None:
    """Make every variable of optimizer, loss and metrics, since none can be made in a graph.

    Args:
        model: The compiled model.
        targets: The columns of y.
    """
    model.optimizer.build(model.trainable_variables)
    x = tf.zeros((1, *model.input_shape[1:]))
    y = tf.zeros((1, targets))
    model.test_step((x, y))  # leaves the weights as they are
    model.reset_metrics()


def serving_model(model: Model, config: Config) -> Model:
    """Return the model that is saved and predicts: the same layers, ending in probabilities.

    It is compiled with Keras's own losses alone, so that it loads without nnrun.

    Args:
        model: The trained model, with which the result shares its layers.
        config: Its config.
    """
    layers = [keras.Input(model.input_shape[1:]), *model.layers]
    if config.from_logits:
        activation = "sigmoid" if config.is_binary else "softmax"
        last = keras.layers.Activation(activation)
        return keras.Sequential([*layers, last])
    if config.data.target_transform or config.is_one_hot:
        return keras.Sequential(layers)
    return model


def make(module: ModuleType, spec: Spec, key: str = "name") -> KerasObject:
    """Return an instance of the Keras class that a validated spec names under `key`.

    Args:
        module: The module of Keras that has the class.
        spec: The name of the class and its arguments.
        key: The key of the name.

    Raises:
        ValueError: Keras refuses an argument.
        TypeError: Likewise.
    """
    arguments = {}
    for name, value in spec.items():
        if name != key:
            arguments[name] = _argument(name, value)
    make_object = getattr(module, spec[key])
    return make_object(**arguments)


def _argument(name: str, value: object) -> object:
    """Return an argument; one that is a spec itself, as kernel_initializer is, is made first."""
    if not isinstance(value, dict):
        return value
    if name == "activation":
        return _activation(value)
    if name == "learning_rate":
        return make(keras.optimizers.schedules, value)
    _, _, kind = name.rpartition("_")  # as `initializer`, whose classes are in keras.initializers
    module = getattr(keras, f"{kind}s")
    return make(module, value)


def _activation(spec: Spec) -> KerasObject:
    """Return an activation with its arguments, as an object that Keras saves."""
    arguments = dict(spec)
    dotted_name = OBJECTS_OF_ACTIVATIONS[arguments.pop("name")]
    make_object = attrgetter(dotted_name)(keras)
    return make_object(**arguments)
