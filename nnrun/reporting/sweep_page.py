"""A sweep as one HTML page that needs no network, and as the panels of a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nnrun.errors import RunError
from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.pictures.curves import curve_panels
from nnrun.reporting.pictures.inline_svg import inline_svg
from nnrun.reporting.pictures.slices import slice_panels
from nnrun.reporting.rendering import render
from nnrun.runs.listing import less_is_better, runs_by_metric
from nnrun.runs.trial_record import TrialRecord, read_records

if TYPE_CHECKING:
    from nnrun.reporting.pictures.figure import Panel


def sweep_panels(
    folder: Path, metric: str, *, training: bool = False
) -> tuple[list[Panel], list[Panel]]:
    """Return a panel for each setting of a sweep, and those of the curves of its best runs.

    Args:
        folder: The folder of the sweep.
        metric: The metric by which its trials are compared.
        training: Whether the curves of training are drawn too.

    Raises:
        RunError: No trial has the metric yet, or a file was altered.
    """
    slices = slice_panels(list(read_records(folder).values()), metric)
    if not slices:
        raise RunError(f"{folder}: no trial has finished; `nnrun resume {folder}` goes on")
    best = runs_by_metric(folder, metric)
    return slices, curve_panels(best, training=training) if best else []


def make_sweep_page(folder: Path, metric: str) -> str:
    """Return the page of a sweep, which names no folder of this machine.

    Args:
        folder: The folder of the sweep.
        metric: The metric by which its trials are compared.

    Raises:
        RunError: No trial has the metric yet, or a file was altered.
    """
    slices, curves = sweep_panels(folder, metric)
    records = sorted(read_records(folder).items(), key=lambda item: _rank(item[1], metric))
    return render(
        "sweep_page.html.j2",
        name=folder.resolve().name,
        metric=metric,
        head=["trial", "status", metric, *records[0][1].settings],
        rows=[_row(name, record, metric) for name, record in records],
        failures=[(name, record.reason) for name, record in records if record.reason],
        slices=[inline_svg(panel) for panel in slices],
        curves=[inline_svg(panel) for panel in curves],
    )


def _rank(record: TrialRecord, metric: str) -> tuple[bool, float]:
    """Return where a trial stands: the best that finished first, those without the metric last."""
    value = record.metrics.get(metric)
    if value is None or record.status != "finished":
        return True, 0.0
    return False, value if less_is_better(metric) else -value


def _row(name: str, record: TrialRecord, metric: str) -> list[str]:
    value = record.metrics.get(metric)
    shown = "-" if value is None else shown_number(value)
    return [name, record.status, shown, *record.settings.values()]
