"""A run as one HTML page that needs no network. Nothing in a run is trusted: all of it is escaped."""

import re
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from nnrun.errors import InputError, RunError
from nnrun.features.feature import Feature, Target
from nnrun.features.loading import load_dataset
from nnrun.reporting.pictures import (
    INK,
    WIDTH,
    Panel,
    curve_panels,
    make_figure,
    outcome_panels,
    render,
)
from nnrun.reporting.text import network_rows, part_rows, shown_number
from nnrun.runs.directory import Run
from nnrun.runs.provenance import changed_tables, check_encoding
from nnrun.wording import counted, listed, printable


def make_page(path: Path) -> str:
    """Return the page of a run, finished or not; raise a RunError or a ConfigError where its files were altered."""
    run = Run(path)
    info, config, encoder = run.load()
    facts = {
        "status": run.status(info),
        "started": info.started,
        "epochs": run.epochs(),
        "kept epoch": info.best_epoch,
    }
    facts |= {"seconds of training": info.seconds, "seed": info.seed, "engine": info.engine}
    metrics = {name: shown_number(value) for name, value in run.read_metrics().items()}
    network = network_rows(config, len(encoder.inputs))
    columns = [(f.name, f.part or str(f.kind), _holds(f.categories, f)) for f in encoder.features]
    columns += [
        (target.name, "target", _holds(encoder.labels, target)) for target in encoder.targets
    ]
    template = Template(Path(__file__).with_name("report.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=_text(path.resolve().name),
        facts=_table(facts.items()),
        metrics=_table(metrics.items(), "metric", f"epoch {info.best_epoch}"),
        curves=_pictures(curve_panels([path])),
        held_out=_held_out(run),
        parts=_table(part_rows(info), "part", "rows", "table"),
        columns=_table(columns, "column", "kind", "in training"),
        network=_table(network[1:], *network[0]),
        config=escape(config.to_yaml()),
        versions=_table({**info.versions, "threads": info.threads, **info.environment}.items()),
    )


def _holds(values: Sequence[str | None], column: Feature | Target) -> str:
    return (
        listed(values, 20)
        if values
        else f"{column.minimum:g} to {column.maximum:g}, mean {column.mean:g}"
    )


def _held_out(run: Run) -> str:
    """Return what the model makes of the test rows, or of those of validation, where the tables are as they were."""
    from nnrun.results.trained_run import load_run

    try:
        trained = load_run(run.path)
        if changed := changed_tables(trained.config, run.read_info()):
            raise RunError(changed)
        dataset = load_dataset(trained.config, run.path.resolve().parent / ".cache")
        check_encoding(run, trained.encoder, dataset)
        if not (part := dataset.test or dataset.validation):
            return "<p>The run held no rows out.</p>"
        measure = trained.measure([(part.x, part.y)])
    except (InputError, OSError) as error:
        return f"<p>They cannot be shown: {_text(error)}</p>"
    told = {
        name: shown_number(value)
        for name, value in measure.metrics().items()
        if name != "confusion_matrix"
    }
    rows = _table(
        told.items(), "test" if dataset.test else "validation", counted(len(part.x), "row")
    )
    return rows + _pictures(outcome_panels(trained.encoder, measure))


def _pictures(panels: Sequence[Panel]) -> str:
    """Return each panel as an SVG of its own, so that they stand beside or below each other, in the page's colours."""
    pictures = ""
    for panel in panels:
        figure = make_figure([panel])
        svg = render(figure, ".svg").decode()
        head, _, body = svg[svg.index("<svg") :].partition(">")
        body = re.sub(
            r"<metadata>.*?</metadata>|(?<=<g) id=[^>]*", "", body, flags=re.DOTALL
        )  # each has the same ids
        body = body.replace("fill: #ffffff", "fill: none").replace(f": {INK}", ": currentColor")
        body = body.replace("stroke: #0072b2", "stroke: var(--blue)")
        svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", head) + f' role="img">{body}'
        pictures += (
            f'<div class="scroll" style="--scale: {figure.get_figwidth() / WIDTH:.2f}">{svg}</div>'
        )
    return f'<div class="pictures">{pictures}</div>'


def _table(rows: Iterable[Iterable[Any]], *head: str) -> str:
    lines = ["".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows]
    top = "".join(f"<th>{_text(cell)}</th>" for cell in head)
    return (
        f'<div class="scroll"><table><tr>{top}</tr><tr>{"</tr><tr>".join(lines)}</tr></table></div>'
    )


def _text(value: Any) -> str:
    return "<br>".join(escape(printable(line)) for line in str(value).split("\n"))
