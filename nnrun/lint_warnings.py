"""What trains, but probably not as was meant: `check` and `train` print it."""

from collections.abc import Iterator

import polars as pl

from nnrun.config import Checkpoint
from nnrun.dataset import Dataset
from nnrun.errors import listed

PROBABILITIES = {"sigmoid", "hard_sigmoid", "sparse_sigmoid"}
EXACT_INTEGERS = 2**24  # float32 has 24 bits of precision
LARGE = 10.0  # inputs beyond this saturate or dominate a freshly initialised layer
RARE = 0.1  # a label with less than this share of the rows


def linear_hidden(dataset: Dataset) -> Iterator[str]:
    """With linear hidden layers only, the network is no more than linear or logistic regression."""
    config = dataset.config
    dense = [i for i, spec in enumerate(config.layers) if spec["type"] == "Dense"]
    hidden = config.layers[: dense[-1]] if dense else []
    if len(dense) > 1 and all(spec.get("activation", "linear") == "linear" for spec in hidden):
        kind = "logistic" if config.is_binary else "linear"
        yield (
            f"{config.where('layers')}: every hidden layer is linear, so the network is no more than "
            f"{kind} regression; use activation: relu"
        )


def sigmoid_hidden(dataset: Dataset) -> Iterator[str]:
    """ReLU learns faster than sigmoid in hidden layers."""
    layers = dataset.config.layers
    last = max((i for i, spec in enumerate(layers) if "activation" in spec), default=0)
    found = [i for i, spec in enumerate(layers[:last]) if spec.get("activation") == "sigmoid"]
    if found:
        place = dataset.config.where("layers", found[0], "activation")
        yield f"{place}: sigmoid in a hidden layer learns slowly; relu is faster"


def bce_output(dataset: Dataset) -> Iterator[str]:
    """Under BinaryCrossentropy the output is a probability, or from_logits says that it is none."""
    config = dataset.config
    activation = config.output_activation()
    if config.is_binary and not config.from_logits and activation not in PROBABILITIES:
        yield (
            f"{config.where('loss')}: the output is {activation}, which is no probability; end in "
            "activation: sigmoid, or in linear with loss: {name: BinaryCrossentropy, from_logits: true}"
        )


def unscaled(dataset: Dataset) -> Iterator[str]:
    """Without normalize, large features make training slow or unstable."""
    config = dataset.config
    if config.data.normalize:
        return
    columns = dataset.train.numbers.iter_columns()
    if large := [c.name for c in columns if c.abs().max() > LARGE]:  # type: ignore[operator]
        yield (
            f"{config.where('data', 'normalize')}: values beyond {LARGE:g} with normalize: false in "
            f"{listed(large, 3)}; leave normalize out"
        )


def target_copy(dataset: Dataset) -> Iterator[str]:
    """A feature that equals the target gives the answer away."""
    targets = dataset.encoder.target_matrix(dataset.train.target).T
    for column in dataset.train.numbers.iter_columns():
        values = column.cast(pl.Float32).to_numpy()
        if any((values == target).all() for target in targets):
            yield f"{dataset.train.name}: column {column.name!r} equals the target; drop: [{column.name}]"


def imbalance(dataset: Dataset) -> Iterator[str]:
    """With a rare label, always answering the other one looks good."""
    config, counts = dataset.config, dataset.label_counts
    total = sum(counts.values())
    if len(counts) == 2 and config.class_weight is None and min(counts.values()) < RARE * total:
        label = min(counts, key=counts.__getitem__)
        yield (
            f"{config.where('data', 'target')}: only {counts[label]} of {total} rows are {label!r}; "
            "consider class_weight: balanced"
        )


def nothing_held_out(dataset: Dataset) -> Iterator[str]:
    """Without rows held out, nothing tells learning from memorising."""
    if dataset.validation is None:
        place = dataset.config.where("data")
        yield f"{place}: nothing is held out for validation; add validation_split: 0.2 under data"


def constant(dataset: Dataset) -> Iterator[str]:
    """A constant column says nothing."""
    columns = [c.name for c in dataset.train.numbers.iter_columns() if c.min() == c.max()]
    if columns:
        yield f"{dataset.train.name}: constant in the training rows: {listed(columns, 3)}"


def big_integers(dataset: Dataset) -> Iterator[str]:
    """float32 cannot tell neighbouring integers beyond 2^24 apart."""
    for part in (dataset.train.numbers, dataset.train.target):
        for column in part.iter_columns():
            if column.dtype != pl.Float64 or column.abs().max() <= EXACT_INTEGERS:  # type: ignore[operator]
                continue
            if (column == column.round()).all() and column.abs().max() < 2**53:  # type: ignore[operator]
                yield (
                    f"{dataset.train.name}: column {column.name!r} holds integers beyond 2^24, which "
                    "float32 rounds; subtract an offset, or drop it if it is an identifier"
                )


def checkpoint(dataset: Dataset) -> Iterator[str]:
    """Checkpoints are not written by this version."""
    if dataset.config.checkpoint != Checkpoint():
        yield f"{dataset.config.where('checkpoint')}: has no effect in this version"


WARNINGS = {
    "linear-hidden": linear_hidden,
    "sigmoid-hidden": sigmoid_hidden,
    "bce-output": bce_output,
    "unscaled": unscaled,
    "target-copy": target_copy,
    "imbalance": imbalance,
    "nothing-held-out": nothing_held_out,
    "constant": constant,
    "big-integers": big_integers,
    "checkpoint": checkpoint,
}
