"""What the network goes by: the importance of columns, and its answers along the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nnrun.reporting.dependence import dependence_of
from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.pictures.dependence import draw_dependence
from nnrun.reporting.pictures.inline_svg import InlineSvg, inline_svg
from nnrun.results.correlation import STRONG, correlated_columns, correlated_groups
from nnrun.results.importance import (
    REPEATS,
    ColumnImportance,
    mean_log_loss,
    permutation_importance,
    root_mean_squared_error,
)
from nnrun.wording import listed

if TYPE_CHECKING:
    from nnrun.reporting.held_out import HeldOutRows

MOST_NAMES = 12  # of a group of correlated columns
MOST_BARS = 30  # columns whose importance is shown
MOST_PICTURES = 6  # columns along which the network's answers are drawn
MOST_COLUMNS = 1_000  # of which pairs are compared: half a million pairs take a second
MOST_CELLS = 400_000_000
"""Cells that the network is shown for importance, which takes some seconds."""
LEAST_ROWS = 200


@dataclass(frozen=True)
class ImportanceBar:
    """A column's importance as text, and its share of the largest, from 0 to 1."""

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


def importance_section(held_out: HeldOutRows) -> ImportanceSection:
    """Measure the importance of each column on the rows held out."""
    trained = held_out.trained
    columns = trained.encoder.column_inputs
    rows = _drawn_rows(held_out, len(columns))
    x = held_out.rows.x[rows]
    is_labels = bool(trained.encoder.labels)
    found = permutation_importance(
        trained.forward,
        x,
        held_out.rows.y[rows],
        columns,
        mean_log_loss if is_labels else root_mean_squared_error,
        seed=trained.config.seed,
    )
    pairs = correlated_columns(x, columns) if len(columns) <= MOST_COLUMNS else ()
    important = [each.column for each in found if each.mean > 0][:MOST_PICTURES]
    return ImportanceSection(
        loss="log loss" if is_labels else "RMSE",
        rows=len(x),
        repeats=REPEATS,
        bars=_bars(found),
        columns=len(found),
        correlated=[listed(group, MOST_NAMES) for group in correlated_groups(pairs)],
        strong=STRONG,
        pictures=[_picture(held_out, column) for column in important],
    )


def _drawn_rows(held_out: HeldOutRows, columns: int) -> slice | np.ndarray:
    """Return all rows, or of a wide table the numbers of as many as take some seconds."""
    given, inputs = held_out.rows.x.shape
    most = max(LEAST_ROWS, MOST_CELLS // (columns * REPEATS * inputs))
    if given <= most:
        return slice(None)
    generator = np.random.default_rng(held_out.trained.config.seed)
    return np.sort(generator.choice(given, most, replace=False))


def _bars(found: Sequence[ColumnImportance]) -> list[ImportanceBar]:
    largest = max((each.mean for each in found), default=0.0)
    bars = []
    for each in found[:MOST_BARS]:
        share = max(0.0, each.mean / largest) if largest > 0 else 0.0
        bars.append(
            ImportanceBar(each.column, shown_number(each.mean), shown_number(each.deviation), share)
        )
    return bars


def _picture(held_out: HeldOutRows, column: str) -> InlineSvg:
    return inline_svg(partial(draw_dependence, dependence_of(held_out, column)))
