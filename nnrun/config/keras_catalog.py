"""The classes of Keras that a config can name, checked without TensorFlow.

`keras.json` is what `tests/support/keras_names.py` reads off the installed Keras: classes, their
arguments and defaults.
"""

import json
from pathlib import Path
from typing import Annotated

from nnrun.config import foreign_names, lacked_names
from nnrun.config.activation import Activation
from nnrun.config.argument_types import ArgumentTypes, number_or_object
from nnrun.config.named import Catalog, Named, Spec, snake_case

_KERAS_FILE = Path(__file__).with_name("keras.json")
_KERAS = json.loads(_KERAS_FILE.read_text(encoding="utf-8"))
_TYPES = ArgumentTypes()


def _catalog(plural: str) -> Catalog:
    """Return the classes of a kind, each with the type and default of every argument."""
    catalog: Catalog = {}
    for name, arguments in _KERAS[plural].items():
        fields = {}
        for argument, default in arguments.items():
            fields[argument] = _TYPES.field(name, argument, default)
        catalog[name] = fields
    return catalog


def _not_offered(plural: str) -> list[str]:
    names: list[str] = _KERAS["not_offered"][plural]
    return names


def _callback(name: str, *, number_means: str, example: str) -> Named:
    """Return the annotation for a callback, whose name a config does not write."""
    callbacks = _catalog("callbacks")
    return Named(
        snake_case(name),
        {name: callbacks[name]},
        default=name,
        number_means=number_means,
        example=example,
    )


INITIALIZER = Named(
    "initializer",
    _catalog("initializers"),
    not_offered=_not_offered("initializers"),
    reasons=lacked_names.INITIALIZERS,
    elsewhere=foreign_names.INITIALIZERS,
)
REGULARIZER = Named(
    "regularizer",
    _catalog("regularizers"),
    default="L1L2",
    not_offered=_not_offered("regularizers"),
    number_means="l2",
    example="l2: 0.01",
)
CONSTRAINT = Named(
    "constraint",
    _catalog("constraints"),
    not_offered=_not_offered("constraints"),
    number_means="name: MaxNorm, max_value",
)

ACTIVATION = Named(
    "activation",
    _catalog("activations"),
    elsewhere=foreign_names.ACTIVATIONS,
    not_offered=list(lacked_names.ACTIVATIONS),
    reasons=lacked_names.ACTIVATIONS,
)
ACTIVATIONS = list(ACTIVATION.catalog)

# Layers have arguments that are such objects themselves.
_TYPES.add("activation", Annotated[str | Spec, Activation(ACTIVATION)])
_TYPES.add("initializer", Annotated[Spec, INITIALIZER])
_TYPES.add("regularizer", Annotated[Spec, REGULARIZER])
_TYPES.add("constraint", Annotated[Spec, CONSTRAINT])

SCHEDULE = Named(
    "learning-rate schedule",
    _catalog("schedules"),
    not_offered=_not_offered("schedules"),
    elsewhere=foreign_names.SCHEDULES,
)
_TYPES.add("learning_rate", number_or_object(SCHEDULE))

LAYER = Named(
    "layer",
    _catalog("layers"),
    key="type",
    default="Dense",
    not_offered=_not_offered("layers"),
    reasons=lacked_names.LAYERS,
    elsewhere=foreign_names.LAYERS,
    number_means="units",
)
LOSS = Named(
    "loss",
    _catalog("losses"),
    aliases={
        "bce": "BinaryCrossentropy",
        "mse": "MeanSquaredError",
        "mae": "MeanAbsoluteError",
        "mape": "MeanAbsolutePercentageError",
        "msle": "MeanSquaredLogarithmicError",
    },
    not_offered=_not_offered("losses"),
    elsewhere=foreign_names.LOSSES,
    reasons=lacked_names.LOSSES,
)
LOSSES_OF_TWO_LABELS = ("BinaryCrossentropy", "BinaryFocalCrossentropy")
LOSSES_OF_ONE_HOT = ("CategoricalCrossentropy", "CategoricalFocalCrossentropy")
"""The losses whose targets are a probability for each label: 1 for the true one."""
LOSSES_OF_SEVERAL_LABELS = ("SparseCategoricalCrossentropy", *LOSSES_OF_ONE_HOT)
OPTIMIZER = Named(
    "optimizer",
    _catalog("optimizers"),
    default="RMSprop",
    not_offered=_not_offered("optimizers"),
    reasons=lacked_names.OPTIMIZERS,
    number_means="name: adam, learning_rate",
    example="name: adam, learning_rate: 0.001",
)
METRIC = Named(
    "metric",
    _catalog("metrics"),
    aliases={
        "accuracy": "BinaryAccuracy",
        "acc": "BinaryAccuracy",
        **LOSS.aliases,
    },
    keep_spelling=True,
    elsewhere=foreign_names.METRICS,
    not_offered=_not_offered("metrics"),
    reasons=lacked_names.METRICS,
)
EARLY_STOPPING = _callback(
    "EarlyStopping",
    number_means="patience",
    example="monitor: val_loss, patience: 10, restore_best_weights: true",
)
REDUCE_LR = _callback(
    "ReduceLROnPlateau", number_means="factor", example="factor: 0.5, patience: 5"
)


def _is_for_numbers(metric: str) -> bool:
    return metric.endswith("Error") or metric in ("Poisson", "R2Score")


NUMBER_METRICS = frozenset(filter(_is_for_numbers, METRIC.catalog))
"""The metrics of numbers."""

_SPARSE_METRICS = [name for name in METRIC.catalog if name.startswith("Sparse")]
CATEGORICAL_METRICS = frozenset(_SPARSE_METRICS)
"""The metrics of several labels; those in neither set are for one yes/no output."""


ACTIVATION_LAYERS = {"ReLU": "relu", "LeakyReLU": "leaky_relu", "PReLU": "prelu", "ELU": "elu"}
"""The layers that are an activation themselves."""

OBJECTS_OF_ACTIVATIONS = {
    "celu": "src.ops.nn.Celu",
    "elu": "layers.ELU",
    "gelu": "src.ops.nn.Gelu",
    "hard_shrink": "src.ops.nn.HardShrink",
    "leaky_relu": "layers.LeakyReLU",
    "relu": "layers.ReLU",
    "soft_shrink": "src.ops.nn.SoftShrink",
    "squareplus": "src.ops.nn.Squareplus",
}
"""Keras's class, as a path below `keras`, of each activation that takes arguments.

A model that has an object of it as an activation is saved and loaded, where Keras could not save a
function with its arguments. The operations of `keras.ops` have no public class; models of Keras's
own that call `keras.ops.gelu` are saved with the same one.
"""


def activation_of(layer: Spec) -> str:
    """Return the name of a layer's activation: its argument, or what the layer is, or linear.

    Args:
        layer: A validated layer, with every argument.
    """
    activation = layer.get("activation", "linear")
    arguments = activation if isinstance(activation, dict) else layer
    if arguments.get("negative_slope"):
        return "leaky_relu"
    if layer["type"] in ACTIVATION_LAYERS:
        return ACTIVATION_LAYERS[layer["type"]]
    if isinstance(activation, dict):
        return str(activation["name"])
    return str(activation)


def largest_output(layer: Spec) -> float | None:
    """Return the bound that the config gives to the outputs of relu, or None without one.

    Args:
        layer: A validated layer, with every argument.
    """
    activation = layer.get("activation")
    arguments = activation if isinstance(activation, dict) else layer
    return arguments.get("max_value")
