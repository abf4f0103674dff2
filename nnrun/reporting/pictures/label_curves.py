"""Curves of labels over all thresholds: ROC, or precision-recall where ROC says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from nnrun.reporting.pictures.figure import INK
from nnrun.results.ranked_scores import RankedScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = 10  # of style.mplstyle, after which they come again, dashed
RARE = 0.4
"""The share of a label, of that which it had were all equally frequent, below which it is rare.

Of rows of which 1 % has the label, a network that calls twice as many is at 1 % false positives: a
ROC curve near the corner, and a precision of a half.
"""
PERFECT = 0.9995  # AUC that is 1.000 in three digits

Scores = Mapping[int, RankedScores]


def needs_precision_recall(scores: Scores, labels: int) -> bool:
    """Return whether precision and recall tell more than a ROC curve.

    That is so where a label is rare, and where half of the curves or more are one corner.

    Args:
        scores: The scores of labels by number: of two labels, of the second one alone.
        labels: How many labels there are.
    """
    is_any_rare = _rarest_share(scores) < RARE / labels
    return is_any_rare or _are_corners(scores)


def draw_label_curves(labels: list[str], scores: Scores, axes: Axes) -> None:
    """Draw a curve for each label that has scores.

    Args:
        labels: All labels, already short.
        scores: The scores of a label by its number: of two, of the second one alone.
        axes: Where the curves are drawn.
    """
    if needs_precision_recall(scores, len(labels)):
        _draw_precision_recall(labels, _with_the_rarer(scores), axes)
    else:
        _draw_roc(labels, scores, axes)


def _draw_roc(labels: list[str], scores: Scores, axes: Axes) -> None:
    """Draw how many rows with a label, and without it, are called it, over all thresholds."""
    for number, (label, of_label) in enumerate(scores.items()):
        name = labels[label]
        area = _shown_area(of_label.auc())
        x, y = of_label.roc()
        axes.plot(
            x,
            y,
            _linestyle(number),
            color=f"C{number}",
            label=f"{name!r}: AUC {area}",
        )
    axes.plot([0, 1], [0, 1], ":", color=INK)
    title = "ROC"
    if len(scores) > 1:
        title += ", each label against the others"
    axes.set(
        title=title,
        xlabel="rate of false positives",
        ylabel="rate of true positives",
    )


def _draw_precision_recall(labels: list[str], scores: Scores, axes: Axes) -> None:
    """Draw precision against recall, and the share of a label alone, which guessing gives."""
    for number, (label, of_label) in enumerate(scores.items()):
        name = labels[label]
        area = _shown_area(of_label.average_precision())
        precision, recall = of_label.precision_recall()
        axes.plot(
            recall,
            precision,
            _linestyle(number),
            color=f"C{number}",
            label=f"{name!r}: average precision {area}",
        )
    if len(scores) == 1:
        (of_label,) = scores.values()
        axes.axhline(_share(of_label), linestyle=":", color=INK)
    title = "precision and recall"
    if len(scores) > 1:
        title += "\neach label against the others"
    axes.set(
        title=title,
        xlabel="recall",
        ylabel="precision",
        ylim=(-0.02, 1.02),
    )


def _linestyle(number: int) -> str:
    if number < COLORS:
        return "-"
    return "--"


def _rarest_share(scores: Scores) -> float:
    """Return the share of the rarest label that rows have; of two labels both count."""
    shares = list(map(_share, scores.values()))
    if len(scores) == 1:
        shares.append(1 - shares[0])
    return min(filter(None, shares), default=1.0)  # no row may have a label


def _are_corners(scores: Scores) -> bool:
    """Return whether half of the ROC curves or more are one corner."""
    corners = 0
    for of_label in scores.values():
        area = of_label.auc()
        if area is not None and area >= PERFECT:
            corners += 1
    return corners >= len(scores) / 2


def _with_the_rarer(scores: Scores) -> Scores:
    """Return the scores, of two labels those of the rarer one."""
    if len(scores) > 1:
        return scores
    ((label, of_label),) = scores.items()
    if _share(of_label) <= 0.5 or not of_label.negatives:
        return scores
    return {1 - label: reversed_scores(of_label)}


def reversed_scores(scores: RankedScores) -> RankedScores:
    """Return the scores of the other of two labels.

    Args:
        scores: The scores of one label, of two in all.
    """
    positives = np.diff(scores.true_positives, prepend=0)
    negatives = np.diff(scores.false_positives, prepend=0)
    return RankedScores(
        1 - scores.thresholds[::-1],
        negatives[::-1].cumsum(),
        positives[::-1].cumsum(),
        scores.is_exact,
    )


def _share(scores: RankedScores) -> float:
    """Return the share of the rows that have the label; 0 of no rows."""
    rows = scores.positives + scores.negatives
    return scores.positives / max(1, rows)


def _shown_area(area: float | None) -> str:
    """Return an area in three digits; one that is nearly 1 is not all."""
    if area is None:
        return "undefined"
    if PERFECT <= area < 1:
        return ">0.999"
    return f"{area:.3f}"
