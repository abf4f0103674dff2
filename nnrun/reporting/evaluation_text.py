"""What `evaluate` prints: measures beside those of simpler models, and tables of labels."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from nnrun.reporting.aligned_table import left_aligned, right_aligned
from nnrun.reporting.metrics_text import (
    confusion_lines,
    shown_if_any,
    shown_interval,
    shown_number,
)
from nnrun.results.assessment import Assessment
from nnrun.results.evaluated_rows import EvaluatedRows
from nnrun.results.thresholds import ThresholdRow
from nnrun.wording import printable

MOST_LABELS = 30  # that have a line each; --json has all
SCORE_COLUMNS = ("rows", "predicted", "precision", "recall", "f1", "auc", "average_precision")
THRESHOLD_COLUMNS = ("threshold", "precision", "recall", "f1", "balanced_accuracy")

Cells = list[str]


def describe_rows(part: str, evaluated: EvaluatedRows) -> str:
    """Return the measures of rows, and the verdict on them.

    Args:
        part: The part of the rows, `validation` or `test`, or "" for those of another table.
        evaluated: The rows.
    """
    lines = []
    if part:
        lines.append(f"part  {part}")
    lines += _lines(evaluated)
    for name, of_target in evaluated.targets.items():
        lines += ["", f"target  {name}"]
        lines += _lines(of_target)
    return "\n".join(map(printable, lines))


def _lines(evaluated: EvaluatedRows) -> list[str]:
    """Return the lines on all targets together, or on one of them."""
    metrics = evaluated.metrics
    lines = _measure_lines(evaluated)
    labels = metrics.get("labels")
    if labels:
        lines += ["", *_label_lines(metrics)]
        lines += ["", *confusion_lines(labels, metrics["confusion_matrix"])]
        lines += ["", *_reliability_lines(metrics["reliability"])]
    if evaluated.scores:
        lines += ["", *_threshold_lines(evaluated.thresholds())]
    if evaluated.assessment:
        lines += ["", evaluated.assessment.verdict.sentence]
    return lines


def _measure_lines(evaluated: EvaluatedRows) -> list[str]:
    """Return a line for each number, with its interval and what simpler models reach."""
    table: list[Cells] = []
    if evaluated.assessment:
        table.append(["", "", "95 % interval", "baseline", "linear"])
    table.append(["rows", str(evaluated.rows)])
    if isinstance(evaluated.threshold, float):  # else each target has its own
        table.append(["threshold", shown_number(evaluated.threshold)])
    for name, value in evaluated.metrics.items():
        if isinstance(value, list | dict):
            continue
        cells = [name, shown_number(value)]
        if evaluated.assessment:
            cells += _beside(name, evaluated.assessment)
        table.append(cells)
    return left_aligned(table)


def _beside(name: str, assessment: Assessment) -> Cells:
    """Return the interval of a measure, and the same measure of the baseline and linear model."""
    baseline = assessment.baseline.numbers()
    linear = assessment.linear.numbers() if assessment.linear else {}
    return [
        shown_interval(assessment, name),
        shown_if_any(baseline, name),
        shown_if_any(linear, name),
    ]


def _label_lines(metrics: Mapping[str, Any]) -> list[str]:
    """Return a line for each label, with what is measured of it."""
    scores = metrics["per_label"]
    titles = _titles(SCORE_COLUMNS)
    table = [["label", *titles]]
    for label, score in islice(scores.items(), MOST_LABELS):
        cells = _rounded_cells(score, SCORE_COLUMNS)
        table.append([label, *cells])
    lines = right_aligned(table)
    left_out = len(scores) - MOST_LABELS
    if left_out > 0:
        lines.append(f"and {left_out} more labels: --json lists all")
    return lines


def _reliability_lines(bins: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line for each bin of probabilities: how often they came true."""
    table = [["probability", "rows", "mean", "came true"]]
    for group in bins:
        low = group["low"]
        high = group["high"]
        cells = [
            f"{low:g} to {high:g}",
            str(group["rows"]),
            _rounded(group["probability"]),
            _rounded(group["share"]),
        ]
        table.append(cells)
    return right_aligned(table)


def _threshold_lines(rows: Sequence[ThresholdRow]) -> list[str]:
    """Return a line for each threshold: what it gives."""
    titles = _titles(THRESHOLD_COLUMNS)
    table = [[*titles, "called positive"]]
    for row in rows:
        cells = _rounded_cells(vars(row), THRESHOLD_COLUMNS)
        share = _rounded(row.positive_share)
        table.append([*cells, share])
    return right_aligned(table)


def _titles(columns: Sequence[str]) -> Cells:
    return [name.replace("_", " ") for name in columns]


def _rounded_cells(measures: Mapping[str, Any], columns: Sequence[str]) -> Cells:
    return [_rounded(measures[name]) for name in columns]


def _rounded(value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return str(value)
    return f"{value:.3g}"
