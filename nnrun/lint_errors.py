"""Mistakes in a config and its data that would train to nothing: they stop `train`."""

import importlib.util
from collections.abc import Iterator

import numpy as np

from nnrun.columns import in_yaml, label_key
from nnrun.config import Config, metric_name
from nnrun.dataset import Dataset
from nnrun.encoding import KNOWN_LABELS
from nnrun.errors import did_you_mean, listed, received
from nnrun.keras_names import CATEGORICAL_METRICS, METRIC, NUMBER_METRICS
from nnrun.network import oversize, summarize
from nnrun.source import Keys

RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"), (0, 1)),
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1, 1)),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0, np.inf)),
    "relu6": (0, 6),
}
SMALLEST, LARGEST = 1e-6, 1e18  # Keras divides by at least 1e-7; squares end at 3e38 in float32
EPSILON = float(np.finfo(np.float32).eps)
COARSE = 0.02  # steps of float32 beyond this share of a column's deviation blur it
UNDIRECTED = {"FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives"}  # by Keras's `auto`


def labels(config: Config, dataset: Dataset) -> Iterator[str]:
    """BinaryCrossentropy needs two labels, and to know which is 1; SparseCategoricalCrossentropy two or more."""
    place, found, positive = config.where("data", "target"), list(dataset.label_counts), config.data.positive
    keys, numbers = sorted(map(label_key, found)), "for numbers, use loss: MeanSquaredError"
    if not config.is_classes or len(config.data.target) > 1:
        return
    if not config.is_binary:
        if len(found) < 2 or len(found) > len(dataset.train.y) / 2:
            needs = f"needs two labels or more, and rows of each; received {listed(found, 3)}"
            yield f"{place}: {config.loss['name']} {needs}; {numbers}"
        if positive is not None:
            yield f"{config.where('data', 'positive')}: is for two labels under BinaryCrossentropy; remove it"
    elif len(found) == 1:
        yield f"{place}: BinaryCrossentropy needs two labels; every row has {found[0]!r}"
    elif len(found) > 2:
        shown = ", ".join(map(repr, found[:5])) + ", ..." * (len(found) > 5)
        needs = f"needs two labels; received {len(found)}: {shown}; {numbers}"
        yield f"{place}: BinaryCrossentropy {needs}, for several labels SparseCategoricalCrossentropy"
    elif positive is None and tuple(keys) not in KNOWN_LABELS:
        lines = " or ".join(f"`positive: {in_yaml(label)}`" for label in found)
        yield f"{place}: which label is 1 cannot be told; say so under data: {lines}"
    elif positive is not None and label_key(str(positive)) not in keys:
        known = f"its labels are {' and '.join(map(repr, found))}"
        yield f"{config.where('data', 'positive')}: {received(positive)} is no label of the target; {known}"


def output_units(config: Config, dataset: Dataset) -> Iterator[str]:
    """The last layer gives as many units as there are target columns, or labels of several."""
    targets, units = len(config.data.target), summarize(config, len(dataset.encoder.inputs))[-1].units
    several = config.is_classes and not config.is_binary
    what, wanted = ("label", len(dataset.encoder.labels)) if several else ("target column", targets)
    if config.is_classes and targets > 1:
        yield f"{config.where('data', 'target')}: {config.loss['name']} takes one target; received {targets}"
    elif units != wanted:
        last = config.layers_with("units")[-1:]
        place = config.where("layers", *last, "units") if last else config.where("layers")
        yield f"{place}: the last layer gives one unit for each {what} ({wanted}); received {units}"


def softmax_one_unit(config: Config, dataset: Dataset) -> Iterator[str]:
    """A softmax over one unit is always 1."""
    for i, layer in enumerate(summarize(config, len(dataset.encoder.inputs))):
        activation = config.layers[i].get("activation")
        if layer.units == 1 and activation in ("softmax", "log_softmax", "sparsemax"):
            place = config.where("layers", i, "activation")
            yield f"{place}: {activation} over one unit gives the same for every row; use sigmoid"


def mse_range(config: Config, dataset: Dataset) -> Iterator[str]:
    """A sigmoid output stays in 0..1 and a relu output is never negative: so must the target be."""
    activation = config.output_activation()
    low, high = RANGES.get(activation, (-np.inf, np.inf))
    for target in () if config.is_classes else dataset.encoder.targets:
        if target.minimum < low or target.maximum > high:
            place = config.where("layers", config.layers_with("activation")[-1], "activation")
            allowed = f"{low}..{high}" if high < np.inf else f"{low} and above"
            given = f"{target.name!r} goes from {target.minimum:g} to {target.maximum:g}"
            yield f"{place}: {activation} gives {allowed}, but {given}; use linear"


def metric_loss(config: Config, _: Dataset) -> Iterator[str]:
    """Accuracy and its like need classes; on logits, only those that can be told the threshold."""
    for i, metric in enumerate(config.metrics or []):
        name = config.metric_class(metric)
        place = f"{config.where('metrics', i)}: {metric_name(metric)}"
        if not config.is_classes and name not in NUMBER_METRICS:
            yield f"{place} is for classes; for numbers use mean_absolute_error, say"
        elif config.is_classes and config.is_binary == (name in CATEGORICAL_METRICS):
            yield f"{place} is for {'several labels' if config.is_binary else 'two labels'}; use accuracy, say"
        elif config.is_binary and config.from_logits and name not in ("BinaryAccuracy", "BinaryCrossentropy", "AUC"):
            yield f"{place} needs probabilities; leave from_logits out and end in a sigmoid"


def logits_activation(config: Config, _: Dataset) -> Iterator[str]:
    """from_logits takes the last layer's output as it is: it must be linear."""
    place, output = config.where("loss", "from_logits"), config.output_activation()
    if config.from_logits and output != "linear":
        yield f"{place}: logits come from a linear output; received {output}: remove one of the two"


def monitor(config: Config, _: Dataset) -> Iterator[str]:
    """early_stopping, reduce_lr_on_plateau and expect name quantities that the run will log."""
    tested = [f"test_{name}" for name in config.logged if config.data.test and not name.startswith("val_")]
    named: list[tuple[Keys, str]] = [(("expect", name), name) for name in config.expect]
    for key in ("early_stopping", "reduce_lr_on_plateau"):
        if callback := getattr(config, key):
            named.append(((key, "monitor"), callback["monitor"]))
            metric = METRIC.canonical(callback["monitor"].removeprefix("val_"))
            if metric in UNDIRECTED and callback["mode"] == "auto":
                yield f"{config.where(key)}: say mode: min or max for {callback['monitor']}"
    for keys, name in named:
        known = config.logged + tested * (keys[0] == "expect")
        hint = did_you_mean(name, known) or f"; it logs {', '.join(known)}"
        if name.startswith("val_") and not any(k.startswith("val_") for k in known):
            hint = "; hold rows out: validation_split: 0.2 under data"
        if name not in known:
            yield f"{config.where(*keys)}: the run logs no {name!r}{hint}"


def class_weight(config: Config, dataset: Dataset) -> Iterator[str]:
    """class_weight is for classes, and gives every label a weight."""
    place = config.where("class_weight")
    if config.class_weight is not None and not config.is_classes:
        yield f"{place}: weights are for classes; the loss is {config.loss['name']}"
    elif isinstance(config.class_weight, dict):
        known = {label_key(label): label for label in dataset.label_counts}
        given = {label_key(label): label for label in config.class_weight}
        yield from (f"{place}: label {known[key]!r} has no weight" for key in sorted(known.keys() - given.keys()))
        yield from (f"{place}: {given[key]!r} is no label of the target" for key in sorted(given.keys() - known.keys()))


def network_size(config: Config, dataset: Dataset) -> Iterator[str]:
    """The weights, their gradients and the optimizer's slots fit in memory."""
    if problem := oversize(config, len(dataset.encoder.inputs)):
        yield f"{config.where('layers')}: {problem}"


def tensorboard(config: Config, _: Dataset) -> Iterator[str]:
    """`tensorboard: true` needs the tensorboard package."""
    if config.tensorboard and not importlib.util.find_spec("tensorboard"):
        yield f"{config.where('tensorboard')}: the package is not installed: pip install 'nnrun[tensorboard]'"


def feature_range(config: Config, dataset: Dataset) -> Iterator[str]:
    """A feature's variance fits float32, or standardising would lose it."""
    for feature in dataset.encoder.features if config.data.normalize else ():
        place, deviation = f"{dataset.train.name}: column {feature.name!r}", feature.variance**0.5
        largest = max(abs(feature.minimum), abs(feature.maximum))
        if not SMALLEST < deviation < LARGEST:
            yield f"{place} varies by {deviation:.0e}, which float32 cannot standardise; give it in another unit"
        elif largest * EPSILON > COARSE * deviation and feature.minimum < feature.maximum:
            yield f"{place} varies by {deviation:.2g} around {largest:.3g}, too little for float32; subtract an offset"
    for target in dataset.encoder.targets:
        if target.scale > LARGEST**0.5:  # Adam squares gradients, which grow with the square of the scale
            advice = "too much for gradients in float32; give it in another unit"
            yield f"{dataset.train.name}: column {target.name!r} varies by {target.scale:.0e}, {advice}"
