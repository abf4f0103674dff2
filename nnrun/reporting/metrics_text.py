"""Metrics and confusion matrices as people read them on a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nnrun.reporting.aligned_table import right_aligned
from nnrun.reporting.confused_labels import confused_pairs
from nnrun.wording import counted, short_number

if TYPE_CHECKING:
    from nnrun.results.assessment import Assessment

WIDTH = 80  # characters of a line of a terminal, at least
MOST_PAIRS = 10  # of labels that are taken for each other
TITLES = {
    "f1": "F1",
    "macro_f1": "macro F1",
    "auc": "AUC",
    "rmse": "RMSE",
    "r2": "R2",
    "mape": "MAPE",
    "brier_score": "Brier score",
}
"""How people write the names of measures that are not words."""


def shown_number(value: object) -> str:
    """Return a metric as people read it, in four digits or more.

    Args:
        value: A number, or a text that stands in its place; None for a metric that is undefined.
    """
    if value is None:
        return "undefined"
    if isinstance(value, float):
        return short_number(value)
    return str(value)


def shown_if_any(metrics: Mapping[str, float], name: str) -> str:
    """Return a metric as `shown_number` does, or "" where it is not measured.

    Args:
        metrics: The metrics by name.
        name: The name of the metric.
    """
    if name not in metrics:
        return ""
    return shown_number(metrics[name])


def shown_interval(assessment: Assessment, name: str) -> str:
    """Return the ends of a metric's confidence interval, or "" where it has none.

    Args:
        assessment: The measures of a network, with their intervals.
        name: The name of the metric.
    """
    ends = assessment.interval.get(name)
    if ends is None:
        return ""
    low = shown_number(ends.low)
    high = shown_number(ends.high)
    return f"{low} to {high}"


def metric_title(name: str) -> str:
    """Return the name of a measure as people write it, as in `balanced accuracy` or `RMSE`.

    Args:
        name: The name as `evaluate --json` has it.
    """
    return TITLES.get(name, name.replace("_", " "))


def describe_metrics(metrics: Mapping[str, Any]) -> str:
    """Return `loss 0.0123, accuracy 0.987`.

    Args:
        metrics: The metrics by name; None for one that is undefined.
    """
    texts = []
    for name, value in metrics.items():
        shown = shown_number(value)
        texts.append(f"{name} {shown}")
    return ", ".join(texts)


def confusion_lines(
    labels: Sequence[str], confusion: Sequence[Sequence[int]], width: int = WIDTH
) -> list[str]:
    """Return the confusion matrix as a table, or where it is too wide its worst confusions.

    Args:
        labels: The labels in the order of the matrix.
        confusion: Counts of rows, a row for each true label, a column for each predicted one.
        width: How many characters a line may have.
    """
    table = [["", *labels]]
    for label, counts in zip(labels, confusion, strict=True):
        table.append([label, *map(str, counts)])
    lines = right_aligned(table)
    if len(lines[0]) > width:
        return _worst_confusions(labels, confusion)
    head = "confusion matrix: a line for each actual label, a column for each predicted one"
    return [head, *lines]


def _worst_confusions(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[str]:
    """Return a line for each of the pairs of labels that are confused most."""
    pairs = confused_pairs(labels, confusion)
    if not pairs:
        return ["no label is taken for another"]
    lines = ["labels taken for each other most often (--json lists the whole matrix)"]
    for pair in pairs[:MOST_PAIRS]:
        names = f"{pair.actual!r} as {pair.called!r}"
        rows = counted(pair.rows, "row")
        lines.append(f"  {names}: {rows}, {pair.share:.1%} of the label")
    left_out = len(pairs) - MOST_PAIRS
    if left_out > 0:
        counted_others = counted(left_out, "pair")
        lines.append(f"  and {counted_others} more")
    return lines


def wrapped(text: str, width: int | None) -> str:
    """Return lines that are broken between words, so that no number is broken by a terminal.

    Args:
        text: One line or several.
        width: How many characters a line may have; None breaks none.
    """
    if width is None:
        return text
    lines: list[str] = []
    for line in text.split("\n"):
        parts = textwrap.wrap(
            line,
            width,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
            drop_whitespace=True,
            replace_whitespace=False,
        )
        lines += parts or [""]
    return "\n".join(lines)
