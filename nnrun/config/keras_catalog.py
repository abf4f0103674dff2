"""The classes of Keras that a config can name, checked without TensorFlow.

`keras.json` is what `tests/support/keras_names.py` reads off the installed Keras: classes, their
arguments and defaults.
"""

import json
from pathlib import Path
from typing import Annotated

from nnrun.config.argument_types import ArgumentTypes
from nnrun.config.named import Catalog, Named, Spec, snake_case

_KERAS = json.loads(Path(__file__).with_name("keras.json").read_text(encoding="utf-8"))
ACTIVATIONS: list[str] = _KERAS["activations"]
_TYPES = ArgumentTypes(ACTIVATIONS)


def _catalog(plural: str) -> Catalog:
    """Return the classes of a kind, each with the type and default of every argument."""
    catalog: Catalog = {}
    for name, arguments in _KERAS[plural].items():
        catalog[name] = {
            argument: _TYPES.field(name, argument, default)
            for argument, default in arguments.items()
        }
    return catalog


def _callback(name: str) -> Named:
    return Named(snake_case(name), {name: _catalog("callbacks")[name]}, default=name)


INITIALIZER = Named("initializer", _catalog("initializers"))
REGULARIZER = Named("regularizer", _catalog("regularizers"), default="L1L2")
CONSTRAINT = Named("constraint", _catalog("constraints"))

# Layers have arguments that are such objects themselves.
_TYPES.add("initializer", Annotated[Spec, INITIALIZER])
_TYPES.add("regularizer", Annotated[Spec, REGULARIZER])
_TYPES.add("constraint", Annotated[Spec, CONSTRAINT])

LAYER = Named("layer", _catalog("layers"), key="type", default="Dense")
LOSS = Named(
    "loss",
    _catalog("losses"),
    aliases={"bce": "BinaryCrossentropy", "mse": "MeanSquaredError"},
)
OPTIMIZER = Named("optimizer", _catalog("optimizers"), default="RMSprop")
METRIC = Named(
    "metric",
    _catalog("metrics"),
    aliases={
        "mae": "MeanAbsoluteError",
        "mape": "MeanAbsolutePercentageError",
        "msle": "MeanSquaredLogarithmicError",
        "accuracy": "BinaryAccuracy",
        "acc": "BinaryAccuracy",
        **LOSS.aliases,
    },
    keep_spelling=True,
)
EARLY_STOPPING = _callback("EarlyStopping")
REDUCE_LR = _callback("ReduceLROnPlateau")


def _is_for_numbers(metric: str) -> bool:
    return metric.endswith("Error") or metric in ("Poisson", "R2Score")


NUMBER_METRICS = frozenset(filter(_is_for_numbers, METRIC.catalog))
"""The metrics of numbers."""

CATEGORICAL_METRICS = frozenset(name for name in METRIC.catalog if name.startswith("Sparse"))
"""The metrics of several labels; those in neither set are for one yes/no output."""
