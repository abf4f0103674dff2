"""The encoder, fitted on the training rows alone: every later table is treated as the training table was."""

from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le, Len
from pydantic import (
    AfterValidator,
    FailFast,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from nnrun.config.keras_catalog import Positive, Strict, problem
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.dates import DatePart, date_parts
from nnrun.features.labels import label_key
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.features.statistics import Moments
from nnrun.files import read_small
from nnrun.tables.table_file import wrong_names
from nnrun.wording import received

Kind = Literal["number", "boolean", "text", "date"]
MAX_CATEGORIES = (
    50  # a text column of more is refused: an input each, and few rows to learn it from
)


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
        names = [name for name, *_ in {(f.name, f.kind, f.format) for f in features}]
        names += [target.name for target in targets]
        if len(set(names)) < len(names) or len({(f.name, f.part) for f in features}) < len(
            features
        ):
            raise problem(
                "a column is named twice among the features or among the targets, "
                "or is both a feature and a target"
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
