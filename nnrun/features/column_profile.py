"""The profile of a column: what one reading of a table tells of it, and what follows from that.

Its kind, why it cannot be an input, and the features that it becomes are functions of it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from nnrun.config.schema import Data
from nnrun.config.yaml_output import in_yaml
from nnrun.features.categories import choose_categories, count_spellings
from nnrun.features.date_survey import DateProfile
from nnrun.features.dates import date_parts
from nnrun.features.faults import KEPT, NUMBER_RULES, SHOWN, ColumnFaults
from nnrun.features.feature import Feature, Kind
from nnrun.features.identifiers import (
    FEW_VALUES,
    ROWS_PER_VALUE,
    counts_rows,
    is_named_like_a_numbering,
    is_named_like_an_identifier,
    names_rows,
)
from nnrun.features.kept_rows import RowMask
from nnrun.features.mixed_cells import holds_codes
from nnrun.features.number_like import WRITE_NUMBERS, most_begin_with_digits
from nnrun.features.text_survey import count_rows

LONG_WORDS = ({"true", "false"}, {"yes", "no"})
SHORT_WORDS = ({"t", "f"}, {"y", "n"})
"""One of them alone is more likely a code."""

DISTINCT = 0.9  # share of the cells: text of more distinct ones is taken for an identifier


@dataclass(frozen=True)
class ColumnProfile:
    """What one reading of a table tells of a column.

    Attributes:
        declared: The kind that the config says, or None where the cells tell.
        faults: How many cells there are, and which are missing or no good numbers.
        texts: The distinct cells as text in the order of the rows; of too many the first ones.
        text_counts: The rows of each text; empty where there are too many.
        text_places: For each row the place of its cell among the texts, null where it is missing;
            None where nobody wants it, or there are too many texts.
        holds_text: Whether the file says that the cells are text.
        dates: How the cells are written as dates; two orders where both fit, none where most cells
            are not dates.
        minimum: The least number, 0 where there is none.
        maximum: The greatest number, 0 where there is none.
        whole: Whether all numbers are whole, and there are any.
        distinct_share: The share of distinct ones among whole numbers, 0 where it is not large.
        leading_zero: A cell of digits that begin with a zero, or None. Where the cells are many
            distinct numbers, the first block alone is looked at.
        sign: The sign, such as %, that stands beside each number.
    """

    declared: Kind | None
    faults: ColumnFaults
    texts: tuple[str, ...]
    text_counts: Mapping[str, int]
    text_places: pl.Series | None
    holds_text: bool
    dates: Sequence[DateProfile]
    minimum: float
    maximum: float
    whole: bool
    distinct_share: float
    leading_zero: str | None
    sign: str = ""

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.faults.name

    @property
    def rows(self) -> int:
        """How many cells there are."""
        return self.faults.rows

    @property
    def missing(self) -> int:
        """How many cells are missing."""
        return self.faults["missing"].count

    @property
    def present(self) -> int:
        """How many cells are not missing."""
        return self.faults.present

    @property
    def numbers(self) -> int:
        """How many cells are finite numbers that float32 holds."""
        wrong = sum(self.faults[kind].count for kind in NUMBER_RULES)
        return self.present - wrong

    @property
    def has_many_texts(self) -> bool:
        """Whether there are too many distinct cells to count the rows of each."""
        return len(self.texts) > len(self.text_counts)

    @property
    def holds_codes(self) -> bool:
        """Whether text among numbers makes a category of the column."""
        if self.faults.is_text:
            return False
        texts = self.faults["not_number"].texts
        if len(texts) >= KEPT:  # there may be more
            return False
        return holds_codes(self.text_counts, texts)

    @property
    def is_named_code(self) -> bool:
        """Whether the name is that of an identifier, and the whole numbers are those of groups."""
        if not self.whole or self.numbers < self.present or self.has_many_texts:
            return False
        if not is_named_like_an_identifier(self.name):
            return False
        values = len(self.texts)
        return values <= FEW_VALUES and self.present >= ROWS_PER_VALUE * values

    @property
    def number_like(self) -> list[str]:
        """The first texts that begin with digits, if most cells do; else none."""
        rows_by_text = self.text_counts or dict.fromkeys(self.texts, 1)
        return most_begin_with_digits(rows_by_text)

    @property
    def is_boolean(self) -> bool:
        """Whether every cell is true or false, or yes or no, in letters of any case."""
        if any(map(self._holds_only, LONG_WORDS)):
            return True
        for words in SHORT_WORDS:
            if self._holds_only(words):
                return {text.lower() for text in self.texts} == words
        return False

    def _holds_only(self, words: Collection[str]) -> bool:
        return all(text.lower() in words for text in self.texts)

    @property
    def examples(self) -> str:
        """The first distinct cells, as a message shows them."""
        first = self.texts[:SHOWN]
        return ", ".join(map(repr, first))


def kind_of(column: ColumnProfile) -> Kind:
    """Return what the cells are; a few wrong ones among numbers do not make them text.

    Args:
        column: The profile of the column. A kind `text` or `number` that the config says is taken
            as it is.
    """
    if column.declared in ("text", "number"):
        return column.declared
    if column.present and column.is_boolean:
        return "boolean"
    if column.present and column.dates:
        return "date"
    if column.holds_text or column.faults.is_text:
        return "text"
    if column.holds_codes or column.is_named_code:
        return "text"
    return "number"


def why_identifier(column: ColumnProfile) -> str | None:
    """Return why a column of numbers probably tells rows apart, or None.

    Args:
        column: What the training table tells of it. What its config says to be numbers or
            categories is never taken for an identifier.
    """
    is_number = column.declared is None and kind_of(column) == "number"
    if not is_number or not column.whole or column.numbers < column.present:
        return None
    if is_named_like_an_identifier(column.name):
        return "is named like an identifier"
    if names_rows(column.name):
        return "is named like the number of a row, an identifier"
    if column.distinct_share and is_named_like_a_numbering(column.name):
        return "is named like an identifier, and hardly a number occurs twice"
    are_distinct = column.distinct_share == 1
    if are_distinct and counts_rows(column.numbers, column.minimum, column.maximum):
        return "numbers the rows, as an identifier: about as many whole numbers, all distinct"
    return None


def why_unfit(column: ColumnProfile, *, expand_dates: bool) -> str | None:
    """Return why a column cannot be an input as it stands, or None.

    Args:
        column: What the training table tells of it.
        expand_dates: Whether dates become numbers.
    """
    if not column.present:
        return "has no value: every cell is missing"
    kind = kind_of(column)
    if column.declared == "date" and kind != "date":
        return f"is named in date_columns, and most of its cells are not dates ({column.examples})"
    if kind == "date":
        return _why_dates_are_unfit(column, expand_dates=expand_dates)
    if kind == "text":
        return _why_text_is_unfit(column)
    return None


def _why_text_is_unfit(column: ColumnProfile) -> str | None:
    """Return why a column of text has too many categories to be an input, or None."""
    if column.has_many_texts:
        most = len(column.texts) - 1
        problem = f"holds text of more than {most:,} categories ({column.examples})"
        return f"{problem}, as identifiers do{_number_advice(column)}"
    most_distinct = max(1, DISTINCT * column.present)
    if len(column.texts) > most_distinct:
        problem = f"holds text ({column.examples}), nearly all of it distinct"
        return f"{problem}, as identifiers are{_number_advice(column)}"
    return None


def _number_advice(column: ColumnProfile) -> str:
    """Return what to do about a column of text that may be numbers, or an empty text."""
    most_are_numbers = column.numbers > column.present / 2
    if column.holds_text and most_are_numbers:
        line = f"numeric_columns: [{in_yaml(column.name)}]"
        return f"; the file says that it is text: if it is numbers, set `{line}` under data"
    if column.number_like:
        return f", or numbers: {WRITE_NUMBERS}"
    return ""


def _why_dates_are_unfit(column: ColumnProfile, *, expand_dates: bool) -> str | None:
    """Return why dates cannot become numbers as they are written, or None."""
    if not expand_dates:
        dates = f"holds dates or times ({column.examples})"
        return f"{dates}; `dates: expand` under data makes numbers of them"
    if len(column.dates) > 1:
        dates = f"holds dates in which day or month may come first ({column.examples})"
        return f"{dates}; set `day_first: true` or `day_first: false` under data"
    return None


def column_features(
    column: ColumnProfile,
    data: Data,
    is_trained: RowMask | None = None,
) -> list[Feature]:
    """Return what the column becomes, without statistics: of dates a feature for each part.

    Args:
        column: What the training table tells of it.
        data: Says how many categories are inputs.
        is_trained: Which rows of the table are trained on; by default all.
    """
    kind = kind_of(column)
    if kind == "text":
        return [_text_feature(column, data, is_trained)]
    if kind == "date":
        return _date_features(column)
    return [Feature(name=column.name, kind=kind, sign=column.sign)]


def _date_features(column: ColumnProfile) -> list[Feature]:
    """Return a feature for each part of the dates."""
    dates = column.dates[0]
    date_format, *more_formats = dates.formats
    features = []
    for part in date_parts(date_format):
        feature = Feature(
            name=column.name,
            kind="date",
            format=date_format,
            more_formats=more_formats,
            example=dates.example,
            part=part,
        )
        features.append(feature)
    return features


def _text_feature(
    column: ColumnProfile,
    data: Data,
    is_trained: RowMask | None,
) -> Feature:
    """Return the feature with an input for each frequent category of the rows trained on."""
    counts = column.text_counts or dict.fromkeys(column.texts, 1)  # too many are refused
    missing_share = column.missing / max(1, column.rows)
    places = column.text_places
    if is_trained is not None and places is not None:
        counts = count_rows(column.texts, places, is_trained)
        is_missing = places.is_null().to_numpy()
        missing_share = float(is_missing[is_trained].mean())
    spells_numbers = column.declared == "text" or column.holds_codes or column.is_named_code
    if spells_numbers:
        counts = count_spellings(counts)
    frequent, other = choose_categories(
        counts,
        max_categories=data.max_categories,
        min_frequency=data.min_frequency,
    )
    categories: list[str | None] = [*frequent]
    if missing_share:
        categories.append(None)
    return Feature(
        name=column.name,
        kind="text",
        categories=categories,
        other=other,
        spells_numbers=spells_numbers,
        missing_share=missing_share,
    )
