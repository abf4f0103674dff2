"""Several runs as one HTML page, and as the panels of a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nnrun.reporting.compared_page import (
    ComparedPanels,
    ComparedTable,
    compared_panels,
    render_compared,
)
from nnrun.reporting.pictures.compared import compared_runs
from nnrun.reporting.pictures.drawn_runs import MOST_RUNS
from nnrun.reporting.runs_table import (
    default_columns,
    run_cells,
    run_titles,
    setting_text,
)
from nnrun.reporting.shareable import without_folders, without_folders_in
from nnrun.reporting.short_names import short_names
from nnrun.runs.listing import (
    Summary,
    best_first,
    check_metric,
    known_metrics,
    summarize_runs,
)

MOST_SETTINGS = 30  # columns of a table through which a reader can still scroll
LOSSES = ("val_loss", "loss")


def runs_panels(
    paths: Sequence[Path], metric: str | None = None, *, training: bool = False
) -> ComparedPanels:
    """Return what is drawn of several runs: the metric by the settings, and the best runs' curves.

    Args:
        paths: The runs, each with an epoch at least.
        metric: The metric by which they are compared. Defaults to `comparing_metric`.
        training: Whether the curves of training are drawn too.

    Raises:
        RunError: A path is not a run, has no epoch yet, or its files were altered.
        InputError: No run has the metric.
    """
    summaries, metric = _ordered(paths, metric)
    compared = compared_runs(summaries, metric)
    best = {Path(run["run"]) for run in summaries[:MOST_RUNS]}
    drawn = [path for path in paths if path in best]  # their colours keep the order of the command
    return compared_panels(compared, drawn, training=training)


def make_runs_page(name: str, paths: Sequence[Path], metric: str | None = None) -> str:
    """Return the page of several runs, which names no folder of this machine.

    Runs without an epoch, and those that cannot be read, are in the table alone.

    Args:
        name: The heading of the page.
        paths: The runs, finished or not.
        metric: The metric by which they are compared. Defaults to `comparing_metric`.

    Raises:
        RunError: A history was altered.
        InputError: No run has the metric.
    """
    summaries, metric = _ordered(paths, metric)
    compared = compared_runs(summaries, metric)
    drawable = []
    for run in summaries:
        if run["epochs"]:
            drawable.append(Path(run["run"]))
    panels = compared_panels(compared, drawable)
    table = _table(summaries, metric)
    return render_compared(name, table, metric, panels)


def comparing_metric(summaries: Sequence[Summary]) -> str | None:
    """Return the metric by which runs are compared, or None where none has finished.

    It is the loss of validation, else that of training. Losses of several kinds say nothing beside
    each other: then it is the first other metric that all have, one of validation before others.

    Args:
        summaries: The runs in brief, as `list_runs` has them.
    """
    measured = [run for run in summaries if run["metrics"]]
    if not measured:
        return None
    shared = []
    for name in known_metrics(measured):
        if _all_have(name, measured):
            shared.append(name)
    other_metrics = [name for name in shared if name not in LOSSES]
    losses = {setting_text(run["settings"].get("loss")) for run in measured}
    if len(losses) > 1 and other_metrics:
        return max(other_metrics, key=_is_of_validation)  # the first one, of several
    if "val_loss" in shared:
        return "val_loss"
    return "loss"


def _all_have(metric: str, summaries: Sequence[Summary]) -> bool:
    return all(metric in run["metrics"] for run in summaries)


def _is_of_validation(metric: str) -> bool:
    return metric.startswith("val_")


def _ordered(paths: Sequence[Path], metric: str | None) -> tuple[list[Summary], str | None]:
    """Return the runs in brief, the best first, and the metric by which they are compared."""
    summaries = summarize_runs(paths)
    if metric is not None:
        check_metric(f"--metric {metric}", metric, summaries)
    metric = metric or comparing_metric(summaries)
    if metric:
        summaries = best_first(summaries, metric)
    return summaries, metric


def _table(summaries: Sequence[Summary], metric: str | None) -> ComparedTable:
    """Return the table of the page, whose columns are those of `nnrun runs`."""
    names = short_names([run["run"] for run in summaries])
    shown = list(map(_shareable, summaries))
    columns = default_columns(shown, metric, MOST_SETTINGS)
    rows = []
    failures = []
    for run, name in zip(shown, names, strict=True):
        rows.append(run_cells(run, columns, name))
        if "error" in run:
            failures.append((name, run["error"]))
    return ComparedTable(
        kind="run",
        head=run_titles(columns),
        rows=rows,
        failures=failures,
    )


def _shareable(run: Summary) -> Summary:
    """Return a run in brief whose texts name no folder of this machine."""
    settings = {}
    for key, value in run["settings"].items():
        settings[key] = without_folders_in(value)
    shareable = {**run, "settings": settings}
    if "error" in run:
        shareable["error"] = without_folders(run["error"], run["run"])
    return shareable
