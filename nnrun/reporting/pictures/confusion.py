"""The confusion matrix: how many rows of each label were predicted as which label."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_WITH_SHARES = 10  # labels up to which a cell has room for its share of the row
MOST_WITH_COUNTS = 30  # labels up to which there is room for counts and for the labels themselves
LABELS_PER_PANEL = 6  # that a panel of the usual size has room for
LARGEST = 3  # times the usual size of a panel
WIDEST_UPRIGHT = 3  # characters of a label below its column; longer ones are turned
OPACITY = 0.65  # of the fullest cell, on which text can still be read


def draw_confusion(labels: list[str], confusion: npt.NDArray[np.int64], axes: Axes) -> None:
    """Draw the matrix, whose rows are the true labels and whose columns the predicted ones.

    Args:
        labels: The labels, already short.
        confusion: Counts of rows, of shape (labels, labels).
        axes: Its whole figure grows with the number of labels.
    """
    shares = confusion / np.maximum(1, confusion.sum(axis=1, keepdims=True))
    _enlarge(len(labels), axes)
    blue = np.full_like(shares, 0.75)
    axes.imshow(blue, cmap="Blues", vmin=0, vmax=1, alpha=OPACITY * shares)
    axes.grid(visible=False)
    axes.set(title="confusion matrix", xlabel="predicted", ylabel="actual", xticks=[], yticks=[])
    if len(labels) <= MOST_WITH_COUNTS:
        _name_labels(labels, axes)
        _write_counts(confusion, shares, axes)


def _enlarge(labels: int, axes: Axes) -> None:
    figure = cast("Figure", axes.figure)
    width, height = figure.get_size_inches()
    factor = min(LARGEST, max(1, labels / LABELS_PER_PANEL))
    figure.set_size_inches(width * factor, height * factor)


def _name_labels(labels: list[str], axes: Axes) -> None:
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(labelsize=8)
    if max(map(len, labels)) > WIDEST_UPRIGHT:
        axes.tick_params("x", rotation=45)


def _write_counts(
    confusion: npt.NDArray[np.int64], shares: npt.NDArray[np.float64], axes: Axes
) -> None:
    """Write into each cell its count and, where there is room, its share of the row."""
    for (row, column), count in np.ndenumerate(confusion):
        text = f"{count:,}"
        if count and len(confusion) <= MOST_WITH_SHARES:
            text += f"\n{shares[row, column]:.0%}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8)
