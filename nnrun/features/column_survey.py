"""A column surveyed block by block, for its profile."""

import numpy as np
import polars as pl

from nnrun.features.categories import spell_numbers
from nnrun.features.cells import ParsedCells
from nnrun.features.column_profile import ColumnProfile
from nnrun.features.date_survey import DateSurvey
from nnrun.features.distinct_numbers import DistinctNumbers
from nnrun.features.faults import ColumnFaults
from nnrun.features.feature import Kind
from nnrun.features.identifiers import is_named_like_an_identifier
from nnrun.features.kept_rows import kept_rows
from nnrun.features.number_like import find_leading_zero
from nnrun.features.numbers import parse_first_numbers, parse_numbers
from nnrun.features.text_survey import MOST_NUMBERS, MOST_TEXTS, TextSurvey
from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.tables.table_file import ReadingPlan


class ColumnSurvey:
    """Gathers what the cells of a column are.

    It calls polars seldom: each call takes 0.1 ms, and a table can have thousands of columns.

    Args:
        name: The column.
        declared: The kind that the config says, or None where the cells tell.
        keep_places: Whether the profile tells which rows have which text.
        counts_numbers: Whether the rows of each distinct number are counted, of however many.
        day_first: Whether the day comes first in dates; None where the cells tell.

    Attributes:
        name: The column.
        reads_as_numbers: Whether the next block is likely to need no text of this column: it has
            too many distinct texts for categories, and the last block held nothing but numbers.
    """

    def __init__(
        self,
        name: str,
        declared: Kind | None = None,
        *,
        keep_places: bool = False,
        counts_numbers: bool = False,
        day_first: bool | None = None,
    ) -> None:
        self.name = name
        self._declared = declared
        self._keep_places = keep_places
        self._counts_numbers = counts_numbers or is_named_like_an_identifier(name)
        self.reads_as_numbers = False
        self._holds_text = False
        self._faults = ColumnFaults(name)
        self._range = _NumberRange()
        self._distinct = DistinctNumbers()
        self._leading_zero: str | None = None
        self._sign: str | None = None  # not looked for before there are cells
        self._texts = TextSurvey(keep_places=keep_places)
        self._dates = DateSurvey(day_first=day_first)

    def add(self, block: Block) -> ParsedCells:
        """Take the column's cells in a block into account, and return them read as numbers.

        Args:
            block: Some rows of the table, each of which comes once.
        """
        parsed = self._parse(block)
        self._holds_text = self.name in block.text_columns
        self._range.add(parsed.values)
        self._distinct.add(parsed.values, whole=self._range.whole)
        self._faults = self._faults.record(block, parsed)
        if not self._texts_are_known:
            self._add_texts(block, parsed)
        self.reads_as_numbers = self._texts_are_known and not parsed.needed_text
        return parsed

    def result(self) -> ColumnProfile:
        """Return what the blocks so far tell."""
        minimum, maximum = self._range.ends
        return ColumnProfile(
            declared=self._declared,
            faults=self._faults,
            texts=self._texts.texts,
            text_counts=self._texts.counts,
            text_places=self._texts.places(),
            holds_text=self._holds_text,
            dates=self._dates.result(),
            minimum=minimum,
            maximum=maximum,
            whole=self._range.whole and self._range.count > 0,
            distinct_share=self._distinct.share(),
            leading_zero=self._leading_zero,
            sign=self._sign or "",
        )

    def to_count_again(self) -> "ColumnSurvey | None":
        """Return the survey that a second reading needs, or None.

        Numbers are not counted where they are many; but text that stands among them, in a later
        block, may make categories of them.
        """
        is_open = self._declared is None and not self._counts_numbers
        if not (is_open and self._texts.overflowed and self._faults["not_number"].count):
            return None
        return ColumnSurvey(self.name, keep_places=self._keep_places, counts_numbers=True)

    def _parse(self, block: Block) -> ParsedCells:
        """Return the cells as numbers; the first block tells which sign stands beside them."""
        if self._sign is not None:
            return parse_numbers(block, self.name, self._sign)
        parsed, sign = parse_first_numbers(block, self.name)
        has_cells = parsed.texts is None or parsed.texts.count() > 0
        if has_cells:
            self._sign = sign
        return parsed

    @property
    def _texts_are_known(self) -> bool:
        """Whether further texts change nothing: they are too many for categories, and no dates."""
        return self._texts.overflowed and not self._dates.may_be_dates

    def _add_texts(self, block: Block, parsed: ParsedCells) -> None:
        """Count the cells of a block that are not all numbers, as texts and as dates."""
        texts = parsed.texts
        if texts is None:
            texts = block.cells(self.name).cast(pl.String)
        is_categorical = self._declared == "text"
        if is_categorical:
            texts = spell_numbers(texts.str.strip_chars())
        distinct = texts.drop_nulls().unique(maintain_order=True)
        if self._leading_zero is None:
            self._leading_zero = find_leading_zero(distinct)
        is_text = self._holds_text or is_categorical
        is_counted = is_text or self._counts_numbers or self._faults.is_text
        most = MOST_TEXTS if is_counted else MOST_NUMBERS
        self._texts.add(texts, distinct, most)
        numbers = parsed.values
        if len(numbers) and not numbers.null_count():
            self._dates.refuse()  # no date is a number
        self._dates.add(block, texts, distinct)


def finish_surveys(
    surveys: list[ColumnSurvey],
    table: Table,
    needed: list[str],
) -> list[ColumnProfile]:
    """Return what surveys of a table tell, once it is read again for those that need it.

    Args:
        surveys: The surveys, which have read the whole table.
        table: The table.
        needed: The columns whose missing cells leave their rows out.
    """
    whole = []
    to_read = []
    for survey in surveys:
        again = survey.to_count_again()
        if again:
            to_read.append(again)
        whole.append(again or survey)
    if to_read:
        names = [column.name for column in to_read]
        plan = ReadingPlan(columns=frozenset([*names, *needed]))
        for block, _ in kept_rows(table, needed, plan):
            for column in to_read:
                column.add(block)
    return [survey.result() for survey in whole]


class _NumberRange:
    """Gathers the range of numbers, and whether they are whole."""

    def __init__(self) -> None:
        self.count = 0
        self.minimum = np.inf
        self.maximum = -np.inf
        self.whole = True

    @property
    def ends(self) -> tuple[float, float]:
        """The least and the largest number, 0 where there is none."""
        if not self.count:
            return 0.0, 0.0
        return self.minimum, self.maximum

    def add(self, column: pl.Series) -> None:
        """Take the numbers of a block into account, of which missing and wrong ones are null."""
        if column.null_count():
            column = column.drop_nulls()
        numbers = column.to_numpy()
        if not len(numbers):
            return
        self.minimum = min(self.minimum, float(numbers.min()))
        self.maximum = max(self.maximum, float(numbers.max()))
        if self.whole:
            is_whole = numbers == np.rint(numbers)
            self.whole = bool(is_whole.all())
        self.count += len(numbers)
