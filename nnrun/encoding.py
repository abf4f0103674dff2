"""The encoder: columns to a float32 matrix, labels to their numbers, and predictions back to labels.

It is fitted on the training rows alone, saved as `encoding.json`, and treats every later table as the
training table was treated.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import Field, ValidationError

from nnrun.columns import MISSING, Column, Kind, Moments, Values, label_key
from nnrun.config import Config
from nnrun.data import Block, Table
from nnrun.errors import RunError, TableError, listed
from nnrun.named import Positive, Strict

DatePart = Literal["year", "month", "day", "weekday", "hour"]
KNOWN_LABELS = {("0.0", "1.0"), ("false", "true"), ("no", "yes")}  # whose second is the positive one
OWED = "the cell is missing, in a row that is owed a prediction; fill it in, or train with missing: mean"
NO_TARGET = "the target is missing; fill it in, or leave the row out with missing: drop (or mean) under data"


class Feature(Strict):
    """A column as one input, or a text column as one for each of its categories.

    A number (of true and false: 1 and 0; of a date: its `part`) is standardised as (x - mean) / sqrt(variance), both
    of the training rows, where a missing one is filled with the mean. A category is 1 or 0; null is the missing cell.
    """

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
    """What turns tables into matrices and predictions into labels.

    Features are in the matrix's order; `labels` are the table's own, empty for numbers; of two, the second is what
    probabilities are of. `missing` is what the config says of missing cells.
    """

    features: Annotated[list[Feature], Field(min_length=1)]
    targets: Annotated[list[Target], Field(min_length=1)]
    labels: list[str]
    missing: Literal["error", "mean", "drop"] = "error"

    @property
    def inputs(self) -> list[Feature]:
        """The feature that each column of the matrix comes from."""
        return [feature for feature in self.features for _ in range(feature.width)]

    def fitted(self, x: Moments, y: Moments, config: Config) -> "Encoder":
        """Return the encoder with the statistics of the training rows, and only what occurs in them.

        A category that none of them has, or a part of a date that is the same in all, is no input.
        """
        features, at = [], 0
        for feature in self.features:
            if feature.kind == "text":
                occurs = x.maximum[at : at + feature.width] > 0
                seen = [c for c, found in zip(feature.categories, occurs, strict=True) if found]
                features.append(feature.model_copy(update={"categories": seen}))
            else:
                statistics = x.describe(at)
                variance = statistics["variance"] or 1.0  # of a constant: Keras would divide by 1e-7
                features.append(feature.model_copy(update={**statistics, "variance": variance}))
            at += feature.width
        telling = {f.name for f in features if f.part and f.minimum < f.maximum}
        features = [f for f in features if not f.part or f.minimum < f.maximum or f.name not in telling]
        targets = self.targets
        if not self.labels:
            targets = [_fit_target(target.name, y.describe(i), config) for i, target in enumerate(targets)]
        return self.model_copy(update={"features": features, "targets": targets})

    def label_codes(self) -> dict[str, int]:
        """Return the number of each label, by its key."""
        return {label_key(label): code for code, label in enumerate(self.labels)}

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


def needed(missing: str, features: Sequence[str], targets: Sequence[str]) -> list[str]:
    """Return the columns without whose cells a row is left out, by what the config says of missing cells."""
    return {"error": [], "mean": [*targets], "drop": [*features, *targets]}[missing]


class Reading:
    """A table read through an encoder.

    `target` is whether its targets are read too; `owed` whether every row is owed a prediction, so that none may be
    left out for a missing cell. Without `fill`, missing numbers stay NaN, for the encoder that is yet to be fitted.
    `dropped` is how many rows were left out so far.
    """

    def __init__(self, encoder: Encoder, table: Table, *, target: bool, owed: bool = False, fill: bool = True) -> None:
        self.encoder, self.table, self.target, self.owed, self.fill = encoder, table, target, owed, fill
        self.dropped = 0
        missing = OWED if owed else MISSING
        self.columns = {feature.name: Column(feature.name, missing=missing) for feature in encoder.features}
        saw = f"is no label that training saw ({listed(encoder.labels, 10)})"
        self.targets = [Column(t.name, missing=NO_TARGET, not_label=saw) for t in encoder.targets if target]

    def __iter__(self) -> Iterator[tuple[Block, Values, Values]]:
        """Yield each block with its float64 features (rows, inputs) and targets (rows, targets), labels as numbers.

        Nothing comes after the first mistake; a TableError with every mistake of the whole table is raised instead.
        """
        names = [*self.columns, *(column.name for column in self.targets)]
        self.table.require(names)
        wrong = False
        for block in self.table.blocks():
            kept = block
            if not self.owed:
                targets = [column.name for column in self.targets]
                kept = block.without_missing(needed(self.encoder.missing, list(self.columns), targets))
                self.dropped += len(block.frame) - len(kept.frame)
            x, y = self._features(kept), self._targets(kept)
            wrong = wrong or bool(self.problems())
            if not wrong:
                yield kept, x, y
        if wrong or not next(iter(self.columns.values())).rows:
            raise TableError(self.problems() or f"{self.table.name}: every row is left out for a missing cell")

    def problems(self) -> list[str]:
        """Return a line for each kind of wrong cell in each column so far."""
        missing = self.encoder.missing == "error" or (self.owed and self.encoder.missing == "drop")
        kinds = {feature.name: feature.kind for feature in self.encoder.features}
        advice = ", and training read numbers here"
        lines = [c.problems(kinds[name], missing=missing, text_advice=advice) for name, c in self.columns.items()]
        kind: Kind = "label" if self.encoder.labels else "number"
        lines += [column.problems(kind, missing=True, text_advice=advice) for column in self.targets]
        return [line for some in lines for line in some]

    def notes(self) -> list[str]:
        """Return how many rows were left out, and a line for each column with categories that training never saw."""
        rows = "1 row" if self.dropped == 1 else f"{self.dropped:,} rows"
        left_out = [f"{self.table.name}: {rows} left out for a missing cell"] if self.dropped else []
        return left_out + self.unseen()

    def unseen(self) -> list[str]:
        """Return a line for each column with categories that training never saw, which are all zeros."""
        return [line for column in self.columns.values() if (line := column.unseen_message(self.table.name))]

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
        if self.encoder.labels:
            known = self.encoder.label_codes()
            columns = [column.labels(block, known).cast(pl.Float64) for column in self.targets]
        else:
            columns = [column.numbers(block, boolean=False) for column in self.targets]
        return np.stack([column.to_numpy() for column in columns], axis=1) if columns else np.empty((0, 0))


def _fit_target(name: str, statistics: dict[str, Any], config: Config) -> Target:
    """Return the target's scale and offset: none under an output that is bounded, or unscaled."""
    deviation, mean = statistics.pop("variance") ** 0.5, statistics["mean"]
    if not config.rescales:
        return Target(name=name, **statistics)
    offset = mean if config.output_activation() == "linear" else 0.0  # else it stays non-negative
    return Target(name=name, scale=deviation or 1.0, offset=offset, **statistics)
