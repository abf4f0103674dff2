"""A sweep, or several runs, as one HTML page that needs no network, and as the panels of a picture.

`templates/compared_page.html.j2` is the page. The template escapes whatever the runs say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nnrun.reporting.pictures.compared import Compared
from nnrun.reporting.pictures.curves import curve_panels
from nnrun.reporting.pictures.drawn_runs import MOST_RUNS
from nnrun.reporting.pictures.inline_svg import inline_svg, wide_svg
from nnrun.reporting.pictures.parallel import parallel_panel
from nnrun.reporting.pictures.slices import slice_panels
from nnrun.reporting.rendering import render
from nnrun.runs.listing import less_is_better

if TYPE_CHECKING:
    from nnrun.reporting.pictures.figure import Panel


@dataclass(frozen=True)
class ComparedTable:
    """The table of a page.

    Attributes:
        kind: What a line of it is: `run` or `trial`.
        head: The titles of the columns.
        rows: The cells of each line, the best first.
        failures: The name of each that failed, and the reason.
    """

    kind: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    failures: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class ComparedPanels:
    """The panels of a picture.

    Attributes:
        parallel: That of parallel coordinates, where there are two settings or more.
        slices: One for each setting.
        curves: Those of the best runs.
    """

    parallel: Sequence[Panel]
    slices: Sequence[Panel]
    curves: Sequence[Panel]


def compared_panels(
    compared: Compared, best: Sequence[Path], *, training: bool = False
) -> ComparedPanels:
    """Return the panels of what is compared.

    Args:
        compared: What is drawn by its settings; it may have no points.
        best: The runs whose curves can be drawn, the best first, of which the first ten are.
        training: Whether the curves of training are drawn too.

    Raises:
        RunError: A file of a run was altered.
    """
    curves: Sequence[Panel] = []
    if best:
        curves = curve_panels(best[:MOST_RUNS], training=training)
    return ComparedPanels(
        parallel=parallel_panel(compared),
        slices=slice_panels(compared),
        curves=curves,
    )


def render_compared(
    name: str,
    table: ComparedTable,
    metric: str | None,
    panels: ComparedPanels,
) -> str:
    """Return the page.

    Args:
        name: Its heading.
        table: What became of each run or trial.
        metric: The metric by which they are compared; None where none has finished.
        panels: What is drawn.
    """
    return render(
        "compared_page.html.j2",
        name=name,
        kind=table.kind,
        head=table.head,
        rows=table.rows,
        failures=table.failures,
        metric=metric,
        less_is_better=metric is not None and less_is_better(metric),
        parallel=list(map(wide_svg, panels.parallel)),
        slices=list(map(inline_svg, panels.slices)),
        curves=list(map(inline_svg, panels.curves)),
    )
