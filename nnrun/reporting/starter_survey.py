"""One reading of a table for `nnrun init`: what its columns hold in the rows that train."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from nnrun.config.schema import Data
from nnrun.features.cells import ParsedCells
from nnrun.features.column_profile import ColumnProfile
from nnrun.features.column_survey import ColumnSurvey
from nnrun.features.faults import NUMBER_RULES
from nnrun.features.null_texts import count_null_texts, count_texts
from nnrun.features.statistics import Moments
from nnrun.reporting.starter_dates import DayOrderGuess
from nnrun.reporting.starter_leakage import Leakage, LeakageSurvey
from nnrun.tables.block import Block, NullValues
from nnrun.tables.table import Table

NULL_VALUES = tuple(Data(train="table.csv", target=["target"]).null_values)
MOST_WRONG_CELLS = 50
"""A column with more distinct cells that are not numbers is not taken for numbers with marks."""


@dataclass(frozen=True)
class Reading:
    """How the cells of a table are read.

    Attributes:
        null_values: The texts that stand for a missing cell.
        categorical: The columns that are categories, numbers among them.
        day_order: Which of day and month comes first in dates, where the cells do not tell it.
    """

    null_values: tuple[str, ...] = NULL_VALUES
    categorical: frozenset[str] = frozenset()
    day_order: DayOrderGuess | None = None


@dataclass(frozen=True)
class SurveyedColumn:
    """What one reading tells of a column, beyond its profile.

    Attributes:
        profile: What `check` and `train` will know of the column.
        spread: The standard deviation of its numbers.
        wrong_cells: The rows of each distinct cell that is not a good number, at most
            MOST_WRONG_CELLS + 1 of them.
        null_texts: The rows of each text that stands for a missing cell.
        leakage: Whether the column is the target itself, or tells it exactly.
    """

    profile: ColumnProfile
    spread: float
    wrong_cells: Mapping[str, int]
    null_texts: Mapping[str, int]
    leakage: Leakage | None

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.profile.name


@dataclass(frozen=True)
class TableSurvey:
    """What one reading tells of a table.

    Attributes:
        name: The table, as messages call it.
        rows: How many rows have a target.
        left_out: How many rows have none, and do not train.
        target: The target in the rows that have one.
        label_counts: The rows of each text in the target.
        columns: The other columns, in the rows that have a target.
    """

    name: str
    rows: int
    left_out: int
    target: SurveyedColumn
    label_counts: Mapping[str, int]
    columns: list[SurveyedColumn]


def survey_table(table: Table, target: str, reading: Reading) -> TableSurvey:
    """Read a table once.

    Args:
        table: The table, opened with any null values.
        target: The column to predict. Rows in which it is missing tell nothing of the others.
        reading: How its cells are read.

    Returns:
        What its columns hold, and its target.

    Raises:
        TableError: The table cannot be read.
    """
    columns = {name: _Survey(name, reading) for name in table.columns}
    label_counts: Counter[str] = Counter()
    left_out = 0
    null_values = NullValues.of(reading.null_values)
    for block in table.blocks():
        whole = replace(block, null_values=null_values)
        with_target = whole.without_missing([target])
        left_out += len(whole.frame) - len(with_target.frame)
        labels = with_target.texts(target)
        label_counts.update(labels.to_list())
        cells = {name: survey.add(with_target) for name, survey in columns.items()}
        for name, survey in columns.items():
            survey.compare(cells[name], cells[target])
    surveyed = {name: survey.result() for name, survey in columns.items()}
    return TableSurvey(
        name=table.name,
        rows=label_counts.total(),
        left_out=left_out,
        target=surveyed.pop(target),
        label_counts=label_counts,
        columns=list(surveyed.values()),
    )


class _Survey:
    """Gathers what the cells of a column are, block by block."""

    def __init__(self, name: str, reading: Reading) -> None:
        self._name = name
        self._column = ColumnSurvey(
            name,
            "text" if name in reading.categorical else None,
            counts_numbers=True,
            day_first=reading.day_order.day_first if reading.day_order else None,
        )
        self._moments = Moments(1)
        self._wrong_cells: Counter[str] = Counter()
        self._null_texts: Counter[str] = Counter()
        self._leakage = LeakageSurvey()

    def add(self, block: Block) -> ParsedCells:
        """Take a block into account, in which every row has a target, and return the cells."""
        parsed = self._column.add(block)
        values = parsed.values.to_numpy()
        self._moments.add(values.reshape(-1, 1))
        self._null_texts += count_null_texts(block, self._name)
        self._look_at_wrong_cells(parsed)
        return parsed

    def compare(self, cells: ParsedCells, target: ParsedCells) -> None:
        """Look whether the cells of a block, as `add` returned them, tell the target."""
        self._leakage.add(cells, target)

    def result(self) -> SurveyedColumn:
        """Return what the blocks so far tell."""
        moments = self._moments.describe(0)
        return SurveyedColumn(
            profile=self._column.result(),
            spread=moments.variance**0.5,
            wrong_cells=dict(self._wrong_cells),
            null_texts=dict(self._null_texts),
            leakage=self._leakage.result(),
        )

    def _look_at_wrong_cells(self, parsed: ParsedCells) -> None:
        """Count the cells that are no good numbers, as long as they are few."""
        if parsed.texts is None or len(self._wrong_cells) > MOST_WRONG_CELLS:
            return
        masks = [parsed.faulty[kind] for kind in NUMBER_RULES]
        is_wrong = pl.any_horizontal(*masks).fill_null(value=False)
        mask = pl.select(is_wrong).to_series()
        wrong_texts = parsed.texts.filter(mask)
        self._wrong_cells += count_texts(wrong_texts, MOST_WRONG_CELLS + 1)
