"""What probabilities are worth: the reliability curve, and what each threshold gives."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.pictures.inline_svg import InlineSvg, inline_svg
from nnrun.reporting.pictures.names import shortened
from nnrun.reporting.pictures.reliability import draw_reliability
from nnrun.results.assessment import Assessment
from nnrun.results.label_measure import LabelMetrics
from nnrun.results.ranked_scores import RankedScores
from nnrun.results.thresholds import ThresholdGoal, ThresholdRow, best_threshold, threshold_table

MOST_TARGETS = 20  # that have a section of their own
GOALS = {"f1": "best F1", "balanced_accuracy": "best balanced accuracy"}
HEAD = (
    "threshold",
    "precision",
    "recall",
    "F1",
    "balanced accuracy",
    "called",
    "false positives",
    "false negatives",
    "",  # what the threshold is the best for
)


@dataclass(frozen=True)
class ProbabilitySection:
    """The section on probabilities, or its part on one of several targets.

    Attributes:
        target: The name of this target, or "" where there is a single one.
        positive: The label whose probability it is, or "" where there are more than two.
        calibration_error: The mean distance of probability and truth.
        pictures: The reliability curve.
        head: What the columns of `thresholds` are.
        thresholds: Of two labels, what each threshold gives.
    """

    target: str
    positive: str
    calibration_error: str
    pictures: Sequence[InlineSvg]
    head: Sequence[str]
    thresholds: Sequence[Sequence[str]]


def probability_sections(
    assessment: Assessment, names: Sequence[str]
) -> Sequence[ProbabilitySection]:
    """Return the section of each target; none where numbers are predicted.

    Args:
        assessment: The rows held out, measured.
        names: The names of the targets.
    """
    if isinstance(assessment.metrics, LabelMetrics):
        return [_section(assessment, assessment.metrics, "")]
    sections = []
    for name, of_target in zip(names[:MOST_TARGETS], assessment.targets, strict=False):
        if isinstance(of_target.metrics, LabelMetrics):
            sections.append(_section(of_target, of_target.metrics, name))
    return sections


def _section(assessment: Assessment, metrics: LabelMetrics, target: str) -> ProbabilitySection:
    """Return the section of one target."""
    labels = [score.label for score in metrics.labels]
    positive = ""
    drawn_label = "the label called"
    thresholds: list[list[str]] = []
    if len(labels) == 2:
        positive = labels[1]
        drawn_label = repr(shortened(positive, 12))
        thresholds = _threshold_rows(assessment.scores[1])
    reliability = partial(draw_reliability, metrics.reliability, drawn_label)
    return ProbabilitySection(
        target=target,
        positive=positive,
        calibration_error=shown_number(metrics.calibration_error),
        pictures=[inline_svg(reliability)],
        head=HEAD,
        thresholds=thresholds,
    )


def _threshold_rows(scores: RankedScores) -> list[list[str]]:
    """Return a row for each threshold from 0.1 to 0.9, then one for each goal's best."""
    rows = [_cells(row, "") for row in threshold_table(scores)]
    for name, title in GOALS.items():
        best = best_threshold(scores, ThresholdGoal(name))
        rows.append(_cells(best, title))
    return rows


def _cells(row: ThresholdRow, title: str) -> list[str]:
    """Return a row of the table of thresholds, as the page shows it."""
    return [
        shown_number(row.threshold),
        shown_number(row.precision),
        shown_number(row.recall),
        shown_number(row.f1),
        shown_number(row.balanced_accuracy),
        f"{row.positive_share:.1%}",
        f"{round(row.false_positives):,}",
        f"{round(row.false_negatives):,}",
        title,
    ]
