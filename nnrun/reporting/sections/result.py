"""How good the network is: its measures with intervals, beside those of simpler models."""

from collections.abc import Mapping
from dataclasses import dataclass

from nnrun.reporting.metrics_text import metric_title, shown_number
from nnrun.results.assessment import Assessment


@dataclass(frozen=True)
class MetricRow:
    """A measure of the network and of the simpler models, as text.

    Attributes:
        name: What is measured.
        network: The measure of the network.
        interval: The ends of its confidence interval; "" where there is none.
        baseline: The measure of the baseline; "" where it has none.
        linear: The measure of the linear model; "" where it has none.
    """

    name: str
    network: str
    interval: str
    baseline: str
    linear: str


def metric_rows(assessment: Assessment) -> list[MetricRow]:
    """Return a row for each measure of the rows held out.

    Args:
        assessment: The measures of the network, and of simpler models beside it.
    """
    baseline = assessment.baseline.numbers()
    linear = assessment.linear.numbers() if assessment.linear else {}
    rows = []
    for name, value in assessment.metrics.numbers().items():
        row = MetricRow(
            name=metric_title(name),
            network=shown_number(value),
            interval=_shown_interval(assessment, name),
            baseline=_shown(baseline, name),
            linear=_shown(linear, name),
        )
        rows.append(row)
    return rows


def _shown_interval(assessment: Assessment, name: str) -> str:
    ends = assessment.interval.get(name)
    return f"{shown_number(ends.low)} to {shown_number(ends.high)}" if ends else ""


def _shown(metrics: Mapping[str, float], name: str) -> str:
    return shown_number(metrics[name]) if name in metrics else ""
