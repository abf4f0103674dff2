"""What trains, but probably not as was meant: `check` and `train` print it."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from nnrun.config import Checkpoint, Config
from nnrun.dataset import Dataset
from nnrun.errors import listed

PROBABILITIES = {"sigmoid", "hard_sigmoid", "sparse_sigmoid"}
EXACT_INTEGERS = 2**24  # float32 has 24 bits of precision
LARGE = 10.0  # inputs beyond this saturate or dominate a freshly initialised layer
RARE = 0.1  # a label with less than this share of the rows


def linear_hidden(config: Config, _: Dataset) -> Iterator[str]:
    """With linear hidden layers only, the network is no more than linear or logistic regression."""
    dense = config.layers_with("units")
    if len(dense) > 1 and all(spec.get("activation", "linear") == "linear" for spec in config.layers[: dense[-1]]):
        kind = "logistic" if config.is_binary else "linear"
        why = "every hidden layer is linear, so the network is no more than"
        yield f"{config.where('layers')}: {why} {kind} regression; use activation: relu"


def sigmoid_hidden(config: Config, _: Dataset) -> Iterator[str]:
    """ReLU learns faster than sigmoid in hidden layers."""
    hidden = config.layers_with("activation")[:-1]
    if found := [i for i in hidden if config.layers[i]["activation"] == "sigmoid"]:
        place = config.where("layers", found[0], "activation")
        yield f"{place}: sigmoid in a hidden layer learns slowly; relu is faster"


def bce_output(config: Config, _: Dataset) -> Iterator[str]:
    """Under BinaryCrossentropy the output is a probability, or from_logits says that it is none."""
    activation = config.output_activation()
    if config.is_binary and not config.from_logits and activation not in PROBABILITIES:
        advice = "end in activation: sigmoid, or in linear with loss: {name: BinaryCrossentropy, from_logits: true}"
        yield f"{config.where('loss')}: the output is {activation}, which is no probability; {advice}"


def unscaled(config: Config, dataset: Dataset) -> Iterator[str]:
    """Without normalize, large features make training slow or unstable."""
    columns = () if config.data.normalize else dataset.train.numbers
    if large := [column.name for column in columns if np.abs(column.to_numpy()).max() > LARGE]:
        place, names = config.where("data", "normalize"), listed(large, 3)
        yield f"{place}: values beyond {LARGE:g} with normalize: false in {names}; leave normalize out"


def target_copy(_: Config, dataset: Dataset) -> Iterator[str]:
    """A feature that equals the target gives the answer away."""
    targets = dataset.encoder.target_matrix(dataset.train.target).T
    for column in dataset.train.numbers:
        values = column.cast(pl.Float32).to_numpy()
        if any((values == target).all() for target in targets):
            yield f"{dataset.train.name}: column {column.name!r} equals the target; drop: [{column.name}]"


def imbalance(config: Config, dataset: Dataset) -> Iterator[str]:
    """With a rare label, always answering the other one looks good."""
    counts, total = dataset.label_counts, sum(dataset.label_counts.values())
    for label, count in counts.items():
        if len(counts) == 2 and config.class_weight is None and count < RARE * total:
            place = config.where("data", "target")
            yield f"{place}: only {count} of {total} rows are {label!r}; consider class_weight: balanced"


def nothing_held_out(config: Config, dataset: Dataset) -> Iterator[str]:
    """Without rows held out, nothing tells learning from memorising."""
    if dataset.validation is None:
        yield f"{config.where('data')}: nothing is held out for validation; add validation_split: 0.2 under data"


def constant(_: Config, dataset: Dataset) -> Iterator[str]:
    """A constant column says nothing."""
    if columns := [column.name for column in dataset.train.numbers if column.min() == column.max()]:
        yield f"{dataset.train.name}: constant in the training rows: {listed(columns, 3)}"


def big_integers(_: Config, dataset: Dataset) -> Iterator[str]:
    """float32 cannot tell neighbouring integers beyond 2^24 apart."""
    for column in (*dataset.train.numbers, *dataset.train.target.select(pl.col(pl.Float64))):
        values = column.to_numpy()
        if EXACT_INTEGERS < np.abs(values).max() < 2**53 and (values == values.round()).all():
            advice = "which float32 rounds; subtract an offset, or drop it if it is an identifier"
            yield f"{dataset.train.name}: column {column.name!r} holds integers beyond 2^24, {advice}"


def checkpoint(config: Config, _: Dataset) -> Iterator[str]:
    """Checkpoints are not written by this version."""
    if config.checkpoint != Checkpoint():
        yield f"{config.where('checkpoint')}: has no effect in this version"
