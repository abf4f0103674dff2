"""Write nnrun/keras.json: the names, arguments and defaults of the installed Keras, as data.

    python tests/support/keras_names.py > nnrun/config/keras.json

`test_keras_names.py` fails where the file is not what this prints. What Keras has and nnrun leaves out
stands here, each with the reason.
"""

import inspect
import json
from collections.abc import Callable
from typing import Any

from nnrun.training.backend import keras

REQUIRED = "<required>"

LEFT_OUT = {
    "activations": {
        "glu": "halves the units",
        "threshold": "jumps; relu with a threshold does so to 0",
    },
    "initializers": {
        "Initializer": "the base class",
        "STFT": "for audio",
        "STFTInitializer": "for audio",
        "IdentityInitializer": "is Identity",
        "OrthogonalInitializer": "is Orthogonal",
    },
    "regularizers": {"Regularizer": "the base class"},
    "constraints": {"Constraint": "the base class"},
    "schedules": {"LearningRateSchedule": "the base class"},
    "optimizers": {
        "Optimizer": "the base class",
        "LossScaleOptimizer": "wraps another optimizer, for float16",
        "MultiOptimizer": "wraps other optimizers",
        "OptimizerMap": "wraps other optimizers",
    },
    "metrics": {
        "Metric": "the base class",
        "Mean": "of a value, not of a prediction",
        "MeanMetricWrapper": "wraps a function",
        "Sum": "of a value, not of a prediction",
        "Accuracy": "compares labels, not probabilities",
        **dict.fromkeys(
            ["ConcordanceCorrelation", "CosineSimilarity", "PearsonCorrelation"],
            "along the outputs of a row, of which there is mostly one",
        ),
        **dict.fromkeys(
            ["BinaryIoU", "IoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"], "for image segmentation"
        ),
        **dict.fromkeys(
            [
                "CategoricalAccuracy",
                "CategoricalCrossentropy",
                "CategoricalHinge",
                "KLDivergence",
                "TopKCategoricalAccuracy",
            ],
            "for one-hot targets",
        ),
    },
}
ONLY = {  # what nnrun offers of the kinds that it does not offer whole
    "layers": [
        "Dense",
        "Dropout",
        "BatchNormalization",
        "LayerNormalization",
        "GaussianNoise",
        "Activation",
        "ReLU",
        "LeakyReLU",
        "PReLU",
        "ELU",
        "GaussianDropout",
        "AlphaDropout",
        "RMSNormalization",
        "UnitNormalization",
    ],
    "losses": [
        "BinaryCrossentropy",
        "BinaryFocalCrossentropy",
        "SparseCategoricalCrossentropy",
        "CategoricalCrossentropy",
        "CategoricalFocalCrossentropy",
        "MeanSquaredError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "MeanSquaredLogarithmicError",
        "Huber",
        "LogCosh",
        "Poisson",
    ],
    "callbacks": ["EarlyStopping", "ReduceLROnPlateau"],
}
MODULES = {"schedules": keras.optimizers.schedules}  # where it is not named for the kind
OF_THE_RUN = ("decay_steps", "first_decay_steps")  # required by Keras; by default those of the run
LEFT_OUT_ARGUMENTS = {
    "name": "the config names things",
    "dtype": "float32 throughout",
    "axis": "a table has one axis of features",
    "lora_rank": "for fine-tuning",
    "lora_alpha": "for fine-tuning",
    "quantization_config": "for deployment",
    "shared_axes": "a table has one axis of features",
    "noise_shape": "a table has one axis of features",
    "renorm": "for batches that differ between training and inference",
    "renorm_clipping": "as renorm",
    "renorm_momentum": "as renorm",
    "synchronized": "the strategy decides",
    "input_axes": "for kernels of more than two axes",
    "output_axes": "for kernels of more than two axes",
    "exclude_layers": "names layers by variables' paths",
    "num_labels": "the targets are counted",
    "label_weights": "every target counts",
    "AUC.thresholds": "num_thresholds says it",
    "from_logits of a metric": "nnrun sets it by the loss",
    "top_k": "for one-hot targets",
    "class_id": "for one-hot targets",
    "ignore_class": "every label counts",
    "from_sorted_ids": "outputs are in the labels' order",
    "verbose": "nnrun shows progress",
}


def keras_names() -> dict[str, Any]:
    """Return what nnrun/keras.json should hold."""
    kinds = [
        "layers",
        "initializers",
        "regularizers",
        "constraints",
        "schedules",
        "optimizers",
        "losses",
        "metrics",
    ]
    names = {kind: _classes(kind) for kind in [*kinds, "callbacks"]}
    others = {kind: sorted(set(_names_of_classes(kind)) - names[kind].keys()) for kind in kinds}
    return {"activations": _activations(), "not_offered": others, **names}


def _activations() -> dict[str, dict[str, Any]]:
    functions = {
        name: function
        for name in dir(keras.activations)
        if inspect.isfunction(function := getattr(keras.activations, name))
    }
    not_activations = {"get", "serialize", "deserialize", *LEFT_OUT["activations"]}
    names = sorted(set(functions) - not_activations)
    return {name: _arguments_of_function(functions[name]) for name in names}


def _arguments_of_function(function: Callable[..., Any]) -> dict[str, Any]:
    _, *parameters = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in parameters if each.name not in LEFT_OUT_ARGUMENTS}


def _all_classes(kind: str) -> dict[str, type]:
    """Return the classes of a kind, each by the name that it has itself."""
    named = _names_of_classes(kind)
    return {name: cls for name, cls in named.items() if cls.__name__ == name}


def _names_of_classes(kind: str) -> dict[str, type]:
    """Return the classes of a kind by all of their names, as MaxPool1D is MaxPooling1D too."""
    module = MODULES.get(kind) or getattr(keras, kind)
    return {
        name: cls
        for name in dir(module)
        if name[0].isupper() and inspect.isclass(cls := getattr(module, name))
    }


def _classes(kind: str) -> dict[str, dict[str, Any]]:
    found = _all_classes(kind)
    wanted = ONLY.get(kind) or [name for name in sorted(found) if name not in LEFT_OUT[kind]]
    return {name: _arguments(kind, name, found[name]) for name in wanted}


def _arguments(kind: str, name: str, cls: type) -> dict[str, Any]:
    arguments = {}
    for argument, parameter in inspect.signature(cls).parameters.items():
        if argument in LEFT_OUT_ARGUMENTS or f"{name}.{argument}" in LEFT_OUT_ARGUMENTS:
            continue
        if kind == "metrics" and argument == "from_logits":
            continue
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        default = parameter.default
        if default is parameter.empty:
            default = None if argument in OF_THE_RUN else REQUIRED
        arguments[argument] = default
    return arguments


def dump(names: dict[str, Any]) -> str:
    """Return the JSON, a class a line."""
    parts = [f'"not_offered": {json.dumps(names["not_offered"])}']
    for kind, classes in names.items():
        if kind != "not_offered":
            lines = ",\n".join(f"    {json.dumps(c)}: {json.dumps(a)}" for c, a in classes.items())
            parts.append(f'"{kind}": {{\n{lines}\n  }}')
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


if __name__ == "__main__":
    print(dump(keras_names()), end="")
