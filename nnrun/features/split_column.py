"""The column by which a training table is split: its cells, and those that no split can use."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from nnrun.config.schema import Data
from nnrun.config.split import Split
from nnrun.features.column_profile import ColumnProfile
from nnrun.features.column_survey import ColumnSurvey
from nnrun.features.dates import read_dates
from nnrun.features.faults import NO_FAULT, cell_message
from nnrun.features.kept_rows import RowNumbers
from nnrun.tables.block import Block

NO_TEXTS = pl.Series([], dtype=pl.String)

PARTS_NAMED = ("train", "validation", "test")
"""What the cells of `split: {column: COLUMN}` say, in letters of any case."""

NOT_PLACED = "the cell is missing, and the split cannot assign the row; fill it in"
IN_ORDER = (
    "; the rows are put in order by dates or by numbers: name another column, or hold whole groups "
    "out by {group: COLUMN}"
)
NO_PART = (
    f"is none of {', '.join(PARTS_NAMED[:-1])} and {PARTS_NAMED[-1]}; write one of them, or hold "
    "whole groups out by {group: COLUMN}"
)


@dataclass(frozen=True)
class SplitColumn:
    """What one reading of a table tells of the column that splits it.

    Attributes:
        split: How the column splits.
        cells: For each row the text of its group, its time as Datetime or Float64, or its part.
        problems: A line for each kind of cell by which no row can be placed.
        formats: The formats of its dates.
    """

    split: Split
    cells: pl.Series
    problems: list[str]
    formats: tuple[str, ...] = ()

    def group_of_row(self) -> RowNumbers:
        """Return the number of each row's group or time among all of them in order, from 0 on."""
        ranks = self.cells.rank("dense")  # from 1 on
        groups: RowNumbers = ranks.to_numpy().astype(np.intp) - 1
        return groups


class SplitSurvey:
    """Gathers the cells of the column that splits a table, block by block.

    Args:
        split: How the column splits.
        data: Says how its dates are written.
    """

    def __init__(self, split: Split, data: Data) -> None:
        self._split = split
        self._texts: list[pl.Series] = []
        self._numbers: list[pl.Series] = []
        self._missing = NO_FAULT
        self._no_part = NO_FAULT
        self._times = ColumnSurvey(split.name, day_first=data.day_first)

    def add(self, block: Block) -> None:
        """Take the column's cells in a block into account.

        Args:
            block: Some rows of the table, each of which comes once.
        """
        texts = block.texts(self._split.name)
        self._missing = self._missing.with_cells(block, texts.is_null(), texts)
        if self._split.kind == "time":
            parsed = self._times.add(block)
            self._numbers.append(parsed.values)
        if self._split.kind == "column":
            parts = texts.str.to_lowercase()
            is_no_part = ~parts.is_in(PARTS_NAMED)
            self._no_part = self._no_part.with_cells(block, is_no_part, texts)
            texts = parts
        self._texts.append(texts)

    def result(self, table: str) -> SplitColumn:
        """Return what the blocks so far tell.

        Args:
            table: The table, as messages call it.
        """
        texts = pl.concat([NO_TEXTS, *self._texts])
        problems = []
        name = self._split.name
        if self._missing.count:
            problems.append(cell_message(name, self._missing, NOT_PLACED))
        if self._no_part.count:
            problems.append(cell_message(name, self._no_part, NO_PART, hinted=False))
        if self._split.kind != "time":
            return SplitColumn(self._split, texts, problems)
        times = self._times.result()
        problems += _time_problems(times, table)
        if problems:
            return SplitColumn(self._split, texts, problems)
        if not times.dates:
            numbers = pl.concat(self._numbers)
            return SplitColumn(self._split, numbers, problems)
        formats = times.dates[0].formats
        dates = read_dates(texts, formats).dates
        return SplitColumn(self._split, dates, problems, formats)


def _time_problems(column: ColumnProfile, table: str) -> Iterator[str]:
    """Yield a line for each reason why cells that are not missing are not times in order."""
    place = f"{table}: column {column.name!r}"
    if not column.dates:
        yield from column.faults.number_messages({}, IN_ORDER)
        return
    if len(column.dates) > 1:
        problem = f"holds dates in which day or month may come first ({column.examples})"
        remedy = "set `day_first: true` or `day_first: false` under data"
        yield f"{place} {problem}; {remedy}"
        return
    dates = column.dates[0]
    if dates.order == "time":
        yield f"{place} holds times of a day without dates; rows are in order by both"
    elif dates.others.count:
        rule = f"is not a date, unlike most cells ({dates.example!r})"
        yield cell_message(column.name, dates.others, rule)
