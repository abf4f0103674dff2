"""A run as one HTML page that needs no network.

`templates/report.html.j2` is the page. Nothing in a run is trusted: the template escapes all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnrun.errors import InputError
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature, Target
from nnrun.reporting.held_out import MeasuredRows, measure_held_out
from nnrun.reporting.metrics_text import shown_number
from nnrun.reporting.network_table import network_rows
from nnrun.reporting.pictures.curves import curve_panels
from nnrun.reporting.pictures.inline_svg import InlineSvg, inline_svg
from nnrun.reporting.pictures.outcome import outcome_panels
from nnrun.reporting.rendering import render
from nnrun.reporting.text import part_rows
from nnrun.results.saved_verdict import read_verdict
from nnrun.runs.directory import Run
from nnrun.runs.history import count_epochs
from nnrun.runs.info import RunInfo
from nnrun.wording import counted, listed

MOST_VALUES = 20  # labels or categories that are named of a column

Rows = list[tuple[str, str, str]]


@dataclass(frozen=True)
class HeldOutSection:
    """The section on the rows held out: their metrics and pictures, a problem, or nothing."""

    problem: str = ""
    part: str = ""
    rows: str = ""
    metrics: Mapping[str, str] | None = None
    pictures: Sequence[InlineSvg] = ()


def make_page(path: Path) -> str:
    """Return the page of a run, finished or not.

    Raises:
        RunError: The path is no run, or its files were altered.
        ConfigError: Its config is no config of nnrun's.
    """
    run = Run(path)
    info, config, encoder = run.load()
    return render(
        "report.html.j2",
        name=path.resolve().name,
        facts=_facts(run, info),
        metrics=_shown(run.read_metrics()),
        kept_epoch=info.best_epoch,
        curves=[inline_svg(panel) for panel in curve_panels([path])],
        held_out=_held_out(run),
        parts=part_rows(info),
        columns=_column_rows(encoder),
        network=network_rows(config, len(encoder.inputs)),
        config=config.to_yaml(),
        versions={**info.versions, "threads": info.threads, **info.environment},
    )


def _facts(run: Run, info: RunInfo) -> dict[str, object]:
    verdict = read_verdict(run.verdict)
    judged = {f"verdict on {verdict.part}": verdict.sentence} if verdict else {}
    return {
        **judged,
        "status": run.status(info),
        "started": info.started,
        "epochs": count_epochs(run.history),
        "kept epoch": info.best_epoch,
        "seconds of training": info.seconds,
        "seed": info.seed,
        "engine": info.engine,
    }


def _shown(metrics: Mapping[str, object]) -> dict[str, str]:
    return {name: shown_number(value) for name, value in metrics.items()}


def _held_out(run: Run) -> HeldOutSection:
    try:
        measured = measure_held_out(run)
    except (InputError, OSError) as error:
        return HeldOutSection(problem=str(error))
    return _measured_section(measured) if measured else HeldOutSection()


def _measured_section(measured: MeasuredRows) -> HeldOutSection:
    metrics = measured.measure.metrics()
    metrics.pop("confusion_matrix", None)  # it is a picture
    panels = outcome_panels(measured.encoder, measured.measure)
    return HeldOutSection(
        part=measured.part,
        rows=counted(measured.rows, "row"),
        metrics=_shown(metrics),
        pictures=[inline_svg(panel) for panel in panels],
    )


def _column_rows(encoder: Encoder) -> Rows:
    """Return a row for each feature and target: its name, its kind, and what training rows hold."""
    rows: Rows = []
    for feature in encoder.features:
        kind = feature.part or feature.kind
        rows.append((feature.name, kind, _contents(feature, feature.categories)))
    for target in encoder.targets:
        rows.append((target.name, "target", _contents(target, encoder.labels)))
    return rows


def _contents(column: Feature | Target, values: Sequence[str | None]) -> str:
    if values:
        return listed(values, MOST_VALUES)
    return f"{column.minimum:g} to {column.maximum:g}, mean {column.mean:g}"
