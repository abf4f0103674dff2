"""Mistakes in a config and its data that would train to nothing: they stop `train`."""

import importlib.util
from collections.abc import Iterator

import numpy as np

from nnrun.config import Config, metric_name
from nnrun.dataset import Dataset
from nnrun.encoding import KNOWN_LABELS, label_key
from nnrun.errors import did_you_mean, listed, received
from nnrun.keras_names import METRIC, NUMBER_METRICS
from nnrun.network import oversize
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


def two_labels(dataset: Dataset) -> Iterator[str]:
    """BinaryCrossentropy needs a target of exactly two values, and to know which is 1."""
    config, counts = dataset.config, dataset.label_counts
    place = config.where("data", "target")
    if not config.is_binary or len(config.data.target) > 1:
        return
    if len(counts) == 1:
        yield f"{place}: BinaryCrossentropy needs two labels; every row has {next(iter(counts))!r}"
    elif len(counts) > 2:
        shown = ", ".join(repr(label) for label in list(counts)[:5])
        yield (
            f"{place}: BinaryCrossentropy needs two labels; received {len(counts)}: {shown}"
            f"{', ...' * (len(counts) > 5)}; for numbers, use loss: MeanSquaredError"
        )
    elif (positive := config.data.positive) is not None:
        if label_key(str(positive)) not in map(label_key, counts):
            known = " and ".join(map(repr, counts))
            place = config.where("data", "positive")
            yield f"{place}: {received(positive)} is no label of the target; its labels are {known}"
    elif tuple(sorted(map(label_key, counts))) not in KNOWN_LABELS:
        lines = " or ".join(f"`positive: {label}`" for label in counts)
        yield f"{place}: which label is 1 cannot be told; say so under data: {lines}"


def known_labels(dataset: Dataset) -> Iterator[str]:
    """The labels of the rows that are measured stand in the training rows too."""
    for key in ("validation", "test") if len(dataset.label_counts) == 2 else ():
        if part := getattr(dataset, key):
            labels = part.target.to_series()
            unknown = labels.filter(dataset.encoder.codes(labels).is_null()).unique().sort().to_list()
            if unknown:
                place = f"{dataset.config.where('data', key)}: {part.name}"
                yield f"{place}: {listed(unknown, 5)}: no such label in the training rows"


def output_units(dataset: Dataset) -> Iterator[str]:
    """The last layer gives as many units as there are target columns."""
    config = dataset.config
    targets = len(config.data.target)
    if config.is_binary and targets > 1:
        yield f"{config.where('data', 'target')}: BinaryCrossentropy takes one target; received {targets}"
        return
    last = max((i for i, spec in enumerate(config.layers) if "units" in spec), default=None)
    units = len(dataset.train.numbers.columns) if last is None else config.layers[last]["units"]
    if units != targets:
        place = config.where("layers") if last is None else config.where("layers", last, "units")
        yield f"{place}: the last layer gives one unit for each target column ({targets}); received {units}"


def softmax_one_unit(dataset: Dataset) -> Iterator[str]:
    """A softmax over one unit is always 1."""
    config = dataset.config
    units = len(dataset.train.numbers.columns)
    for i, spec in enumerate(config.layers):
        units = spec.get("units", units)
        if units == 1 and spec.get("activation") in ("softmax", "log_softmax", "sparsemax"):
            place = config.where("layers", i, "activation")
            yield f"{place}: {spec['activation']} over one unit gives the same for every row; use sigmoid"


def mse_range(dataset: Dataset) -> Iterator[str]:
    """A sigmoid output stays in 0..1 and a relu output is never negative: so must the target be."""
    config = dataset.config
    activation = config.output_activation()
    if config.is_binary or activation not in RANGES:
        return
    low, high = RANGES[activation]
    for column in dataset.train.target.iter_columns():
        values = column.to_numpy()
        if values.min() < low or values.max() > high:
            last = max(i for i, spec in enumerate(config.layers) if "activation" in spec)
            allowed = f"{low}..{high}" if high < np.inf else f"{low} and above"
            yield (
                f"{config.where('layers', last, 'activation')}: {activation} gives {allowed}, but "
                f"{column.name!r} goes from {values.min():g} to {values.max():g}; use linear"
            )


def metrics_fit_loss(dataset: Dataset) -> Iterator[str]:
    """Accuracy and its like need classes; on logits, only those that can be told the threshold."""
    config = dataset.config
    for i, metric in enumerate(config.metrics or []):
        name = METRIC.canonical(metric if isinstance(metric, str) else metric["name"])
        place = f"{config.where('metrics', i)}: {metric_name(metric)}"
        if not config.is_binary and name not in NUMBER_METRICS:
            yield f"{place} is for classes; for numbers use mean_absolute_error, say"
        if config.from_logits and name not in ("BinaryAccuracy", "BinaryCrossentropy", "AUC"):
            yield f"{place} needs probabilities; leave from_logits out and end in a sigmoid"


def logits_activation(dataset: Dataset) -> Iterator[str]:
    """from_logits takes the last layer's output as it is: it must be linear."""
    config = dataset.config
    activation = config.output_activation()
    if config.from_logits and activation != "linear":
        place = config.where("loss", "from_logits")
        yield f"{place}: logits come from a linear output; received {activation}: remove one of the two"


def known_quantities(dataset: Dataset) -> Iterator[str]:
    """early_stopping, reduce_lr_on_plateau and expect name quantities that the run will log."""
    config = dataset.config
    for key in ("early_stopping", "reduce_lr_on_plateau"):
        if callback := getattr(config, key):
            yield from _unknown_quantity(config, (key, "monitor"), callback["monitor"], config.logged)
            metric = METRIC.canonical(callback["monitor"].removeprefix("val_"))
            if metric in UNDIRECTED and callback["mode"] == "auto":
                yield f"{config.where(key)}: say mode: min or max for {callback['monitor']}"
    tested = [f"test_{name}" for name in config.logged if not name.startswith("val_")]
    for name in config.expect:
        known = config.logged + (tested if config.data.test else [])
        yield from _unknown_quantity(config, ("expect", name), name, known)


def _unknown_quantity(config: Config, keys: Keys, name: str, known: list[str]) -> Iterator[str]:
    if name in known:
        return
    if name.startswith("val_") and not any(k.startswith("val_") for k in known):
        hint = "; hold rows out: validation_split: 0.2 under data"
    else:
        hint = did_you_mean(name, known) or f"; it logs {', '.join(known)}"
    yield f"{config.where(*keys)}: the run logs no {name!r}{hint}"


def class_weight_labels(dataset: Dataset) -> Iterator[str]:
    """class_weight is for classes, and gives every label a weight."""
    config = dataset.config
    place = config.where("class_weight")
    if config.class_weight is not None and not config.is_binary:
        yield f"{place}: weights are for classes; the loss is {config.loss['name']}"
    elif isinstance(config.class_weight, dict):
        labels = {label_key(label): label for label in dataset.label_counts}
        given = {label_key(label): label for label in config.class_weight}
        for key in sorted(labels.keys() - given.keys()):
            yield f"{place}: label {labels[key]!r} has no weight"
        for key in sorted(given.keys() - labels.keys()):
            yield f"{place}: {given[key]!r} is no label of the target"


def network_fits(dataset: Dataset) -> Iterator[str]:
    """The weights, their gradients and the optimizer's slots fit in memory."""
    config = dataset.config
    if problem := oversize(config, len(dataset.train.numbers.columns)):
        yield f"{config.where('layers')}: {problem}"


def tensorboard_installed(dataset: Dataset) -> Iterator[str]:
    """`tensorboard: true` needs the tensorboard package."""
    if dataset.config.tensorboard and not importlib.util.find_spec("tensorboard"):
        place = dataset.config.where("tensorboard")
        yield f"{place}: the package is not installed: pip install 'nnrun[tensorboard]'"


def feature_range(dataset: Dataset) -> Iterator[str]:
    """A feature's variance fits float32, or standardising would lose it."""
    if not dataset.config.data.normalize:
        return
    for feature in dataset.encoder.features:
        column, deviation = dataset.train.numbers[feature.name], feature.variance**0.5
        largest = max(abs(feature.mean), np.abs(column.to_numpy()).max())
        constant = column.min() == column.max()
        if not SMALLEST < deviation < LARGEST:
            problem = f"varies by {deviation:.0e}, which float32 cannot standardise; give it in another unit"
        elif not constant and largest * EPSILON > COARSE * deviation:
            problem = f"varies by {deviation:.2g} around {largest:.3g}, too little for float32; subtract an offset"
        else:
            continue
        yield f"{dataset.train.name}: column {feature.name!r} {problem}"
    for target in dataset.encoder.targets:
        if target.scale > LARGEST:
            yield f"{dataset.train.name}: column {target.name!r}: squares of {target.scale:.0e} overflow float32"


ERRORS = {
    "labels": two_labels,
    "unknown-label": known_labels,
    "output-units": output_units,
    "softmax-one-unit": softmax_one_unit,
    "mse-range": mse_range,
    "metric-loss": metrics_fit_loss,
    "logits-activation": logits_activation,
    "monitor": known_quantities,
    "class-weight": class_weight_labels,
    "network-size": network_fits,
    "tensorboard": tensorboard_installed,
    "feature-range": feature_range,
}
