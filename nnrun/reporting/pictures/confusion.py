"""The confusion matrix: how many rows of each label were predicted as which label."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from nnrun.reporting.pictures.figure import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WITH_SHARES = 10  # labels up to which a cell has room for its share of the row
MOST_WITH_COUNTS = 30  # labels up to which there is room for counts and for the labels themselves
LABELS_PER_PANEL = 6  # that a panel of the usual size has room for
LARGEST = 3  # times the usual size of a panel
LETTER = 0.075  # inches of a letter of a label's font
RIGHT = (0.0, 0.447, 0.698)  # blue: rows that are called rightly
WRONG = (0.835, 0.369, 0.0)  # orange: rows that are not
OPACITY = 0.65  # of the fullest cell, on which text can still be read
NOTHING = 0.35  # opacity of the count 0

Shares = npt.NDArray[np.float64]


def draw_confusion(labels: list[str], confusion: npt.NDArray[np.int64], axes: Axes) -> None:
    """Draw the matrix, whose rows are the true labels and whose columns the predicted ones.

    Args:
        labels: The labels, already short.
        confusion: Counts of rows, of shape (labels, labels).
        axes: Its whole figure grows with the number of labels.
    """
    rows_of_labels = confusion.sum(axis=1, keepdims=True)
    shares = confusion / np.maximum(1, rows_of_labels)  # a label may have no row
    _enlarge(len(labels), axes)
    axes.imshow(cell_colors(shares))
    axes.set(
        title="confusion matrix",
        xlabel="predicted",
        ylabel="actual",
        xticks=[],
        yticks=[],
    )
    _draw_grid(len(labels), axes)
    if len(labels) <= MOST_WITH_COUNTS:
        _name_labels(labels, axes)
        _write_counts(confusion, shares, axes)


def cell_colors(shares: Shares) -> Shares:
    """Return the colour of each cell, shape (labels, labels, 4): red, green, blue and opacity.

    The mistakes of each row have a scale of their own, up to the most frequent of them, so that a
    few are seen beside many rows that are right.

    Args:
        shares: Each count as a share of its row.
    """
    is_right = np.eye(len(shares), dtype=bool)
    mistakes = np.where(is_right, 0, shares)
    largest = mistakes.max(axis=1, keepdims=True)
    divisor = np.where(largest > 0, largest, 1)
    scaled = np.where(is_right, shares, shares / divisor)
    opacity = OPACITY * scaled
    colors = np.where(is_right[:, :, None], RIGHT, WRONG)
    return np.concatenate([colors, opacity[:, :, None]], axis=2)


def _draw_grid(labels: int, axes: Axes) -> None:
    """Draw lines between the cells, which say where a cell is whose row is far from its label."""
    axes.grid(visible=False)
    if labels > MOST_WITH_COUNTS:
        return
    edges = np.arange(labels + 1) - 0.5
    first = edges[0]
    last = edges[-1]
    for draw_lines in (axes.hlines, axes.vlines):
        draw_lines(
            edges,
            first,
            last,
            color=INK,
            linewidth=0.4,
            alpha=0.3,
        )


def _enlarge(labels: int, axes: Axes) -> None:
    """Let the figure grow with the number of labels, up to LARGEST times its size."""
    figure = cast("Figure", axes.figure)
    width, height = figure.get_size_inches()
    factor = min(LARGEST, max(1, labels / LABELS_PER_PANEL))
    figure.set_size_inches(width * factor, height * factor)


def _name_labels(labels: list[str], axes: Axes) -> None:
    """Write the labels beside rows and columns, turned where they are long."""
    places = range(len(labels))
    axes.set_xticks(places, labels)
    axes.set_yticks(places, labels)
    axes.tick_params(length=0, labelsize=8)
    if not _fit_upright(labels, axes):
        axes.tick_params("x", rotation=45)


def _fit_upright(labels: list[str], axes: Axes) -> bool:
    """Return whether every label fits below its column, which is as wide as it is high."""
    figure = cast("Figure", axes.figure)
    _, height_of_all = figure.get_size_inches()
    height = height_of_all / _panel_rows(axes)
    height_of_cells = 0.7 * height  # titles and labels take the rest
    width_of_column = height_of_cells / len(labels)
    longest = max(map(len, labels))
    return bool(longest * LETTER <= width_of_column)


def _panel_rows(axes: Axes) -> int:
    place = axes.get_subplotspec()
    if place is None:
        return 1
    grid = place.get_gridspec()
    return grid.nrows


def _write_counts(confusion: npt.NDArray[np.int64], shares: Shares, axes: Axes) -> None:
    """Write into each cell its count and, where there is room, its share of the row."""
    for (row, column), count in np.ndenumerate(confusion):
        text = f"{count:,}"
        if count and len(confusion) <= MOST_WITH_SHARES:
            share = float(shares[row, column])
            text += f"\n{_shown_share(share)}"
        alpha = 1 if count else NOTHING
        axes.text(
            column,
            row,
            text,
            ha="center",
            va="center",
            fontsize=8,
            alpha=alpha,
        )


def _shown_share(share: float) -> str:
    """Return a share in whole per cents; neither some rows as none nor most of them as all."""
    if 0 < share < 0.01:
        return "<1%"
    if 0.99 < share < 1:
        return ">99%"
    return f"{share:.0%}"
