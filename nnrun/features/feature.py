"""Features and targets: what columns become, as encoding.json holds it.

They are validated, since the file may come from anybody.
"""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from nnrun.config.numeric_encoding import MOST_BINS
from nnrun.config.schema import MOST_CATEGORIES
from nnrun.config.strict_model import Positive, Strict, problem
from nnrun.features.dates import FORMATS, ORDERS, DatePart, date_parts
from nnrun.features.labels import label_codes
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.features.signs import is_sign
from nnrun.tables.table_file import wrong_names

Kind = Literal["number", "boolean", "text", "date"]


def _check_name(name: str) -> str:
    for mistake in wrong_names([name]):
        raise problem(mistake)
    return name


LARGEST_VARIANCE = 2 * FLOAT32_MAX**2
"""Twice that of float32, lest rounding passes it."""

LEAST_WIDTH = 1e-5
"""Of a bin: edges are rounded to 4 decimals, whose difference is hardly less than 1e-4."""

Name = Annotated[str, AfterValidator(_check_name)]
Number = Annotated[float, Field(ge=-FLOAT32_MAX, le=FLOAT32_MAX)]


def _check_sign(sign: str) -> str:
    if sign and not is_sign(sign):
        raise problem("must be %, a currency sign or empty")
    return sign


Sign = Annotated[str, Field(max_length=1), AfterValidator(_check_sign)]


class Feature(Strict):
    """A column as an input, or a part of a date.

    A column of text is an input for each of its categories, 1 or 0. A number x enters the network
    as (x - `center`) / `scale`.

    Attributes:
        name: The column.
        kind: What its cells are.
        mean: The mean of the training rows, which stands in place of missing numbers.
        variance: The variance of the training rows; 1 where they are all the same.
        minimum: The least number of the training rows.
        maximum: The greatest number of the training rows.
        center: What is subtracted from a number; null stands for `mean`.
        scale: What a number is divided by; null stands for the standard deviation.
        edges: The edges of bins in ascending order, in units of `scale` around `center`; empty
            where numbers have no bins.
        whole: Whether all numbers of the training rows are whole.
        missing_share: The share of the training rows that lack the cell; null in runs of earlier
            versions, which do not tell it.
        sign: The sign, such as %, that stands beside each number; empty where none does.
        format: The format of the dates, as C's strftime writes it; null for other kinds.
        more_formats: Further formats, by which dates that do not fit `format` are read.
        example: A date of training.
        part: The part of the date that is the input; null for other kinds.
        categories: The texts that are inputs, in order; null is a missing cell.
        other: Whether the last input is 1 for each cell of no category.
        spells_numbers: Whether numbers among the categories are spelt the shortest way, as where
            the config says that a column is categories.
    """

    name: Name
    kind: Kind = "number"
    mean: Number = 0.0
    variance: Annotated[Positive, Field(le=LARGEST_VARIANCE)] = 1.0
    minimum: Number = 0.0
    maximum: Number = 0.0
    center: Number | None = None
    scale: Annotated[Positive, Field(le=FLOAT32_MAX)] | None = None
    edges: Annotated[list[float], Field(max_length=MOST_BINS + 1)] = []
    whole: bool = False
    missing_share: Annotated[float, Field(ge=0, le=1)] | None = None
    sign: Sign = ""
    format: str | None = None
    more_formats: Annotated[list[str], Field(max_length=len(FORMATS))] = []
    example: str | None = None
    part: DatePart | None = None
    categories: Annotated[list[str | None], Field(max_length=MOST_CATEGORIES + 1)] = []
    other: bool = False
    spells_numbers: bool = False

    @model_validator(mode="after")
    def _fit_the_kind(self) -> "Feature":
        """Refuse what does not go with the kind of the column."""
        is_text = self.kind == "text"
        has_categories = bool(self.categories)
        has_twice = len(set(self.categories)) < len(self.categories)
        has_other_without_text = self.other and not is_text
        if has_categories != is_text or has_twice or has_other_without_text:
            raise problem("categories must be distinct ones for text, and none for any other kind")
        if not self._has_the_parts_of_its_kind():
            raise problem(
                "format and part must be known ones and fit for a date, and null for any other kind"
            )
        self._check_scale(is_text=is_text)
        return self

    @model_serializer(mode="wrap")
    def _leave_out_what_is_default(self, serialize: SerializerFunctionWrapHandler) -> Any:  # noqa: ANN401 - what pydantic gives
        """Leave out scale and edges where there are none: tables may have 50,000 columns."""
        values = serialize(self)
        if self.center is None:
            values.pop("center", None)
        if self.scale is None:
            values.pop("scale", None)
        if not self.edges:
            values.pop("edges", None)
        return values

    def _check_scale(self, *, is_text: bool) -> None:
        """Refuse edges that leave no bin between them, and a scale of what is not a number."""
        widths = [after - before for before, after in pairwise(self.edges)]
        are_apart = all(width >= LEAST_WIDTH for width in widths)
        if not are_apart:
            raise problem("edges must ascend")
        has_one_alone = (self.center is None) != (self.scale is None)
        if has_one_alone or (is_text and self.scale):
            raise problem("center and scale belong together, and to numbers")
        if self.edges and not self.scale:
            raise problem("edges are of numbers that have a scale")

    def _has_the_parts_of_its_kind(self) -> bool:
        """Tell whether a date has a part of its format, and any other kind neither."""
        if self.kind != "date":
            has_neither = self.format is None and self.part is None
            return has_neither and not self.more_formats
        formats = [self.format or "", *self.more_formats]
        orders = {ORDERS.get(date_format) for date_format in formats}
        if len(orders) > 1:
            return False
        return self.part in date_parts(self.format)

    @property
    def width(self) -> int:
        """How many inputs the feature is."""
        if self.kind != "text":
            return 1
        if self.other:
            return len(self.categories) + 1
        return len(self.categories)

    @property
    def units(self) -> int:
        """How many numbers each of its inputs is for the first layer of the config."""
        if len(self.edges) <= 2:
            return 1
        bins = len(self.edges) - 1
        return bins + 1  # a unit for each bin, and one for them all

    @property
    def moments(self) -> tuple[float, float]:
        """The mean and the variance that Normalization takes."""
        if self.center is None or self.scale is None:
            return self.mean, self.variance
        return self.center, self.scale**2

    @property
    def input_names(self) -> list[str]:
        """What each of its inputs holds, as in `age`, `town is York` or `month of day`."""
        if self.part:
            return [f"{self.part} of {self.name}"]
        if self.kind != "text":
            return [self.name]
        return [f"{self.name} is {category}" for category in self.category_names()]

    def category_names(
        self,
        missing: str = "missing",
        other: str = "other",
    ) -> list[str]:
        """Return the category of each input of text.

        Args:
            missing: What the category of missing cells is called.
            other: What the input for each cell of no category is called.
        """
        names = [category or missing for category in self.categories]
        if self.other:
            names.append(other)
        return names


def _check_two_labels(labels: list[str]) -> list[str]:
    """Refuse labels that are not two distinct ones."""
    if not labels:
        return labels
    distinct = label_codes(labels)
    if len(labels) != 2 or len(distinct) != 2:
        raise problem("must be two, or none")
    return labels


class Target(Strict):
    """A target column, and its range in training. It is output * scale + offset of the network.

    Attributes:
        name: The column.
        sign: The sign, such as %, that stands beside each number; empty where none does.
        scale: What an output of the network is multiplied by.
        offset: What is added to the product.
        mean: The mean of the training rows.
        minimum: The least number of the training rows.
        maximum: The greatest number of the training rows.
        whole: Whether all numbers of the training rows are whole.
        labels: Of several targets of two labels, the target's own, of which the second is 1.
            Otherwise none: those of a single target stand beside it.
    """

    name: Name
    sign: Sign = ""
    scale: Annotated[Positive, Field(le=FLOAT32_MAX)] = 1.0
    offset: Number = 0.0
    mean: Number = 0.0
    minimum: Number = 0.0
    maximum: Number = 0.0
    whole: bool = False
    labels: Annotated[list[str], AfterValidator(_check_two_labels)] = []

    @model_serializer(mode="wrap")
    def _leave_out_no_labels(self, serialize: SerializerFunctionWrapHandler) -> Any:  # noqa: ANN401 - what pydantic gives
        """Leave out labels where there are none: those of one target stand beside it."""
        values = serialize(self)
        if not self.labels:
            del values["labels"]
        return values
