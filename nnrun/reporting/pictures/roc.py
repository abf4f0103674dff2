"""ROC curves: the rate of true positives against that of false ones, for every threshold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nnrun.reporting.pictures.figure import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nnrun.results.ranked_scores import RankedScores

COLORS = 6  # of style.mplstyle, after which they come again, dashed


def draw_roc(labels: list[str], scores: Mapping[int, RankedScores], axes: Axes) -> None:
    """Draw a curve for each label that has scores.

    Args:
        labels: All labels, already short.
        scores: The scores of a label by its number.
        axes: Where the curves are drawn.
    """
    for i, (label, of_label) in enumerate(scores.items()):
        linestyle = "-" if i < COLORS else "--"
        text = f"{labels[label]!r}: AUC {_shown_area(of_label)}"
        axes.plot(*of_label.roc(), linestyle, color=f"C{i}", label=text)
    axes.plot([0, 1], [0, 1], ":", color=INK)
    title = "ROC" if len(scores) == 1 else "ROC, each label against the others"
    axes.set(title=title, xlabel="rate of false positives", ylabel="rate of true positives")


def _shown_area(scores: RankedScores) -> str:
    area = scores.auc()
    return "undefined" if area is None else f"{area:.3f}"
