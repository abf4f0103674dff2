"""The dataset of a config: its tables read, their columns chosen, rows held out, the encoder fitted."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from nnrun.config import Config
from nnrun.csv_file import check_is_file
from nnrun.data import Rows, Table, hold_out, is_boolean, parse_numbers, read_table
from nnrun.encoding import Encoder, Matrix, label_key, read_target, require_columns
from nnrun.errors import ConfigError, TableError, did_you_mean, listed, short_path

Weights = np.ndarray[tuple[int], np.dtype[np.float32]]


@dataclass(frozen=True)
class Part:
    """Some rows of a table: features as Float64, targets as Float64 or one String column of labels.

    `booleans` are the features that were written as true and false.
    """

    name: str
    numbers: pl.DataFrame
    booleans: frozenset[str]
    target: pl.DataFrame

    def take(self, rows: Rows) -> "Part":
        """Return the part with only these rows."""
        return replace(self, numbers=self.numbers[rows], target=self.target[rows])


@dataclass(frozen=True)
class Arrays:
    """A part as the network takes it: float32 x (rows, features), y (rows, targets), sample_weight (rows,) or None.

    x is as it stands in the table: the model standardises.
    """

    x: Matrix
    y: Matrix
    sample_weight: Weights | None = None


@dataclass(frozen=True)
class Dataset:
    """Everything that a config says about data, read and checked."""

    config: Config
    train: Part
    validation: Part | None
    test: Part | None

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, fitted on the training rows alone."""
        return Encoder.fit(self.config, self.train.numbers, self.train.booleans, self.train.target)

    @cached_property
    def label_counts(self) -> dict[str, int]:
        """How many training rows have each label; empty for regressions."""
        if not self.config.is_binary:
            return {}
        counts = dict(self.encoder.codes(self.train.target.to_series()).value_counts().iter_rows())
        return {label: counts[code] for code, label in enumerate(self.encoder.labels)}

    def arrays(self, part: Part, *, weighted: bool = False) -> Arrays:
        """Return the part's matrices; `weighted` by the config's class weights."""
        y = self.encoder.target_matrix(part.target)
        weights = self.class_weights() if weighted else None
        sample_weight = None if weights is None else weights[y[:, 0].astype(int)]
        return Arrays(self.encoder.matrix(part.numbers), y, sample_weight)

    def class_weights(self) -> Weights | None:
        """Return the weight of each label, in the encoder's order.

        `balanced` gives a label rows / (labels * rows of the label), as scikit-learn does.
        """
        given = self.config.class_weight
        if given is None:
            return None
        counts = self.label_counts
        if given == "balanced":
            total = sum(counts.values())
            weights = [total / (len(counts) * count) for count in counts.values()]
        else:
            by_key = {label_key(label): weight for label, weight in dict(given).items()}
            weights = [by_key[label_key(label)] for label in counts]
        return np.array(weights, dtype=np.float32)


def load_dataset(config: Config) -> Dataset:
    """Read the config's tables and hold rows out for validation.

    Raises a ConfigError where the config names a column that is not there, a TableError with every mistake of all
    the tables.
    """
    problems: list[str] = []
    train = _part(config, "train", None, problems)
    validation = _part(config, "validation", train, problems)
    test = _part(config, "test", train, problems)
    if train is None or problems:
        raise TableError(problems)
    if config.data.validation_split:
        train, validation = _split(config, train)
    return Dataset(config, train, validation, test)


def _part(config: Config, key: str, train: Part | None, problems: list[str]) -> Part | None:
    """Read the table of a key, if there is one, as the training table was read; add to `problems`."""
    path: str | None = getattr(config.data, key)
    if path is None:
        return None
    try:
        check_is_file(Path(path), f"{config.where('data', key)}: {short_path(path)}")
        table = read_table(Path(path), config.data.null_values, short_path(path))
        features = train.numbers.columns if train else _choose_features(config, table)
        require_columns(table, (*features, *config.data.target))
    except TableError as error:
        problems += error.problems
        return None
    advice = "to train without it: `drop: [{column}]`"
    numbers, wrong_features = parse_numbers(table, features, advice, train.booleans if train else None)
    target, wrong_target = read_target(table, config.data.target, is_binary=config.is_binary)
    problems += wrong_features + wrong_target
    booleans = frozenset(column for column in features if is_boolean(table.frame[column]))
    return Part(table.file.name, numbers, booleans, target)


def _choose_features(config: Config, table: Table) -> list[str]:
    """Return the features that the config names, or every other column; else raise a ConfigError."""
    data, columns = config.data, table.frame.columns
    problems = []
    for key, names in (("target", data.target), ("features", data.features or []), ("drop", data.drop)):
        for name in names:
            if name not in columns:
                hint = did_you_mean(name, columns) or f"; it has {listed(columns, 12)}"
                place = config.where("data", key)
                problems.append(f"{place}: {name!r} is not a column of {table.file.name}{hint}")
    features = data.features or [c for c in columns if c not in (*data.target, *data.drop)]
    if not features:
        problems.append(f"{config.where('data')}: no column of {table.file.name} is left to be a feature")
    if problems:
        raise ConfigError(problems)
    return features


def _split(config: Config, train: Part) -> tuple[Part, Part]:
    labels = None
    if config.is_binary:
        texts = train.target.to_series()
        labels = texts.replace_strict({text: label_key(text) for text in texts.unique()})
        labels = labels if labels.n_unique() == 2 else None  # lint says what is wrong with others
    count, fraction = len(train.numbers), config.data.validation_split
    kept, held = hold_out(labels, count, fraction, config.seed)
    if not len(held) or not len(kept):
        place = config.where("data", "validation_split")
        what = "none to validate on" if not len(held) else "none to train on"
        why = "; every label needs a row to train on" if config.is_binary else ""
        raise ConfigError(f"{place}: {fraction} of {count} rows leaves {what}{why}")
    return train.take(kept), train.take(held)
