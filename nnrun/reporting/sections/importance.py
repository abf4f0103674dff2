"""What the network goes by: the importance of columns, and its answers along the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from nnrun.reporting.dependence import dependence_of
from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.pictures.dependence import draw_dependence
from nnrun.reporting.pictures.inline_svg import InlineSvg, inline_svg
from nnrun.results.correlation import STRONG
from nnrun.results.importance import MOST_ROWS, REPEATS, ColumnImportance
from nnrun.results.run_importance import importance_of_blocks
from nnrun.wording import listed

if TYPE_CHECKING:
    from nnrun.reporting.measured_rows import MeasuredRows

MOST_NAMES = 12  # of a group of correlated columns
MOST_BARS = 30  # columns whose importance is shown
MOST_PICTURES = 6  # columns along which the network's answers are drawn
MOST_CELLS = 400_000_000
"""Cells that the network is shown for importance, which takes some seconds."""
LEAST_ROWS = 200


@dataclass(frozen=True)
class ImportanceBar:
    """The importance of a column, and the length of its bar.

    Attributes:
        column: The name of the column.
        mean: By how much the loss grows in the mean when it is shuffled, as text.
        deviation: The standard deviation of this over the shufflings, as text.
        share: The mean as a share of the largest one, from 0 to 1.
    """

    column: str
    mean: str
    deviation: str
    share: float


@dataclass(frozen=True)
class ImportanceSection:
    """The section on what the network goes by.

    Attributes:
        loss: Which loss grows.
        rows: How many rows it was measured on.
        repeats: How often each column was shuffled.
        bars: The most important columns.
        columns: How many columns there are.
        correlated: The names of each group of correlated columns.
        strong: The correlation from which on a pair is told.
        pictures: The network's answers along the most important columns.
    """

    loss: str
    rows: int
    repeats: int
    bars: Sequence[ImportanceBar]
    columns: int
    correlated: Sequence[str]
    strong: float
    pictures: Sequence[InlineSvg]


def importance_section(held_out: MeasuredRows) -> ImportanceSection:
    """Measure the importance of each column on the rows held out, as `nnrun importance` does.

    Args:
        held_out: The rows, and the run that held them out.

    Returns:
        The most important columns, with pictures of those that matter most.
    """
    from nnrun.results.simpler_models import weighted_blocks

    importance = importance_of_blocks(
        held_out.trained,
        weighted_blocks(held_out.rows),
        most_rows=_most_rows(held_out),
    )
    important = [each.column for each in importance.columns if each.mean > 0]
    pictures = []
    for column in important[:MOST_PICTURES]:
        pictures.append(_picture(held_out, column))
    return ImportanceSection(
        loss=importance.loss,
        rows=importance.rows,
        repeats=importance.repeats,
        bars=_bars(importance.columns),
        columns=len(importance.columns),
        correlated=[listed(group, MOST_NAMES) for group in importance.correlated],
        strong=STRONG,
        pictures=pictures,
    )


def _most_rows(held_out: MeasuredRows) -> int:
    """Return how many rows are shuffled: of a wide table as many as take some seconds."""
    columns = len(held_out.trained.encoder.column_inputs)
    inputs = held_out.rows.x.shape[1]
    cells_of_row = columns * REPEATS * inputs
    affordable = max(LEAST_ROWS, MOST_CELLS // cells_of_row)
    return min(MOST_ROWS, affordable)


def _bars(columns: Sequence[ColumnImportance]) -> list[ImportanceBar]:
    """Return a bar for each of the most important columns."""
    largest = max((each.mean for each in columns), default=0.0)
    bars = []
    for each in columns[:MOST_BARS]:
        share = 0.0
        if largest > 0:
            share = max(0.0, each.mean / largest)
        bar = ImportanceBar(
            column=each.column,
            mean=shown_number(each.mean),
            deviation=shown_number(each.deviation),
            share=share,
        )
        bars.append(bar)
    return bars


def _picture(held_out: MeasuredRows, column: str) -> InlineSvg:
    dependence = dependence_of(held_out, column)
    return inline_svg(partial(draw_dependence, dependence))
