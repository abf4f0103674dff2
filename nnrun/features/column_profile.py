"""The profile of a column: what one reading of a table tells of it, and of what kind it is."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from nnrun.features.date_survey import DateProfile
from nnrun.features.faults import KEPT, NUMBER_RULES, SHOWN, ColumnFaults
from nnrun.features.feature import Kind
from nnrun.features.identifiers import (
    FEW_VALUES,
    ROWS_PER_VALUE,
    is_named_like_an_identifier,
)
from nnrun.features.mixed_cells import holds_codes
from nnrun.features.number_like import most_begin_with_digits

LONG_WORDS = ({"true", "false"}, {"yes", "no"})
SHORT_WORDS = ({"t", "f"}, {"y", "n"})
"""One of them alone is more likely a code."""


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
