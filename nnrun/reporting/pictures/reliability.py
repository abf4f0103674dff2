"""The reliability curve: how often it was true, against the probability that was given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nnrun.reporting.pictures.figure import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnrun.results.reliability import ReliabilityBin

LARGEST_DOT = 120  # square points, of the bin with the most rows
SMALLEST_DOT = 12


def draw_reliability(bins: Sequence[ReliabilityBin], label_in_words: str, axes: Axes) -> None:
    """Draw a dot for each bin, larger where it has more rows; on the dotted line all is true.

    Args:
        bins: The bins that hold rows.
        label_in_words: Whose probability it is, as in `'yes'`.
        axes: Where the curve is drawn.
    """
    rows = np.array([group.rows for group in bins])
    predicted = [group.probability for group in bins]
    true = [group.share for group in bins]
    sizes = np.maximum(SMALLEST_DOT, LARGEST_DOT * rows / rows.max())
    axes.plot([0, 1], [0, 1], ":", color=INK)
    axes.plot(predicted, true, "-", color="C0", linewidth=1)
    axes.scatter(predicted, true, sizes, color="C0", zorder=3)
    axes.set(
        title=f"reliability of {label_in_words}",
        xlabel="probability given",
        ylabel="share that was true",
    )
