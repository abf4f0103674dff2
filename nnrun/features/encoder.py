"""The encoder: it reads every later table as the training table was read.

It is fitted on the training rows alone, and stands in a run's encoding.json.
"""

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
import polars as pl
from pydantic import (
    FailFast,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from nnrun.config.schema import Config
from nnrun.config.strict_model import Strict, problem
from nnrun.errors import RunError
from nnrun.features.categories import encode_categories
from nnrun.features.cells import ParsedCells
from nnrun.features.dates import FORMATS, parse_dates, take_part
from nnrun.features.feature import Feature, Kind, Target
from nnrun.features.fitting import TargetMoments, fit_features, fit_targets
from nnrun.features.kept_rows import MissingPolicy
from nnrun.features.labels import encode_labels, label_codes
from nnrun.features.number_scales import NumberScales
from nnrun.features.numbers import parse_booleans, parse_numbers
from nnrun.features.statistics import Moments, Values
from nnrun.ordinary_files import read_small
from nnrun.tables.block import Block
from nnrun.wording import received

LARGEST = 1 << 16  # features: more than encoding.json holds, as large as nnrun writes it
SHOWN = 80  # characters of a key, which can be long where the file was altered


class EncodedColumns(NamedTuple):
    """A matrix made of columns of a block.

    Attributes:
        values: The matrix, float64 (rows, columns), NaN where a cell is missing or wrong.
        cells: The cells of each column as read, by its name.
    """

    values: Values
    cells: dict[str, ParsedCells]


class Encoder(Strict):
    """Turns tables into matrices, and predictions into labels.

    Attributes:
        features: The features, in the order of their columns in the matrix.
        targets: The targets, in the order of the network's outputs.
        labels: The labels of a single target, of which probabilities of two are of the second. Each
            of several targets of two labels has its own instead.
        missing: What is done about missing cells.
        split_formats: The formats of the dates by which the training table was split.
    """

    features: Annotated[list[Feature], FailFast(), Field(min_length=1, max_length=LARGEST)]
    targets: Annotated[list[Target], FailFast(), Field(min_length=1)]
    labels: list[str]
    missing: MissingPolicy = "error"
    split_formats: Annotated[list[Literal[FORMATS]], Field(max_length=len(FORMATS))] = []  # type: ignore[valid-type]

    @field_validator("targets")
    @classmethod
    def _name_columns_once(
        cls,
        targets: list[Target],
        info: ValidationInfo,
    ) -> list[Target]:
        """Refuse a column that is named twice, or is both a feature and a target."""
        features: list[Feature] = info.data.get("features", [])
        parts = {(feature.name, feature.part) for feature in features}
        columns = set(map(_column_of, features))
        names = [name for name, *_ in columns]  # of a date, each part is a feature
        names += [target.name for target in targets]
        has_name_twice = len(set(names)) < len(names)
        has_part_twice = len(parts) < len(features)
        if has_name_twice or has_part_twice:
            raise problem(
                "a column is named twice among the features or among the targets, "
                "or is both a feature and a target"
            )
        return targets

    @field_validator("labels")
    @classmethod
    def _tell_labels_apart(cls, labels: list[str], info: ValidationInfo) -> list[str]:
        """Refuse a single label, two that are one, and any beside several targets."""
        has_label_twice = len(label_codes(labels)) < len(labels)
        if len(labels) == 1 or has_label_twice:
            raise problem("must be two or more, or none")
        targets = {target.name for target in info.data.get("targets", [])}
        if labels and len(targets) > 1:
            raise problem("must be none where there are several targets")
        return labels

    @model_validator(mode="after")
    def _give_labels_to_each_target_or_none(self) -> "Encoder":
        """Refuse labels of a single target in the target itself, and of some targets alone."""
        with_labels = [target for target in self.targets if target.labels]
        if not with_labels:
            return self
        some_have_none = len(with_labels) < len(self.targets)
        if len(self.targets) == 1 or some_have_none:
            raise problem("each of several targets has two labels, or none of them has labels")
        return self

    @property
    def is_multilabel(self) -> bool:
        """Whether there are several targets, each of which has two labels of its own."""
        if len(self.targets) == 1:
            return False
        return any(target.labels for target in self.targets)

    @property
    def labels_of_targets(self) -> list[list[str]]:
        """The labels of each target, of which a number has none."""
        if len(self.targets) == 1:
            return [self.labels]
        return [target.labels for target in self.targets]

    def of_each_target(self) -> "list[Encoder]":
        """Return an encoder for each of the targets, which has this target alone."""
        encoders = []
        for target, labels in zip(self.targets, self.labels_of_targets, strict=True):
            alone = target.model_copy(update={"labels": []})
            update = {"targets": [alone], "labels": labels}
            encoders.append(self.model_copy(update=update))
        return encoders

    @property
    def target_names(self) -> list[str]:
        """The columns of the targets, in order."""
        return [target.name for target in self.targets]

    @property
    def target_scales(self) -> list[float]:
        """What an output of the network is multiplied by, for each target."""
        return [target.scale for target in self.targets]

    @property
    def target_offsets(self) -> list[float]:
        """What is added to an output of the network, for each target."""
        return [target.offset for target in self.targets]

    @property
    def target_ranges(self) -> list[float]:
        """From the least to the greatest number of each target; 1 where all are the same."""
        ranges = []
        for target in self.targets:
            width = target.maximum - target.minimum
            ranges.append(width or 1.0)
        return ranges

    @property
    def kinds(self) -> set[Kind]:
        """The kinds of the features."""
        return {feature.kind for feature in self.features}

    @property
    def column_names(self) -> list[str]:
        """The columns of the features, in order; of a date, several parts may be features."""
        names = [feature.name for feature in self.features]
        return list(dict.fromkeys(names))

    @property
    def inputs(self) -> list[Feature]:
        """The feature that each column of the matrix comes from."""
        inputs: list[Feature] = []
        for feature in self.features:
            inputs += [feature] * feature.width
        return inputs

    @property
    def moments(self) -> tuple[list[float], list[float]]:
        """The mean and the variance by which each column of the matrix is standardised."""
        means = []
        variances = []
        for feature in self.inputs:
            mean, variance = feature.moments
            means.append(mean)
            variances.append(variance)
        return means, variances

    def inputs_read(self, *, has_categories: bool) -> list[Feature]:
        """Return the `inputs`, or without categories those that are not of text.

        Args:
            has_categories: Whether inputs of text are among them.
        """
        if has_categories:
            return self.inputs
        return [feature for feature in self.inputs if feature.kind != "text"]

    @property
    def width(self) -> int:
        """How many numbers the first layer of the config takes; a code of a number is several."""
        return sum(feature.width * feature.units for feature in self.features)

    @property
    def input_names(self) -> list[str]:
        """What each column of the matrix holds, as in `age`, `town is York` or `month of day`."""
        names: list[str] = []
        for feature in self.features:
            names += feature.input_names
        return names

    @property
    def column_inputs(self) -> dict[str, list[int]]:
        """The numbers of the inputs that each column of a table becomes, by the column's name."""
        places: dict[str, list[int]] = {}
        for number, feature in enumerate(self.inputs):
            places.setdefault(feature.name, []).append(number)
        return places

    def transform(self, block: Block, *, has_categories: bool = True) -> EncodedColumns:
        """Return the inputs of a block's rows.

        Args:
            block: Some rows of a table.
            has_categories: Whether the inputs of text are among the columns of the matrix.

        Returns:
            A float64 matrix (rows, inputs): NaN for a number or date that is missing or wrong, and
            zeros for a text that is of no category where there is no input `other`. And the cells
            of each column as read.
        """
        cells: dict[str, ParsedCells] = {}
        for feature in self.features:
            if feature.name not in cells:  # of a date, each part is a feature
                cells[feature.name] = _parse_feature(block, feature)
        features = self.features
        if not has_categories:
            features = [feature for feature in features if feature.kind != "text"]
        width = sum(feature.width for feature in features)
        x: Values = np.zeros((len(block.frame), width), order="F")
        start = 0
        for feature in features:
            end = start + feature.width
            values = cells[feature.name].values
            _write_inputs(x[:, start:end], feature, values)
            start = end
        return EncodedColumns(x, cells)

    def transform_targets(self, block: Block) -> EncodedColumns:
        """Return the targets of a block's rows: numbers, or the places of labels among its own.

        Args:
            block: Some rows of a table, with the columns of the targets.

        Returns:
            A float64 matrix (rows, targets), NaN for a cell that is missing or wrong. And the
            cells of each column as read.
        """
        shape = (len(block.frame), len(self.targets))
        y: Values = np.empty(shape)
        cells: dict[str, ParsedCells] = {}
        pairs = zip(self.targets, self.labels_of_targets, strict=True)
        for column, (target, labels) in enumerate(pairs):
            if labels:
                parsed = encode_labels(block, target.name, label_codes(labels))
            else:
                parsed = parse_numbers(block, target.name, target.sign)
            y[:, column] = parsed.values.to_numpy()
            cells[target.name] = parsed
        return EncodedColumns(y, cells)

    def fill_missing(self, x: Values) -> None:
        """Put the mean of the training rows in place of NaN, in the matrix itself.

        Args:
            x: Inputs of shape (rows, inputs), which are changed.
        """
        means = [feature.mean for feature in self.inputs]
        np.copyto(x, means, where=np.isnan(x))

    def fitted(
        self,
        x: Moments,
        y: TargetMoments,
        scales: NumberScales,
        config: Config,
        *,
        has_categories: bool = True,
    ) -> "Encoder":
        """Return the encoder with statistics of the training rows.

        Categories that none of them has, and parts of dates that are the same in all, go.

        Args:
            x: Statistics of the inputs of this encoder.
            y: Statistics of its targets.
            scales: Scales of the inputs that are numbers.
            config: Says whether targets are rescaled.
            has_categories: Whether the inputs of text are among those of `x`. Otherwise text is
                left as it is.
        """
        features = fit_features(self.features, x, scales, has_categories=has_categories)
        targets = fit_targets(self.targets, y, config)
        return self.model_copy(update={"features": features, "targets": targets})

    @classmethod
    def load(cls, path: Path) -> "Encoder":
        """Return the encoder that encoding.json holds.

        Args:
            path: The file, which may come from anybody.

        Raises:
            RunError: It cannot be read, or was altered.
        """
        try:
            return cls.parse(read_small(path), path)
        except OSError as error:
            reason = error.strerror
            raise RunError(f"{path}: cannot be read: {reason}") from None

    @classmethod
    def parse(cls, content: bytes, path: Path) -> "Encoder":
        """Return the encoder that the bytes of an encoding.json hold.

        Args:
            content: The bytes, which may come from anybody.
            path: The file, as messages name it.

        Raises:
            RunError: The file was altered.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            rule = first["msg"]
            place = ".".join(map(str, first["loc"])) or "the whole value"
            if not place.isprintable():  # an unknown key can be anything
                place = received(place)
            shown = place[:SHOWN]
            raise RunError(f"{path}: {shown}: {rule}; the file was altered") from None


def _column_of(feature: Feature) -> tuple[str | None, ...]:
    """Return the column of a feature, and how its cells are read."""
    return (feature.name, feature.kind, feature.format, *feature.more_formats)


def _parse_feature(block: Block, feature: Feature) -> ParsedCells:
    """Return the cells of a feature's column, read as training read them."""
    if feature.kind == "text":
        return encode_categories(
            block,
            feature.name,
            feature.categories,
            other=feature.other,
            spells_numbers=feature.spells_numbers,
        )
    if feature.format is not None:
        return parse_dates(block, feature.name, feature.format, feature.more_formats)
    if feature.kind == "boolean":
        return parse_booleans(block, feature.name)
    return parse_numbers(block, feature.name, feature.sign)


def _write_inputs(x: Values, feature: Feature, values: pl.Series) -> None:
    """Write the inputs of a feature into `x`, zeros of shape (rows, width)."""
    if feature.kind == "text":
        rows = values.is_not_null().arg_true().to_numpy()
        categories = values.drop_nulls().to_numpy()
        x[rows, categories] = 1
    elif feature.part is not None:
        numbers = take_part(values, feature.part)
        x[:, 0] = numbers.to_numpy()
    else:
        x[:, 0] = values.to_numpy()
