"""Metrics as people read them: in a line, or as what `evaluate` prints."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from nnrun.wording import short_number

NAME_WIDTH = 20  # characters of a metric's name in a line of its own
GAP = 2  # spaces between the columns of a confusion matrix, at least
TITLES = {
    "f1": "F1",
    "macro_f1": "macro F1",
    "auc": "AUC",
    "rmse": "RMSE",
    "r2": "R2",
    "mape": "MAPE",
    "brier_score": "Brier score",
}
"""How people write the names of measures that are no words."""


def shown_number(value: object) -> str:
    """Return a metric as people read it, in four digits or more; None is one that is undefined."""
    if value is None:
        return "undefined"
    if isinstance(value, float):
        return short_number(value)
    return str(value)


def metric_title(name: str) -> str:
    """Return the name of a measure as people write it, as in `balanced accuracy` or `RMSE`."""
    return TITLES.get(name, name.replace("_", " "))


def describe_metrics(metrics: Mapping[str, Any]) -> str:
    """Return `loss 0.0123, accuracy 0.987`."""
    return ", ".join(f"{name} {shown_number(value)}" for name, value in metrics.items())


def describe_evaluation(rows: int, metrics: Mapping[str, Any]) -> str:
    """Return a line for each metric, and the confusion matrix as a table.

    Args:
        rows: How many rows were measured.
        metrics: Numbers by their name; for labels also the lists `labels` and `confusion_matrix`.
            What else is no number is left out.
    """
    labels = metrics.get("labels")
    lines = [_line("rows", rows)]
    for name, value in metrics.items():
        if not isinstance(value, list | dict):
            lines.append(_line(name, value))
    if labels:
        lines += confusion_lines(labels, metrics["confusion_matrix"])
    return "\n".join(lines)


def _line(name: str, value: object) -> str:
    return f"{name:{NAME_WIDTH}} {shown_number(value)}"


def confusion_lines(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> list[str]:
    """Return the matrix with a line for each true label and a column for each predicted one."""
    table = [["", *["predicted"] * len(labels)], ["actual", *labels]]
    for label, counts in zip(labels, confusion, strict=True):
        table.append([label, *map(str, counts)])
    width = max(map(len, chain.from_iterable(table))) + GAP
    return [_aligned(cells, width) for cells in table]


def _aligned(cells: Sequence[str], width: int) -> str:
    return "".join(cell.rjust(width) for cell in cells)
