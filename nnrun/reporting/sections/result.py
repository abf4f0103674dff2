"""How good the network is: its measures with intervals, beside those of simpler models."""

from dataclasses import dataclass

from nnrun.reporting.metrics_text import (
    metric_title,
    shown_if_any,
    shown_interval,
    shown_number,
)
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
            interval=shown_interval(assessment, name),
            baseline=shown_if_any(baseline, name),
            linear=shown_if_any(linear, name),
        )
        rows.append(row)
    return rows
