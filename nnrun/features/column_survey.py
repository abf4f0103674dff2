"""A column surveyed block by block, for its profile."""

import numpy as np
import polars as pl

from nnrun.features.categories import spell_numbers
from nnrun.features.cells import ParsedCells
from nnrun.features.column_profile import ColumnProfile
from nnrun.features.dates import FORMATS, fitting_formats
from nnrun.features.faults import ColumnFaults
from nnrun.features.feature import Kind
from nnrun.features.numbers import parse_numbers
from nnrun.features.text_survey import MOST_NUMBERS, MOST_TEXTS, TextSurvey
from nnrun.tables.block import Block


class ColumnSurvey:
    """Gathers what the cells of a column are.

    It calls polars seldom: each call takes 0.1 ms, and a table can have thousands of columns.

    Args:
        name: The column.
        declared: The kind that the config says, or None where the cells tell.
        keep_places: Whether the profile tells which rows have which text.

    Attributes:
        name: The column.
        reads_as_numbers: Whether the next block is likely to need no text of this column: it has
            too many distinct texts for categories, and the last block held nothing but numbers.
    """

    def __init__(
        self, name: str, declared: Kind | None = None, *, keep_places: bool = False
    ) -> None:
        self.name = name
        self._declared = declared
        self.reads_as_numbers = False
        self._faults = ColumnFaults(name)
        self._range = _NumberRange()
        self._texts = TextSurvey(keep_places=keep_places)
        self._formats = FORMATS

    def add(self, block: Block) -> None:
        """Take the column's cells in a block into account."""
        parsed = parse_numbers(block, self.name)
        self._range.add(parsed.values)
        self._faults = self._faults.record(block, parsed)
        if not self._texts_are_known:
            self._add_texts(block, parsed)
        self.reads_as_numbers = self._texts_are_known and not parsed.needed_text

    def result(self) -> ColumnProfile:
        """Return what the blocks so far tell."""
        return ColumnProfile(
            declared=self._declared,
            faults=self._faults,
            texts=self._texts.texts,
            text_counts=self._texts.counts,
            text_places=self._texts.places(),
            date_formats=self._formats,
            minimum=self._range.minimum if self._range.count else 0.0,
            maximum=self._range.maximum if self._range.count else 0.0,
            whole=self._range.whole and self._range.count > 0,
            counts_rows=self._range.counts_rows,
        )

    @property
    def _texts_are_known(self) -> bool:
        """Whether further texts change nothing: they are too many for categories, and no dates."""
        return self._texts.overflowed and not self._formats

    def _add_texts(self, block: Block, parsed: ParsedCells) -> None:
        texts = parsed.texts
        if texts is None:
            texts = block.cells(self.name).cast(pl.String)
        is_categorical = self._declared == "text"
        if is_categorical:
            texts = spell_numbers(texts.str.strip_chars())
        distinct = texts.drop_nulls().unique(maintain_order=True)
        most = MOST_TEXTS if is_categorical or self._faults.is_text else MOST_NUMBERS
        self._texts.add(texts, distinct, most)
        if len(parsed.values) and not parsed.values.null_count():
            self._formats = ()  # no date is a number
        self._formats = fitting_formats(distinct, self._formats)


class _NumberRange:
    """Gathers the range of numbers, whether they are whole, and whether they count the rows."""

    def __init__(self) -> None:
        self.count = 0
        self.minimum = np.inf
        self.maximum = -np.inf
        self.whole = True
        self.counts_rows = True
        self._rows = 0
        self._first: float | None = None  # the number of the first row

    def add(self, column: pl.Series) -> None:
        """Take the numbers of a block into account, of which missing and wrong ones are null."""
        numbers = column.drop_nulls().to_numpy() if column.null_count() else column.to_numpy()
        self.counts_rows = self.counts_rows and len(numbers) == len(column)
        if len(numbers):
            self.minimum = min(self.minimum, float(numbers.min()))
            self.maximum = max(self.maximum, float(numbers.max()))
            self._look_closer(numbers)
        self.count += len(numbers)
        self._rows += len(column)

    def _look_closer(self, numbers: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> None:
        """Compare all numbers, as long as they may be whole ones, or count the rows."""
        if self.whole:
            self.whole = bool((numbers == np.rint(numbers)).all())
        if self.counts_rows:
            if self._first is None:
                self._first = float(numbers[0])
            expected = self._first + np.arange(self._rows, self._rows + len(numbers))
            self.counts_rows = np.array_equal(numbers, expected)
