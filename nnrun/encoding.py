"""The encoder, fitted on the training rows alone: every later table is treated as the training table was."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import polars as pl
from pydantic import Field, ValidationError

from nnrun.columns import MISSING, Column, Kind, Moments, Values, label_key
from nnrun.config import Config
from nnrun.data import Block, Table
from nnrun.errors import RunError, TableError, counted, listed
from nnrun.keras_names import Positive, Strict

DatePart = Literal["year", "month", "day", "weekday", "hour"]
KNOWN_LABELS = {("0.0", "1.0"), ("false", "true"), ("no", "yes")}  # whose second is the positive one
OWED = "the cell is missing, in a row that is owed a prediction; fill it in, or train with missing: mean"
NO_TARGET = "the target is missing; fill it in, or leave the row out with missing: drop (or mean) under data"


class Feature(Strict):
    """A column, or `part` of a date, as an input; of text one, 1 or 0, for each category: null is the missing cell."""

    name: str
    kind: Kind = "number"
    mean: float = 0.0
    variance: Positive = 1.0
    minimum: float = 0.0
    maximum: float = 0.0
    whole: bool = False
    format: str | None = None
    part: DatePart | None = None
    categories: list[str | None] = []

    @property
    def width(self) -> int:
        """How many inputs the feature is."""
        return len(self.categories) if self.kind == "text" else 1


class Target(Strict):
    """One target column, restored from the network's output as output * scale + offset; its range in training."""

    name: str
    scale: Positive = 1.0
    offset: float = 0.0
    mean: float = 0.0
    minimum: float = 0.0
    maximum: float = 0.0
    whole: bool = False


class Encoder(Strict):
    """What turns tables into matrices, and predictions into `labels`: of two, probabilities are of the second."""

    features: Annotated[list[Feature], Field(min_length=1)]
    targets: Annotated[list[Target], Field(min_length=1)]
    labels: list[str]
    missing: Literal["error", "mean", "drop"] = "error"

    @property
    def inputs(self) -> list[Feature]:
        """The feature that each column of the matrix comes from."""
        return [feature for feature in self.features for _ in range(feature.width)]

    def fitted(self, x: Moments, y: Moments, config: Config) -> "Encoder":
        """Return the encoder with the statistics of the training rows, without categories that none of them has."""
        features, targets, at = [], [], 0
        for feature in self.features:
            if feature.kind != "text":
                update = x.describe(at)
                update["variance"] = update["variance"] or 1.0  # of a constant: Keras would divide by 1e-7
            else:
                update = {"categories": [c for i, c in enumerate(feature.categories, at) if x.maximum[i] > 0]}
            features.append(feature.model_copy(update=update))
            at += feature.width
        # of a date, the parts that are the same in all rows are no inputs either, unless all are
        telling = {f.name for f in features if f.part and f.minimum < f.maximum}
        features = [f for f in features if not f.part or f.minimum < f.maximum or f.name not in telling]
        for i, target in enumerate([] if self.labels else self.targets):
            update = y.describe(i)
            deviation = update.pop("variance") ** 0.5
            if config.rescales:
                offset = update["mean"] if config.output_activation() == "linear" else 0.0  # else it stays >= 0
                update |= {"scale": deviation or 1.0, "offset": offset}
            targets.append(target.model_copy(update=update))
        return self.model_copy(update={"features": features, "targets": targets or self.targets})

    @classmethod
    def load(cls, path: Path) -> "Encoder":
        """Return the encoder that encoding.json holds; else raise a RunError."""
        try:
            encoder = cls.model_validate_json(path.read_bytes())
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            raise RunError(f"{path}: {place}: {first['msg']}; the file was altered") from None
        if len(encoder.labels) == 1 or len(set(encoder.labels)) < len(encoder.labels):
            raise RunError(f"{path}: labels: must be two or more, or none; the file was altered")
        return encoder


def kept_rows(table: Table, missing: str, features: list[str], targets: list[str]) -> Iterator[tuple[Block, int]]:
    """Yield each block without the rows that `missing` leaves out for a missing cell, and how many these are."""
    needed = {"error": [], "mean": targets, "drop": [*features, *targets]}[missing]
    for block in table.blocks():
        kept = block.without_missing(needed)
        yield kept, len(block.frame) - len(kept.frame)


class Reading:
    """A table read through an encoder, with its targets or without; `dropped` rows were left out so far.

    Where every row is `owed` a prediction, none is left out. Without `fill`, missing numbers stay NaN.
    """

    def __init__(self, encoder: Encoder, table: Table, *, target: bool, owed: bool = False, fill: bool = True) -> None:
        self.encoder, self.table, self.fill, self.dropped = encoder, table, fill, 0
        self.missing = "error" if owed and encoder.missing == "drop" else encoder.missing
        self.columns = {f.name: Column(f.name, missing=OWED if owed else MISSING) for f in encoder.features}
        saw = f"is no label that training saw ({listed(encoder.labels, 10)})"
        self.targets = [Column(t.name, missing=NO_TARGET, not_label=saw) for t in encoder.targets if target]

    def __iter__(self) -> Iterator[tuple[Block, Values, Values]]:
        """Yield blocks with float64 x (rows, inputs), y (rows, targets); at a mistake raise all of the whole table."""
        features, targets = list(self.columns), [column.name for column in self.targets]
        self.table.require([*features, *targets])
        problems: list[str] = []
        for block, dropped in kept_rows(self.table, self.missing, features, targets):
            self.dropped += dropped
            x, y = self._features(block), self._targets(block)
            problems = self._problems()
            if not problems:
                yield block, x, y
        if problems or not self.columns[features[0]].rows:
            raise TableError(problems or f"{self.table.name}: every row is left out for a missing cell")

    def notes(self) -> list[str]:
        """Return how many rows were left out, and a line for each column with categories that training never saw."""
        left_out = f"{self.table.name}: {counted(self.dropped, 'row')} left out for a missing cell"
        return [left_out] * bool(self.dropped) + self.unseen()

    def unseen(self) -> list[str]:
        """Return a line for each column with categories that training never saw, which are all zeros."""
        return [line for column in self.columns.values() if (line := column.unseen_message(self.table.name))]

    def _problems(self) -> list[str]:
        kinds = {feature.name: feature.kind for feature in self.encoder.features}
        missing, advice = self.missing == "error", ", and training read numbers here"
        found = [c.problems(kinds[name], missing=missing, text_advice=advice) for name, c in self.columns.items()]
        kind: Kind = "label" if self.encoder.labels else "number"
        found += [column.problems(kind, missing=True, text_advice=advice) for column in self.targets]
        return [line for lines in found for line in lines]

    def _features(self, block: Block) -> Values:
        x = np.zeros((len(block.frame), len(self.encoder.inputs)), order="F")
        at, dates = 0, {}
        for feature in self.encoder.features:
            column = self.columns[feature.name]
            if feature.kind == "text":
                codes = column.codes(block, feature.categories)
                known = codes.is_not_null().arg_true().to_numpy()
                x[known, at + codes.drop_nulls().to_numpy()] = 1
            elif feature.format:
                if feature.name not in dates:
                    dates[feature.name] = column.dates(block, feature.format)
                x[:, at] = getattr(dates[feature.name].dt, str(feature.part))().cast(pl.Float64).to_numpy()
            else:
                x[:, at] = column.numbers(block, boolean=feature.kind == "boolean").to_numpy()
            at += feature.width
        if self.fill:
            np.copyto(x, [feature.mean for feature in self.encoder.inputs], where=np.isnan(x))
        return x

    def _targets(self, block: Block) -> Values:
        known = {label_key(label): code for code, label in enumerate(self.encoder.labels)}
        y = np.empty((len(block.frame), len(self.targets)))
        for i, column in enumerate(self.targets):
            y[:, i] = (column.labels(block, known) if known else column.numbers(block, boolean=False)).to_numpy()
        return y
