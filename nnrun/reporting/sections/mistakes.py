"""Where the network fails: pictures, each label's measures, the worst confusions and rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nnrun.reporting.confused_labels import confused_pairs
from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.pictures.inline_svg import InlineSvg, inline_svg
from nnrun.reporting.pictures.outcome import outcome_panels
from nnrun.reporting.table_rows import rows_held_out
from nnrun.results.assessment import AnyMetrics
from nnrun.results.label_measure import LabelMetrics, LabelScore
from nnrun.results.number_metrics import NumberMetrics

if TYPE_CHECKING:
    from nnrun.features.encoder import Encoder
    from nnrun.reporting.measured_rows import MeasuredRows
    from nnrun.results.array_types import Numbers

MOST_LABELS = 100  # whose measures are shown
MOST_PAIRS = 10  # of labels that are taken for each other
MOST_CELLS = 5  # columns of the worst rows
MOST_TARGETS = 3  # whose numbers stand beside each other
LABEL_HEAD = ("label", "rows", "called", "precision", "recall", "F1", "AUC", "average precision")
MULTILABEL_HEAD = ("target", "rows of the positive label", *LABEL_HEAD[2:])
TARGET_HEAD = ("target", "RMSE", "mean absolute error", "median absolute error", "R2", "MAPE")

Cells = Sequence[str]


@dataclass(frozen=True)
class MistakeSection:
    """The section on where the network fails.

    Attributes:
        pictures: The confusion matrix and curves of labels, or residuals of numbers.
        head: What the columns of `parts` are.
        parts: The measures of each label, or of each of several targets of labels.
        parts_left_out: How many labels are left out of `parts`.
        pairs: Labels that are taken for each other most often: actual, called, rows.
        worst_head: What the columns of `worst` are.
        worst: The rows on which the network is most wrong.
    """

    pictures: Sequence[InlineSvg]
    head: Cells
    parts: Sequence[Cells]
    parts_left_out: int
    pairs: Sequence[Cells]
    worst_head: Cells
    worst: Sequence[Cells]


def mistake_section(held_out: MeasuredRows, columns: Sequence[str]) -> MistakeSection:
    """Return the section.

    Args:
        held_out: The rows held out, measured.
        columns: The columns of the table, the most important first.
    """
    encoder = held_out.trained.encoder
    metrics = held_out.assessment.metrics
    parts = _parts(encoder, metrics)
    shown_columns = columns[:MOST_CELLS]
    panels = outcome_panels(encoder, held_out.measure)
    return MistakeSection(
        pictures=list(map(inline_svg, panels)),
        head=_head(encoder),
        parts=parts[:MOST_LABELS],
        parts_left_out=max(0, len(parts) - MOST_LABELS),
        pairs=_pairs(metrics),
        worst_head=["row", *_answer_head(encoder), *shown_columns],
        worst=_worst_rows(held_out, shown_columns),
    )


def _head(encoder: Encoder) -> Cells:
    if encoder.is_multilabel:
        return MULTILABEL_HEAD
    if encoder.labels:
        return LABEL_HEAD
    return TARGET_HEAD


def _parts(encoder: Encoder, metrics: AnyMetrics) -> list[Cells]:
    """Return a row for each label, or for each of several targets of labels."""
    if isinstance(metrics, NumberMetrics):
        return []
    if isinstance(metrics, LabelMetrics):
        return [_score_cells(score.label, score) for score in metrics.labels]
    rows = []
    for name, of_target in zip(encoder.target_names, metrics.targets, strict=True):
        positive = of_target.labels[1]
        rows.append(_score_cells(name, positive))
    return rows


def _score_cells(name: str, score: LabelScore) -> Cells:
    """Return the cells of a label, or of a target's positive label."""
    return [
        name,
        f"{score.rows:,}",
        f"{score.predicted:,}",
        _shown_or_blank(score.precision),
        _shown_or_blank(score.recall),
        _shown_or_blank(score.f1),
        _shown_or_blank(score.auc),
        _shown_or_blank(score.average_precision),
    ]


def _shown_or_blank(value: float | None) -> str:
    if value is None:
        return ""
    return shown_number(value)


def _pairs(metrics: AnyMetrics) -> list[Cells]:
    """Return the labels that are taken for each other most; of two, the matrix says it."""
    if not isinstance(metrics, LabelMetrics) or len(metrics.labels) == 2:
        return []
    labels = [score.label for score in metrics.labels]
    pairs = confused_pairs(labels, metrics.confusion_matrix)
    rows: list[Cells] = []
    for pair in pairs[:MOST_PAIRS]:
        cells = [
            pair.actual,
            pair.called,
            f"{pair.rows:,}",
            f"{pair.share:.1%}",
        ]
        rows.append(cells)
    return rows


def _answer_head(encoder: Encoder) -> list[str]:
    """Return the heads of the columns that hold what is so and what the network says."""
    if encoder.labels:
        return ["actual", "called", "probability of the actual"]
    names = encoder.target_names[:MOST_TARGETS]
    if len(names) == 1:
        return ["actual", "predicted", "residual"]
    head = []
    answer = "probability" if encoder.is_multilabel else "predicted"
    for name in names:
        head += [f"actual {name}", f"{answer} {name}"]
    return head


def _worst_rows(held_out: MeasuredRows, columns: Sequence[str]) -> list[Cells]:
    """Return what is true of each of the worst rows, what the network answers, and its cells."""
    encoder = held_out.trained.encoder
    worst = held_out.worst
    rows = rows_held_out(held_out.dataset, held_out.part, worst.numbers, columns)
    lines: list[Cells] = []
    for row, actual, outputs in zip(rows, worst.y, worst.outputs, strict=True):
        answer = _answer(encoder, actual, outputs)
        cells = row.cells.values()
        lines.append([row.place, *answer, *cells])
    return lines


def _answer(encoder: Encoder, actual: Numbers, outputs: Numbers) -> Cells:
    """Return what is true of a row, and what the network answers."""
    if encoder.labels:
        return _label_answer(encoder, int(actual[0]), outputs)
    if encoder.is_multilabel:
        return _answer_of_targets(encoder, actual, outputs)
    return _number_answer(actual, outputs)


def _label_answer(encoder: Encoder, actual: int, outputs: Numbers) -> Cells:
    """Return the true label, the called one, and the probability of the true one."""
    probabilities = outputs
    if len(outputs) == 1:  # of two labels the second one's alone
        probabilities = np.array([1 - outputs[0], outputs[0]])
    called = int(probabilities.argmax())
    probability = float(probabilities[actual])
    return [
        encoder.labels[actual],
        encoder.labels[called],
        shown_number(probability),
    ]


def _answer_of_targets(encoder: Encoder, actual: Numbers, outputs: Numbers) -> Cells:
    """Return the true label of each target, and the probability of its second label."""
    cells = []
    for number, target in enumerate(encoder.targets[:MOST_TARGETS]):
        label = target.labels[int(actual[number])]
        probability = float(outputs[number])
        cells += [label, shown_number(probability)]
    return cells


def _number_answer(actual: Numbers, predicted: Numbers) -> Cells:
    """Return the true and the predicted number of each target; of a single one the residual too."""
    cells = []
    for true, answer in zip(actual[:MOST_TARGETS], predicted[:MOST_TARGETS], strict=True):
        cells.append(shown_number(float(true)))
        cells.append(shown_number(float(answer)))
    if len(actual) == 1:
        residual = float(actual[0] - predicted[0])
        cells.append(shown_number(residual))
    return cells
