"""Lint: everything that can be said of a config and its data before TensorFlow is imported."""

import importlib.util
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from nnrun.columns import in_yaml, label_key
from nnrun.config import Checkpoint, Config, metric_name
from nnrun.dataset import Dataset
from nnrun.encoding import KNOWN_LABELS
from nnrun.errors import ConfigError, did_you_mean, listed, received
from nnrun.keras_names import CATEGORICAL_METRICS, METRIC, NUMBER_METRICS
from nnrun.network import oversize, summarize

RULES = {
    "error": {  # what would train to nothing
        "labels": "BinaryCrossentropy needs two labels, and to know which is 1; that of several classes two or more.",
        "output-units": "The last layer gives as many units as there are target columns, or labels of several.",
        "softmax-one-unit": "A softmax over one unit is always 1.",
        "mse-range": "A sigmoid output stays in 0..1 and a relu output is never negative: so must the target be.",
        "metric-loss": "Accuracy and its like need classes; on logits, only those that can be told the threshold.",
        "logits-activation": "from_logits takes the last layer's output as it is: it must be linear.",
        "monitor": "early_stopping, reduce_lr_on_plateau and expect name quantities that the run will log.",
        "class-weight": "class_weight is for classes, and gives every label a weight.",
        "network-size": "The weights, their gradients and the optimizer's slots fit in memory.",
        "tensorboard": "`tensorboard: true` needs the tensorboard package.",
        "feature-range": "A feature's variance fits float32, or standardising would lose it.",
    },
    "warning": {  # what trains, but probably not as was meant
        "linear-hidden": "With linear hidden layers only, the network is no more than linear or logistic regression.",
        "sigmoid-hidden": "ReLU learns faster than sigmoid in hidden layers.",
        "bce-output": "Under BinaryCrossentropy the output is a probability, or from_logits says that it is none.",
        "softmax-output": "Under SparseCategoricalCrossentropy the outputs are probabilities, or from_logits says not.",
        "unscaled": "Without normalize, large features make training slow or unstable.",
        "target-copy": "A feature that equals the target gives the answer away.",
        "imbalance": "With a rare label, always answering the other one looks good.",
        "nothing-held-out": "Without rows held out, nothing tells learning from memorising.",
        "constant": "A constant column says nothing.",
        "big-integers": "float32 cannot tell neighbouring integers beyond 2^24 apart.",
        "dropped-rows": "`missing: drop` leaves rows out: that is said, with how many.",
        "unseen-category": "A category that training never saw is all zeros.",
        "checkpoint": "Checkpoints are not written by this version.",
    },
}
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"), (0, 1)),
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1, 1)),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0, np.inf)),
    "relu6": (0, 6),
}
SMALLEST, LARGEST = 1e-6, 1e18  # Keras divides by at least 1e-7; squares end at 3e38 in float32
COARSE = 0.02 / float(np.finfo(np.float32).eps)  # beyond this many deviations, the steps of float32 blur a column
UNDIRECTED = {"FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives"}  # by Keras's `auto`
LARGE = 10.0  # inputs beyond this saturate or dominate a freshly initialised layer
RARE = 0.1  # a label with less than this share of the rows, of two; of several accordingly less
Found = Iterator[tuple[str, str]]  # a rule, and a message for what breaks it


class Finding(NamedTuple):
    """A rule that the config or the data breaks, in one line."""

    code: str
    level: str
    message: str

    def __str__(self) -> str:
        return f"{'warning: ' * (self.level == 'warning')}{self.message} [{self.code}]"


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, in the order of `RULES`: errors first."""
    checks = (_labels, _outputs, _metrics, _needs, _layers, _ranges, _rows)
    found = [pair for check in checks for pair in check(dataset.config, dataset)]
    rules = [(code, level) for level, codes in RULES.items() for code in codes]
    return [Finding(code, level, text) for code, level in rules for broken, text in found if broken == code]


def raise_errors(findings: list[Finding]) -> None:
    """Raise a ConfigError with all findings that are errors, if there are any."""
    if errors := [str(finding) for finding in findings if finding.level == "error"]:
        raise ConfigError(errors)


def _labels(config: Config, dataset: Dataset) -> Found:
    place, found, positive = config.where("data", "target"), list(dataset.label_counts), config.data.positive
    keys, numbers = sorted(map(label_key, found)), "for numbers, use loss: MeanSquaredError"
    if not config.is_classes or len(config.data.target) > 1:
        return
    if not config.is_binary:
        if len(found) < 2 or len(found) > len(dataset.train.y) / 2:
            needs = f"needs two labels or more, and rows of each; received {listed(found, 3)}"
            yield "labels", f"{place}: {config.loss['name']} {needs}; {numbers}"
        if positive is not None:
            yield "labels", f"{config.where('data', 'positive')}: is for two labels under BinaryCrossentropy; remove it"
    elif len(found) == 1:
        yield "labels", f"{place}: BinaryCrossentropy needs two labels; every row has {found[0]!r}"
    elif len(found) > 2:
        shown = ", ".join(map(repr, found[:5])) + ", ..." * (len(found) > 5)
        needs = f"needs two labels; received {len(found)}: {shown}; {numbers}"
        yield "labels", f"{place}: BinaryCrossentropy {needs}, for several labels SparseCategoricalCrossentropy"
    elif positive is None and tuple(keys) not in KNOWN_LABELS:
        lines = " or ".join(f"`positive: {in_yaml(label)}`" for label in found)
        yield "labels", f"{place}: which label is 1 cannot be told; say so under data: {lines}"
    elif positive is not None and label_key(str(positive)) not in keys:
        wrong = f"{received(positive)} is no label of the target; its labels are {' and '.join(map(repr, found))}"
        yield "labels", f"{config.where('data', 'positive')}: {wrong}"


def _outputs(config: Config, dataset: Dataset) -> Found:
    layers, targets = summarize(config, len(dataset.encoder.inputs)), len(config.data.target)
    units, output = layers[-1].units, config.output_activation()
    several = config.is_classes and not config.is_binary
    what, wanted = ("label", len(dataset.encoder.labels)) if several else ("target column", targets)
    if config.is_classes and targets > 1:
        place = config.where("data", "target")
        yield "output-units", f"{place}: {config.loss['name']} takes one target; received {targets}"
    elif units != wanted:
        last = config.layers_with("units")[-1:]
        place = config.where("layers", *last, "units") if last else config.where("layers")
        yield "output-units", f"{place}: the last layer gives one unit for each {what} ({wanted}); received {units}"
    for i in config.layers_with("activation"):
        place, activation = config.where("layers", i, "activation"), config.layers[i]["activation"]
        if layers[i].units == 1 and activation in ("softmax", "log_softmax", "sparsemax"):
            yield "softmax-one-unit", f"{place}: {activation} over one unit gives the same for every row; use sigmoid"
    low, high = RANGES.get(output, (-np.inf, np.inf))
    for target in () if config.is_classes else dataset.encoder.targets:
        if target.minimum < low or target.maximum > high:
            place = config.where("layers", config.layers_with("activation")[-1], "activation")
            allowed = f"{low}..{high}" if high < np.inf else f"{low} and above"
            given = f"{target.name!r} goes from {target.minimum:g} to {target.maximum:g}"
            yield "mse-range", f"{place}: {output} gives {allowed}, but {given}; use linear"
    if config.from_logits and output != "linear":
        wrong = f"logits come from a linear output; received {output}: remove one of the two"
        yield "logits-activation", f"{config.where('loss', 'from_logits')}: {wrong}"


def _metrics(config: Config, _: Dataset) -> Found:
    for i, metric in enumerate(config.metrics or []):
        name = config.metric_class(metric)
        place = f"{config.where('metrics', i)}: {metric_name(metric)}"
        if not config.is_classes and name not in NUMBER_METRICS:
            yield "metric-loss", f"{place} is for classes; for numbers use mean_absolute_error, say"
        elif config.is_classes and config.is_binary == (name in CATEGORICAL_METRICS):
            yield "metric-loss", f"{place} is for {'several' if config.is_binary else 'two'} labels; use accuracy, say"
        elif config.is_binary and config.from_logits and name not in ("BinaryAccuracy", "BinaryCrossentropy", "AUC"):
            yield "metric-loss", f"{place} needs probabilities; leave from_logits out and end in a sigmoid"
    tested = [f"test_{name}" for name in config.logged if config.data.test and not name.startswith("val_")]
    named = {("expect", name): name for name in config.expect}
    for key in ("early_stopping", "reduce_lr_on_plateau"):
        if callback := getattr(config, key):
            named[key, "monitor"] = callback["monitor"]
            if METRIC.canonical(callback["monitor"].removeprefix("val_")) in UNDIRECTED and callback["mode"] == "auto":
                yield "monitor", f"{config.where(key)}: say mode: min or max for {callback['monitor']}"
    for keys, name in named.items():
        known = config.logged + tested * (keys[0] == "expect")
        hint = did_you_mean(name, known) or f"; it logs {', '.join(known)}"
        if name.startswith("val_") and not any(k.startswith("val_") for k in known):
            hint = "; hold rows out: validation_split: 0.2 under data"
        if name not in known:
            yield "monitor", f"{config.where(*keys)}: the run logs no {name!r}{hint}"


def _needs(config: Config, dataset: Dataset) -> Found:
    place, weights = config.where("class_weight"), config.class_weight
    if weights is not None and not config.is_classes:
        yield "class-weight", f"{place}: weights are for classes; the loss is {config.loss['name']}"
    elif isinstance(weights, dict):
        known = {label_key(label): label for label in dataset.label_counts}
        given = {label_key(label): label for label in weights}
        wrong = [f"label {known[key]!r} has no weight" for key in sorted(known.keys() - given.keys())]
        wrong += [f"{given[key]!r} is no label of the target" for key in sorted(given.keys() - known.keys())]
        yield from (("class-weight", f"{place}: {text}") for text in wrong)
    if problem := oversize(config, len(dataset.encoder.inputs)):
        yield "network-size", f"{config.where('layers')}: {problem}"
    if config.tensorboard and not importlib.util.find_spec("tensorboard"):
        advice = "the package is not installed: pip install 'nnrun[tensorboard]'"
        yield "tensorboard", f"{config.where('tensorboard')}: {advice}"
    if config.checkpoint != Checkpoint():
        yield "checkpoint", f"{config.where('checkpoint')}: has no effect in this version"


def _layers(config: Config, _: Dataset) -> Found:
    dense, loss, output = config.layers_with("units"), config.loss["name"], config.output_activation()
    if len(dense) > 1 and all(spec.get("activation", "linear") == "linear" for spec in config.layers[: dense[-1]]):
        why = "every hidden layer is linear, so the network is no more than"
        regression = f"{'logistic' if config.is_classes else 'linear'} regression"
        yield "linear-hidden", f"{config.where('layers')}: {why} {regression}; use activation: relu"
    hidden = config.layers_with("activation")[:-1]
    if found := [i for i in hidden if config.layers[i]["activation"] == "sigmoid"]:
        place = config.where("layers", found[0], "activation")
        yield "sigmoid-hidden", f"{place}: sigmoid in a hidden layer learns slowly; relu is faster"
    code, fine = "softmax-output", ["softmax"]
    if config.is_binary:
        code, fine = "bce-output", ["sigmoid", "hard_sigmoid", "sparse_sigmoid"]
    if config.is_classes and output not in fine and not config.from_logits:
        advice = f"end in activation: {fine[0]}, or in linear with loss: {{name: {loss}, from_logits: true}}"
        yield code, f"{config.where('loss')}: the output is {output}, which is no probability; {advice}"


def _ranges(config: Config, dataset: Dataset) -> Found:
    for feature in dataset.encoder.features if config.data.normalize else ():
        spread, largest = feature.variance**0.5, max(abs(feature.minimum), abs(feature.maximum))
        varies = f"{dataset.train.name}: column {feature.name!r} varies by"
        if not SMALLEST < spread < LARGEST:
            yield "feature-range", f"{varies} {spread:.0e}, which float32 cannot standardise; give it in another unit"
        elif largest > COARSE * spread and feature.minimum < feature.maximum:
            advice = "too little for float32; subtract an offset"
            yield "feature-range", f"{varies} {spread:.2g} around {largest:.3g}, {advice}"
    for target in dataset.encoder.targets:
        if target.scale > LARGEST**0.5:  # Adam squares gradients, which grow with the square of the scale
            varies = f"{dataset.train.name}: column {target.name!r} varies by {target.scale:.0e}"
            yield "feature-range", f"{varies}, too much for gradients in float32; give it in another unit"
    features = () if config.data.normalize else dataset.encoder.features
    if large := [f.name for f in features if max(abs(f.minimum), abs(f.maximum)) > LARGE]:
        beyond = f"values beyond {LARGE:g} with normalize: false in {listed(large, 3)}"
        yield "unscaled", f"{config.where('data', 'normalize')}: {beyond}; leave normalize out"
    columns: list[Any] = [*dataset.encoder.features, *dataset.encoder.targets]
    for column in columns:
        if column.whole and 2**24 < max(abs(column.minimum), abs(column.maximum)) < 2**53:
            advice = "which float32 rounds; subtract an offset, or drop it if it is an identifier"
            yield "big-integers", f"{dataset.train.name}: column {column.name!r} holds integers beyond 2^24, {advice}"


def _rows(config: Config, dataset: Dataset) -> Found:
    counts, total = dataset.label_counts, sum(dataset.label_counts.values())
    for label, count in counts.items() if config.class_weight is None else ():
        if count < RARE * total * 2 / len(counts):
            few = f"only {count} of {total} rows are {label!r}"
            yield "imbalance", f"{config.where('data', 'target')}: {few}; consider class_weight: balanced"
    if dataset.validation is None:
        advice = "nothing is held out for validation; add validation_split: 0.2 under data"
        yield "nothing-held-out", f"{config.where('data')}: {advice}"
    place, x, y = dataset.train.name, dataset.train.x, dataset.train.y
    for i, feature in enumerate(dataset.encoder.inputs):
        for target in y.T if feature.kind in ("number", "boolean") else ():
            if (x[:1_000, i] == target[:1_000]).all() and (x[:, i] == target).all():  # a few before all
                advice = f"drop: [{in_yaml(feature.name)}]"
                yield "target-copy", f"{place}: column {feature.name!r} equals the target; {advice}"
    features = dataset.encoder.features
    if columns := [f.name for f in features if len(f.categories) == 1 or (not f.categories and f.minimum == f.maximum)]:
        yield "constant", f"{place}: constant in the training rows: {listed(columns, 3)}"
    for part in (dataset.train, dataset.validation, dataset.test):
        if part and part.dropped and (part is not dataset.validation or part.name != dataset.train.name):
            rows = "1 row is" if part.dropped == 1 else f"{part.dropped:,} rows are"
            yield "dropped-rows", f"{part.name}: {rows} left out for a missing cell"
    for part in (dataset.validation, dataset.test):
        yield from (("unseen-category", text) for text in part.unseen) if part else ()
