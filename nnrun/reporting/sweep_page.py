"""A sweep as one HTML page, and as the panels of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnrun.config.search_space import value_of
from nnrun.errors import RunError
from nnrun.reporting.compared_page import (
    ComparedPanels,
    ComparedTable,
    compared_panels,
    render_compared,
)
from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.pictures.compared import compared_trials
from nnrun.reporting.pictures.value_scale import MISSING
from nnrun.runs.listing import check_metric, runs_by_metric, sort_key
from nnrun.runs.trial_record import TrialRecord, read_records, setting_keys


def sweep_panels(folder: Path, metric: str, *, training: bool = False) -> ComparedPanels:
    """Return what is drawn of a sweep: its metric by the settings, and the curves of its best runs.

    Args:
        folder: The folder of the sweep.
        metric: The metric by which its trials are compared.
        training: Whether the curves of training are drawn too.

    Raises:
        RunError: No trial has finished yet, or a file was altered.
        InputError: No trial has the metric.
    """
    records = list(read_records(folder).values())
    measured = []
    for record in records:
        if record.metrics:
            measured.append({"metrics": record.metrics})
    if not measured:
        reason = _why_none(records, folder)
        raise RunError(f"{folder}: {reason}")
    check_metric(f"--metric {metric}", metric, measured)
    compared = compared_trials(records, metric)
    best_runs = runs_by_metric(folder, metric)
    return compared_panels(compared, best_runs, training=training)


def _why_none(records: Sequence[TrialRecord], folder: Path) -> str:
    """Return why no trial has a metric."""
    if not records:
        return f"no trial has finished; `nnrun resume {folder}` goes on"
    first = records[0]
    return f"every trial so far failed, the first since {first.reason}"


def make_sweep_page(folder: Path, metric: str) -> str:
    """Return the page of a sweep, which names no folder of this machine.

    Args:
        folder: The folder of the sweep.
        metric: The metric by which its trials are compared.

    Raises:
        RunError: No trial has the metric yet, or a file was altered.
    """
    panels = sweep_panels(folder, metric)
    records = list(read_records(folder).items())
    records.sort(key=lambda item: _rank(item[1], metric))
    keys = setting_keys(record.settings for _, record in records)
    rows = []
    failures = []
    for name, record in records:
        rows.append(_row(name, record, metric, keys))
        if record.reason:
            failures.append((name, record.reason))
    table = ComparedTable(
        kind="trial",
        head=["trial", "status", metric, *keys],
        rows=rows,
        failures=failures,
    )
    name = folder.resolve().name
    return render_compared(name, table, metric, panels)


def _rank(record: TrialRecord, metric: str) -> tuple[bool, float]:
    """Return where a trial stands: the best that finished first, those without the metric last."""
    if record.status != "finished":
        return sort_key(metric, None)
    return sort_key(metric, record.metrics.get(metric))


def _row(
    name: str,
    record: TrialRecord,
    metric: str,
    keys: Sequence[str],
) -> list[str]:
    """Return the cells of a trial: name, status, metric and settings."""
    value = record.metrics.get(metric)
    shown = "-" if value is None else shown_number(value)
    cells = [name, record.status, shown]
    for key in keys:
        cells.append(_shown_setting(record, key))
    return cells


def _shown_setting(record: TrialRecord, key: str) -> str:
    text = record.settings.get(key)
    if text is None:
        return MISSING
    return shown_number(value_of(text))
