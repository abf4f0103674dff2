"""The encoder, fitted on the training rows alone: every later table is treated as the training table was."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
import polars as pl
from annotated_types import Ge, Le, Len
from pydantic import (
    AfterValidator,
    FailFast,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from nnrun.columns import (
    FLOAT32_MAX,
    FORMATS,
    MAX_CATEGORIES,
    MISSING,
    Column,
    Kind,
    Moments,
    Values,
    label_key,
)
from nnrun.config import Config
from nnrun.csv_file import wrong_names
from nnrun.data import Block, Table
from nnrun.errors import RunError, TableError, counted, listed, received
from nnrun.files import read_small
from nnrun.keras_names import Positive, Strict, problem

DatePart = Literal["year", "month", "day", "weekday", "hour"]
KNOWN_LABELS = {
    ("0.0", "1.0"),
    ("false", "true"),
    ("no", "yes"),
}  # whose second is the positive one
OWED = "the cell is missing, in a row that is owed a prediction; fill it in, or train with missing: mean"
NO_TARGET = "the target is missing; fill it in, or leave the row out with missing: drop (or mean) under data"


def date_parts(form: str | None) -> tuple[DatePart, ...]:
    """Return what a column of dates in one of FORMATS tells, or of times."""
    parts: tuple[DatePart, ...] = get_args(DatePart)
    return (parts[:4] * ("%d" in form) + parts[4:] * ("%H" in form)) if form in FORMATS else ()


def _plain(name: str) -> str:
    for what in wrong_names([name]):
        raise problem(what)
    return name


Name = Annotated[str, AfterValidator(_plain)]
Number = Annotated[float, Ge(-FLOAT32_MAX), Le(FLOAT32_MAX)]


class Feature(Strict):
    """A column, or `part` of a date, as an input; of text one, 1 or 0, for each category: null is the missing cell."""

    name: Name
    kind: Kind = "number"
    mean: Number = 0.0
    variance: Annotated[Positive, Le(2 * FLOAT32_MAX**2)] = 1.0  # twice, lest rounding passes it
    minimum: Number = 0.0
    maximum: Number = 0.0
    whole: bool = False
    format: str | None = None
    part: DatePart | None = None
    categories: Annotated[list[str | None], Len(max_length=MAX_CATEGORIES + 1)] = []

    @model_validator(mode="after")
    def _fit_the_kind(self) -> "Feature":
        if bool(self.categories) != (self.kind == "text") or len(set(self.categories)) < len(
            self.categories
        ):
            raise problem("categories must be distinct ones for text, and none for any other kind")
        is_date = self.part is not None and self.part in date_parts(self.format)
        if not is_date if self.kind == "date" else (self.format, self.part) != (None, None):
            raise problem(
                "format and part must be known ones and fit for a date, and null for any other kind"
            )
        return self

    @property
    def width(self) -> int:
        """How many inputs the feature is."""
        return len(self.categories) if self.kind == "text" else 1


class Target(Strict):
    """One target column, restored from the network's output as output * scale + offset; its range in training."""

    name: Name
    scale: Annotated[Positive, Le(FLOAT32_MAX)] = 1.0
    offset: Number = 0.0
    mean: Number = 0.0
    minimum: Number = 0.0
    maximum: Number = 0.0
    whole: bool = False


class Encoder(Strict):
    """What turns tables into matrices, and predictions into `labels`: of two, probabilities are of the second."""

    features: Annotated[
        list[Feature], FailFast(), Len(1, 1 << 16)
    ]  # more than a file of its size holds as nnrun writes them
    targets: Annotated[list[Target], FailFast(), Len(1)]
    labels: list[str]
    missing: Literal["error", "mean", "drop"] = "error"

    @field_validator("targets")
    @classmethod
    def _name_columns_once(cls, targets: list[Target], info: ValidationInfo) -> list[Target]:
        features = info.data.get("features", [])
        names = [name for name, *_ in {(f.name, f.kind, f.format) for f in features}] + [
            *{t.name for t in targets}
        ]
        if len(set(names)) < len(names) or len({(f.name, f.part) for f in features}) < len(
            features
        ):
            raise problem(
                "a column is named twice among the features, or is both a feature and a target"
            )
        return targets

    @field_validator("labels")
    @classmethod
    def _tell_labels_apart(cls, labels: list[str], info: ValidationInfo) -> list[str]:
        if len(labels) == 1 or len(set(map(label_key, labels))) < len(labels):
            raise problem("must be two or more, or none")
        if labels and len({target.name for target in info.data.get("targets", [])}) > 1:
            raise problem("must be none where there are several targets")
        return labels

    @property
    def inputs(self) -> list[Feature]:
        """The feature that each column of the matrix comes from."""
        return [feature for feature in self.features for _ in range(feature.width)]

    @property
    def input_names(self) -> list[str]:
        """What each column of the matrix holds, as in `age`, `town is York` or `month of day`."""
        texts = [[f"{f.name} is {c or 'missing'}" for c in f.categories] for f in self.features]
        others = [f"{f.part} of {f.name}" if f.part else f.name for f in self.features]
        return [name for many, one in zip(texts, others, strict=True) for name in many or [one]]

    def fitted(self, x: Moments, y: Moments, config: Config) -> "Encoder":
        """Return the encoder with the statistics of the training rows, without categories that none of them has."""
        features, targets, at = [], [], 0
        for feature in self.features:
            kept = [c for i, c in enumerate(feature.categories, at) if x.maximum[i] > 0]
            features.append(
                feature.model_copy(
                    update={"categories": kept} if feature.kind == "text" else x.describe(at)
                )
            )
            at += feature.width
        # of a date, the parts that are the same in all rows are no inputs either, unless all are
        telling = {f.name for f in features if f.part and f.minimum < f.maximum}
        features = [
            f for f in features if not f.part or f.minimum < f.maximum or f.name not in telling
        ]
        for i, target in enumerate([] if self.labels else self.targets):
            update = y.describe(i)
            scale = update.pop("variance") ** 0.5
            if config.rescales:
                offset = (
                    update["mean"] if config.output_activation() == "linear" else 0.0
                )  # else it stays >= 0
                update |= {"scale": scale, "offset": offset}
            targets.append(target.model_copy(update=update))
        return self.model_copy(update={"features": features, "targets": targets or self.targets})

    @classmethod
    def load(cls, path: Path) -> "Encoder":
        """Return the encoder that encoding.json holds; else raise a RunError."""
        try:
            return cls.model_validate_json(read_small(path))
        except OSError as error:
            raise RunError(f"{path}: cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "the whole"
            place = (
                place if place.isprintable() else received(place)
            )  # an unknown key can be anything
            raise RunError(f"{path}: {place[:80]}: {first['msg']}; the file was altered") from None


def kept_rows(
    table: Table, missing: str, features: list[str], targets: list[str], numbers: Iterable[str] = ()
) -> Iterator[tuple[Block, int]]:
    """Yield each block without the rows that `missing` leaves out for a missing cell, and how many these are."""
    needed = {"error": [], "mean": targets, "drop": [*features, *targets]}[missing]
    for block in table.blocks(numbers):
        kept = block.without_missing(needed)
        yield kept, len(block.frame) - len(kept.frame)


class Reading:
    """A table read through an encoder, with its targets or without; `dropped` rows were left out so far.

    Where every row is `owed` a prediction, none is left out. Without `fill`, missing numbers stay NaN.
    """

    def __init__(
        self, encoder: Encoder, table: Table, *, target: bool, owed: bool = False, fill: bool = True
    ) -> None:
        self.encoder, self.table, self.fill, self.dropped = encoder, table, fill, 0
        self.missing = "error" if owed and encoder.missing == "drop" else encoder.missing
        missing, form = (
            OWED if owed else MISSING,
            "is not of the form {}, as training read this column",
        )
        forms = {f.name: form.format(f.format) for f in encoder.features}
        self.columns = {
            name: Column(name, missing=missing, not_known=form) for name, form in forms.items()
        }
        saw = f"is no label that training saw ({listed(encoder.labels, 10)})"
        self.targets = [
            Column(t.name, missing=NO_TARGET, not_known=saw) for t in encoder.targets if target
        ]

    def __iter__(self) -> Iterator[tuple[Block, Values, Values]]:
        """Yield blocks with float64 x (rows, inputs), y (rows, targets); at a mistake raise all of the whole table."""
        features, targets = list(self.columns), [column.name for column in self.targets]
        self.table.require([*features, *targets])
        problems: list[str] = []
        numbers = [f.name for f in self.encoder.features if f.kind == "number"] + targets * (
            not self.encoder.labels
        )
        for block, dropped in kept_rows(self.table, self.missing, features, targets, numbers):
            self.dropped += dropped
            x, y = self._features(block), self._targets(block)
            problems = self._problems()
            if not problems:
                yield block, x, y
        if problems or not self.columns[features[0]].rows:
            raise TableError(
                problems or f"{self.table.name}: every row is left out for a missing cell"
            )

    def notes(self) -> list[str]:
        """Return how many rows were left out, and a line for each column with categories that training never saw."""
        left_out = f"{self.table.name}: {counted(self.dropped, 'row')} left out for a missing cell"
        return [left_out] * bool(self.dropped) + self.unseen()

    def unseen(self) -> list[str]:
        """Return a line for each column with categories that training never saw, which are all zeros."""
        return [
            line
            for column in self.columns.values()
            if (line := column.unseen_message(self.table.name))
        ]

    def _problems(self) -> list[str]:
        kinds = {feature.name: feature.kind for feature in self.encoder.features}
        missing, advice = self.missing == "error", ", and training read numbers here"
        found = [
            c.problems(kinds[name], missing=missing, text_advice=advice)
            for name, c in self.columns.items()
        ]
        kind: Kind = "text" if self.encoder.labels else "number"
        found += [
            column.problems(kind, missing=True, text_advice=advice) for column in self.targets
        ]
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
                x[:, at] = (
                    getattr(dates[feature.name].dt, str(feature.part))().cast(pl.Float64).to_numpy()
                )
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
            y[:, i] = (
                column.labels(block, known) if known else column.numbers(block, boolean=False)
            ).to_numpy()
        return y
