"""Lint: everything that can be said of a config and its data before TensorFlow is imported."""

from collections.abc import Callable, Iterator
from inspect import isfunction
from typing import Any, NamedTuple

from nnrun import lint_errors
from nnrun.columns import in_yaml
from nnrun.config import Checkpoint, Config
from nnrun.dataset import Dataset
from nnrun.errors import ConfigError, listed

EXACT_INTEGERS = 2**24  # float32 has 24 bits of precision
LARGE = 10.0  # inputs beyond this saturate or dominate a freshly initialised layer
RARE = 0.1  # a label with less than this share of the rows, of two; of several accordingly less
FEW = 1_000  # rows compared before all are


def linear_hidden(config: Config, _: Dataset) -> Iterator[str]:
    """With linear hidden layers only, the network is no more than linear or logistic regression."""
    dense = config.layers_with("units")
    if len(dense) > 1 and all(spec.get("activation", "linear") == "linear" for spec in config.layers[: dense[-1]]):
        regression = f"{'logistic' if config.is_classes else 'linear'} regression; use activation: relu"
        yield f"{config.where('layers')}: every hidden layer is linear, so the network is no more than {regression}"


def sigmoid_hidden(config: Config, _: Dataset) -> Iterator[str]:
    """ReLU learns faster than sigmoid in hidden layers."""
    hidden = config.layers_with("activation")[:-1]
    if found := [i for i in hidden if config.layers[i]["activation"] == "sigmoid"]:
        place = config.where("layers", found[0], "activation")
        yield f"{place}: sigmoid in a hidden layer learns slowly; relu is faster"


def bce_output(config: Config, _: Dataset) -> Iterator[str]:
    """Under BinaryCrossentropy the output is a probability, or from_logits says that it is none."""
    yield from _no_probability(config, "BinaryCrossentropy", "sigmoid", "hard_sigmoid", "sparse_sigmoid")


def softmax_output(config: Config, _: Dataset) -> Iterator[str]:
    """Under SparseCategoricalCrossentropy the outputs are probabilities, or from_logits says that they are none."""
    yield from _no_probability(config, "SparseCategoricalCrossentropy", "softmax")


def _no_probability(config: Config, loss: str, *fine: str) -> Iterator[str]:
    output = config.output_activation()
    if config.loss["name"] == loss and output not in fine and not config.from_logits:
        advice = f"end in activation: {fine[0]}, or in linear with loss: {{name: {loss}, from_logits: true}}"
        yield f"{config.where('loss')}: the output is {output}, which is no probability; {advice}"


def unscaled(config: Config, dataset: Dataset) -> Iterator[str]:
    """Without normalize, large features make training slow or unstable."""
    features = () if config.data.normalize else dataset.encoder.features
    if large := [f.name for f in features if max(abs(f.minimum), abs(f.maximum)) > LARGE]:
        place, names = config.where("data", "normalize"), listed(large, 3)
        yield f"{place}: values beyond {LARGE:g} with normalize: false in {names}; leave normalize out"


def target_copy(_: Config, dataset: Dataset) -> Iterator[str]:
    """A feature that equals the target gives the answer away."""
    x, y = dataset.train.x, dataset.train.y
    for i, feature in enumerate(dataset.encoder.inputs):
        for target in y.T if feature.kind in ("number", "boolean") else ():
            if (x[:FEW, i] == target[:FEW]).all() and (x[:, i] == target).all():
                advice = f"drop: [{in_yaml(feature.name)}]"
                yield f"{dataset.train.name}: column {feature.name!r} equals the target; {advice}"


def imbalance(config: Config, dataset: Dataset) -> Iterator[str]:
    """With a rare label, always answering the other one looks good."""
    counts, total = dataset.label_counts, sum(dataset.label_counts.values())
    for label, count in counts.items() if config.class_weight is None else ():
        if count < RARE * total * 2 / len(counts):
            few = f"only {count} of {total} rows are {label!r}"
            yield f"{config.where('data', 'target')}: {few}; consider class_weight: balanced"


def nothing_held_out(config: Config, dataset: Dataset) -> Iterator[str]:
    """Without rows held out, nothing tells learning from memorising."""
    if dataset.validation is None:
        yield f"{config.where('data')}: nothing is held out for validation; add validation_split: 0.2 under data"


def constant(_: Config, dataset: Dataset) -> Iterator[str]:
    """A constant column says nothing."""
    features = dataset.encoder.features
    if columns := [f.name for f in features if len(f.categories) == 1 or (not f.categories and f.minimum == f.maximum)]:
        yield f"{dataset.train.name}: constant in the training rows: {listed(columns, 3)}"


def big_integers(_: Config, dataset: Dataset) -> Iterator[str]:
    """float32 cannot tell neighbouring integers beyond 2^24 apart."""
    for column in (*dataset.encoder.features, *dataset.encoder.targets):
        if column.whole and EXACT_INTEGERS < max(abs(column.minimum), abs(column.maximum)) < 2**53:
            advice = "which float32 rounds; subtract an offset, or drop it if it is an identifier"
            yield f"{dataset.train.name}: column {column.name!r} holds integers beyond 2^24, {advice}"


def dropped_rows(_: Config, dataset: Dataset) -> Iterator[str]:
    """`missing: drop` leaves rows out: that is said, with how many."""
    for part in (dataset.train, dataset.validation, dataset.test):
        if part and part.dropped and (part is not dataset.validation or part.name != dataset.train.name):
            rows = "1 row is" if part.dropped == 1 else f"{part.dropped:,} rows are"
            yield f"{part.name}: {rows} left out for a missing cell"


def unseen_category(_: Config, dataset: Dataset) -> Iterator[str]:
    """A category that training never saw is all zeros."""
    for part in (dataset.validation, dataset.test):
        yield from part.unseen if part else ()


def checkpoint(config: Config, _: Dataset) -> Iterator[str]:
    """Checkpoints are not written by this version."""
    if config.checkpoint != Checkpoint():
        yield f"{config.where('checkpoint')}: has no effect in this version"


def _rules(module: dict[str, Any]) -> dict[str, Callable[[Config, Dataset], Iterator[str]]]:
    own = [f for f in module.values() if isfunction(f) and f.__module__ == module["__name__"]]
    return {f.__name__.replace("_", "-"): f for f in own if not f.__name__.startswith("_")}


# Each public function up to here, and of lint_errors, is a rule; its name is its code: mse_range is `mse-range`.
RULES = {"error": _rules(vars(lint_errors)), "warning": _rules(globals())}


class Finding(NamedTuple):
    """A rule that the config or the data breaks, in one line."""

    code: str
    level: str
    message: str

    def __str__(self) -> str:
        return f"{'warning: ' * (self.level == 'warning')}{self.message} [{self.code}]"


def lint(dataset: Dataset) -> list[Finding]:
    """Return every finding of every rule, errors first."""
    rules = [(code, level, rule) for level, by_code in RULES.items() for code, rule in by_code.items()]
    return [Finding(code, level, text) for code, level, rule in rules for text in rule(dataset.config, dataset)]


def raise_errors(findings: list[Finding]) -> None:
    """Raise a ConfigError with all findings that are errors, if there are any."""
    if errors := [str(finding) for finding in findings if finding.level == "error"]:
        raise ConfigError(errors)
