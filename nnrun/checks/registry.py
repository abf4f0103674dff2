"""Lint: everything that can be said of a config and its data before TensorFlow is imported."""

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nnrun.checks.layers import oversize
from nnrun.config.architecture import summarize
from nnrun.config.keras_catalog import CATEGORICAL_METRICS, METRIC, NUMBER_METRICS
from nnrun.config.schema import Config
from nnrun.config.yaml_source import Keys, in_yaml
from nnrun.errors import ConfigError
from nnrun.features.dataset import Dataset
from nnrun.features.labels import KNOWN_LABELS, label_key
from nnrun.features.loading import load_dataset
from nnrun.wording import did_you_mean, listed, received

RULES = {  # by level, in the order in which findings are told; the README says what each is
    # what would train to nothing
    "error": "labels output-units softmax-one-unit mse-range metric-loss logits-activation monitor class-weight "
    "network-size orthogonal-rows tensorboard feature-range".split(),
    # what trains, but probably not as was meant
    "warning": "linear-hidden sigmoid-hidden bce-output softmax-output unscaled target-copy imbalance nothing-held-out "
    "constant big-integers dropped-rows unseen-category".split(),
}
RANGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"), (0, 1)),
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1, 1)),
    **dict.fromkeys(("relu", "softplus", "exponential"), (0, np.inf)),
    "relu6": (0, 6),
}
SMALLEST_SPREAD, LARGEST_SPREAD = (
    1e-6,
    1e18,
)  # Keras divides by at least 1e-7; squares end at 3e38 in float32
COARSE = 0.02 / float(
    np.finfo(np.float32).eps
)  # beyond this many deviations, the steps of float32 blur a column
UNDIRECTED = {
    "FalseNegatives",
    "FalsePositives",
    "TrueNegatives",
    "TruePositives",
}  # by Keras's `auto`
LARGE = 10.0  # inputs beyond this saturate or dominate a freshly initialised layer
RARE = 0.1  # a label with less than this share of the rows, of two; of several accordingly less
Found = Iterator[
    tuple[str, Keys | str, str]
]  # a rule; the config's key, or the table, that breaks it; how


class Finding(NamedTuple):
    """A rule that the config or the data breaks, in one line."""

    code: str
    level: str
    message: str

    def __str__(self) -> str:
        return f"{'warning: ' * (self.level == 'warning')}{self.message} [{self.code}]"


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, in the order of `RULES`: errors first."""
    found: dict[str, list[str]] = {}
    for check in (_labels, _outputs, _metrics, _monitors, _needs, _layers, _ranges, _rows):
        for code, at, text in check(dataset.config, dataset):
            place = at if isinstance(at, str) else dataset.config.where(*at)
            found.setdefault(code, []).append(f"{place}: {text}")
    rules = [(code, level) for level, codes in RULES.items() for code in codes]
    return [Finding(code, level, text) for code, level in rules for text in found.get(code, [])]


def load_checked(config: Config, cache: Path, warn: Callable[[str], None] | None = None) -> Dataset:
    """Return the dataset of a config; tell `warn` what lint warns of, raise what it calls an error."""
    dataset = load_dataset(config, cache)
    findings = lint(dataset)
    for finding in findings:
        if warn and finding.level == "warning":
            warn(str(finding))
    raise_errors(findings)
    return dataset


def raise_errors(findings: list[Finding]) -> None:
    """Raise a ConfigError with all findings that are errors, if there are any."""
    if errors := [str(finding) for finding in findings if finding.level == "error"]:
        raise ConfigError(errors)


def _labels(config: Config, dataset: Dataset) -> Found:
    found, positive, loss = list(dataset.label_counts), config.data.positive, config.loss["name"]
    keys, numbers = sorted(map(label_key, found)), "for numbers, use loss: MeanSquaredError"
    if not config.is_classes or len(config.data.target) > 1:
        return
    if not config.is_binary:
        if len(found) < 2 or len(found) > len(dataset.train.y) / 2:
            needs = f"needs two labels or more, and rows of each; received {listed(found, 3)}"
            yield "labels", ("data", "target"), f"{loss} {needs}; {numbers}"
        if positive is not None:
            yield (
                "labels",
                ("data", "positive"),
                "is for two labels under BinaryCrossentropy; remove it",
            )
    elif len(found) == 1:
        yield "labels", ("data", "target"), f"{loss} needs two labels; every row has {found[0]!r}"
    elif len(found) > 2:
        several = f"{numbers}, for several labels SparseCategoricalCrossentropy"
        shown = ", ".join(map(repr, found[:5])) + ", ..." * (len(found) > 5)
        yield (
            "labels",
            ("data", "target"),
            f"{loss} needs two labels; received {len(found)}: {shown}; {several}",
        )
    elif positive is None and tuple(keys) not in KNOWN_LABELS:
        lines = " or ".join(f"`positive: {in_yaml(label)}`" for label in found)
        yield (
            "labels",
            ("data", "target"),
            f"which label is 1 cannot be told; say so under data: {lines}",
        )
    elif positive is not None and label_key(str(positive)) not in keys:
        labels = " and ".join(map(repr, found))
        yield (
            "labels",
            ("data", "positive"),
            f"{received(positive)} is no label of the target; its labels are {labels}",
        )


def _outputs(config: Config, dataset: Dataset) -> Found:
    layers, targets = summarize(config, len(dataset.encoder.inputs)), len(config.data.target)
    units, output, dense = layers[-1].units, config.output_activation(), config.layers_with("units")
    several = config.is_classes and not config.is_binary
    what, wanted = ("label", len(dataset.encoder.labels)) if several else ("target column", targets)
    if config.is_classes and targets > 1:
        yield (
            "output-units",
            ("data", "target"),
            f"{config.loss['name']} takes one target; received {targets}",
        )
    elif units != wanted:
        place: Keys = ("layers", dense[-1], "units") if dense else ("layers",)
        yield (
            "output-units",
            place,
            f"the last layer gives one unit for each {what} ({wanted}); received {units}",
        )
    for i in config.layers_with("activation"):
        place, activation = ("layers", i, "activation"), config.layers[i]["activation"]
        if layers[i].units == 1 and activation in ("softmax", "log_softmax", "sparsemax"):
            yield (
                "softmax-one-unit",
                place,
                f"{activation} over one unit gives the same for every row; use sigmoid",
            )
    low, high = RANGES.get(output, (-np.inf, np.inf))
    for target in () if config.is_classes else dataset.encoder.targets:
        if target.minimum < low or target.maximum > high:
            place = ("layers", config.layers_with("activation")[-1], "activation")
            allowed = f"{low}..{high}" if high < np.inf else f"{low} and above"
            given = f"{target.name!r} goes from {target.minimum:g} to {target.maximum:g}"
            yield "mse-range", place, f"{output} gives {allowed}, but {given}; use linear"
    if config.from_logits and output != "linear":
        wrong = f"logits come from a linear output; received {output}: remove one of the two"
        yield "logits-activation", ("loss", "from_logits"), wrong


def _metrics(config: Config, _: Dataset) -> Found:
    for i, metric in enumerate(config.metrics or []):
        place, name, called = ("metrics", i), config.metric_class(metric), metric["name"]
        if not config.is_classes and name not in NUMBER_METRICS:
            yield (
                "metric-loss",
                place,
                f"{called} is for classes; for numbers use mean_absolute_error, say",
            )
        elif config.is_classes and config.is_binary == (name in CATEGORICAL_METRICS):
            labels = "several" if config.is_binary else "two"
            yield "metric-loss", place, f"{called} is for {labels} labels; use accuracy, say"
        elif (
            config.is_binary
            and config.from_logits
            and name not in ("BinaryAccuracy", "BinaryCrossentropy", "AUC")
        ):
            yield (
                "metric-loss",
                place,
                f"{called} needs probabilities; leave from_logits out and end in a sigmoid",
            )


def _monitors(config: Config, _: Dataset) -> Found:
    tested = [
        f"test_{name}" for name in config.logged if config.data.test and not name.startswith("val_")
    ]
    named = {("expect", name): name for name in config.expect}
    for key in ("early_stopping", "reduce_lr_on_plateau"):
        if callback := getattr(config, key):
            named[key, "monitor"] = callback["monitor"]
            if (
                METRIC.canonical(callback["monitor"].removeprefix("val_")) in UNDIRECTED
                and callback["mode"] == "auto"
            ):
                yield "monitor", (key,), f"say mode: min or max for {callback['monitor']}"
    for keys, name in named.items():
        known = config.logged + tested * (keys[0] == "expect")
        hint = did_you_mean(name, known) or f"; it logs {', '.join(known)}"
        if name.startswith("val_") and not any(k.startswith("val_") for k in known):
            hint = "; hold rows out: validation_split: 0.2 under data"
        elif name.startswith("test_") and keys[0] == "expect" and not tested:
            hint = "; give a table to measure: test under data"
        if name not in known:
            yield "monitor", keys, f"the run logs no {name!r}{hint}"


def _needs(config: Config, dataset: Dataset) -> Found:
    weights = config.class_weight
    if weights is not None and not config.is_classes:
        yield (
            "class-weight",
            ("class_weight",),
            f"weights are for classes; the loss is {config.loss['name']}",
        )
    elif isinstance(weights, dict):
        known = {label_key(label): label for label in dataset.label_counts}
        given = {label_key(label): label for label in weights}
        wrong = [
            f"label {known[key]!r} has no weight" for key in sorted(known.keys() - given.keys())
        ]
        wrong += [
            f"{given[key]!r} is no label of the target"
            for key in sorted(given.keys() - known.keys())
        ]
        yield from (("class-weight", ("class_weight",), text) for text in wrong)
    if problem := oversize(config, len(dataset.encoder.inputs), len(dataset.train.x)):
        yield "network-size", ("layers",), problem
    for i in config.layers_with("activity_regularizer"):
        place, spec = (
            ("layers", i, "activity_regularizer"),
            config.layers[i]["activity_regularizer"],
        )
        if spec and (spec["name"], spec.get("mode")) == ("OrthogonalRegularizer", "rows"):
            why = (
                "mode: rows needs a fixed number of rows, which predict has not; use mode: columns"
            )
            yield "orthogonal-rows", place, why
    if config.tensorboard and not importlib.util.find_spec("tensorboard"):
        yield (
            "tensorboard",
            ("tensorboard",),
            "the package is not installed: pip install 'nnrun[tensorboard]'",
        )


def _layers(config: Config, _: Dataset) -> Found:
    dense, loss, output = (
        config.layers_with("units"),
        config.loss["name"],
        config.output_activation(),
    )
    if len(dense) > 1 and all(
        spec.get("activation", "linear") == "linear" for spec in config.layers[: dense[-1]]
    ):
        regression = f"{'logistic' if config.is_classes else 'linear'} regression"
        why = f"every hidden layer is linear, so the network is no more than {regression}"
        yield "linear-hidden", ("layers",), f"{why}; use activation: relu"
    hidden = config.layers_with("activation")[:-1]
    if found := [
        ("layers", i, "activation") for i in hidden if config.layers[i]["activation"] == "sigmoid"
    ]:
        yield "sigmoid-hidden", found[0], "sigmoid in a hidden layer learns slowly; relu is faster"
    code, fine = "softmax-output", ["softmax"]
    if config.is_binary:
        code, fine = "bce-output", ["sigmoid", "hard_sigmoid", "sparse_sigmoid"]
    if config.is_classes and output not in fine and not config.from_logits:
        advice = f"end in activation: {fine[0]}, or in linear with loss: {{name: {loss}, from_logits: true}}"
        yield code, ("loss",), f"the output is {output}, which is no probability; {advice}"


def _ranges(config: Config, dataset: Dataset) -> Found:
    code, table = "feature-range", dataset.train.name
    features, targets = dataset.encoder.features, dataset.encoder.targets
    for feature in features if config.data.normalize else ():
        spread, largest = feature.variance**0.5, max(abs(feature.minimum), abs(feature.maximum))
        varies = f"column {feature.name!r} varies by"
        if not SMALLEST_SPREAD < spread < LARGEST_SPREAD:
            yield (
                code,
                table,
                f"{varies} {spread:.0e}, which float32 cannot standardise; give it in another unit",
            )
        elif largest > COARSE * spread and feature.minimum < feature.maximum:
            yield (
                code,
                table,
                f"{varies} {spread:.2g} around {largest:.3g}, too little for float32; subtract an offset",
            )
    for target in targets:
        if (
            target.scale > LARGEST_SPREAD**0.5
        ):  # Adam squares gradients, which grow with the square of the scale
            varies = f"column {target.name!r} varies by {target.scale:.0e}"
            yield (
                code,
                table,
                f"{varies}, too much for gradients in float32; give it in another unit",
            )
    large = [f.name for f in features if max(abs(f.minimum), abs(f.maximum)) > LARGE]
    if large and not config.data.normalize:
        beyond = f"values beyond {LARGE:g} with normalize: false in {listed(large, 3)}"
        yield "unscaled", ("data", "normalize"), f"{beyond}; leave normalize out"
    columns: list[Any] = [*features, *targets]
    for column in columns:
        if column.whole and 2**24 < max(abs(column.minimum), abs(column.maximum)) < 2**53:
            why = "which float32 rounds; subtract an offset, or drop it if it is an identifier"
            yield "big-integers", table, f"column {column.name!r} holds integers beyond 2^24, {why}"


def _rows(config: Config, dataset: Dataset) -> Found:
    counts, total = dataset.label_counts, sum(dataset.label_counts.values())
    for label, count in counts.items() if config.class_weight is None else ():
        if count < RARE * total * 2 / len(counts):
            few = f"only {count} of {total} rows are {label!r}"
            yield "imbalance", ("data", "target"), f"{few}; consider class_weight: balanced"
    if dataset.validation is None:
        yield (
            "nothing-held-out",
            ("data",),
            "nothing is held out for validation; add validation_split: 0.2 under data",
        )
    table, x, y = dataset.train.name, dataset.train.x, dataset.train.y
    for i, column in enumerate(dataset.encoder.inputs):
        for target in y.T if column.kind in ("number", "boolean") else ():
            if (x[:1_000, i] == target[:1_000]).all() and (
                x[:, i] == target
            ).all():  # a few before all
                yield (
                    "target-copy",
                    table,
                    f"column {column.name!r} equals the target; drop: [{in_yaml(column.name)}]",
                )
    features = dataset.encoder.features
    if columns := [
        f.name
        for f in features
        if len(f.categories) == 1 or (not f.categories and f.minimum == f.maximum)
    ]:
        yield "constant", table, f"constant in the training rows: {listed(columns, 3)}"
    for part in filter(None, (dataset.train, dataset.validation, dataset.test)):
        if part.dropped and (part is not dataset.validation or part.name != dataset.train.name):
            rows = "1 row is" if part.dropped == 1 else f"{part.dropped:,} rows are"
            yield "dropped-rows", part.name, f"{rows} left out for a missing cell"
        yield from (
            ("unseen-category", part.name, text.removeprefix(f"{part.name}: "))
            for text in part.unseen
        )
