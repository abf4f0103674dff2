"""Partial dependence: what the network answers on average, for each value of a column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnrun.results.array_types import Floats

TITLE_LENGTH = 30
MOST_UPRIGHT = 4  # values whose names fit below each other's side without being turned


@dataclass(frozen=True)
class Dependence:
    """The mean answer for values of a column.

    Attributes:
        column: The column, already short.
        values: The values that are numbers, shape (points,), or their names, already short.
        answers: The mean answer for each value, shape (points, lines).
        lines: What each line is; one alone needs no name.
        answer: What is drawn, as in `probability of 'yes'`.
    """

    column: str
    values: Floats | Sequence[str]
    answers: Floats
    lines: Sequence[str]
    answer: str


def draw_dependence(dependence: Dependence, axes: Axes) -> None:
    """Draw a line for each answer; categories are points without lines between them.

    Args:
        dependence: What is drawn.
        axes: Matplotlib's axes to draw it on.
    """
    values = dependence.values
    is_number = isinstance(values, np.ndarray)
    x = values if is_number else np.arange(len(values))
    style = "-" if is_number else "o"
    are_several = len(dependence.lines) > 1
    for number, name in enumerate(dependence.lines):
        axes.plot(
            x,
            dependence.answers[:, number],
            style,
            color=f"C{number}",
            label=name if are_several else None,
        )
    if not is_number:
        _name_values(list(values), axes)
    axes.set(title=dependence.column, ylabel=dependence.answer)


def _name_values(names: list[str], axes: Axes) -> None:
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.5, len(names) - 0.5)
    if len(names) > MOST_UPRIGHT:
        axes.tick_params("x", rotation=90, labelsize=7)
