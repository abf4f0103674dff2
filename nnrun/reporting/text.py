"""Text for people: what `check`, `show`, `train`, `evaluate` and `runs` print."""

import shlex
from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from nnrun.config.architecture import LayerSummary, summarize
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.listing import Summary, known_metrics
from nnrun.wording import counted, listed, printable


def describe_dataset(dataset: Dataset) -> str:
    """Return a few lines about the tables, and the network."""
    encoder = dataset.encoder
    lines = [f"data      {dataset.train.name}: {counted(len(dataset.train.x), 'training row')}"]
    if dataset.validation:
        lines.append(
            f"          {counted(len(dataset.validation.x), 'row')} held out for validation"
        )
    if dataset.test:
        lines.append(f"          {dataset.test.name}: {counted(len(dataset.test.x), 'test row')}")
    lines.append(f"features  {listed(list(dict.fromkeys(f.name for f in encoder.features)), 6)}")
    for feature in [f for f in encoder.features if f.kind == "text"]:
        names = ["a missing cell" if c is None else c for c in feature.categories]
        lines.append(f"          {feature.name!r}: an input for each of {listed(names, 6)}")
    for target in encoder.targets:
        values = f"{target.minimum:g} to {target.maximum:g}, mean {target.mean:g}"
        if encoder.labels:
            values = ", ".join(f"{label!r} {n}" for label, n in dataset.label_counts.items())
            values += (
                f"; probabilities are of {encoder.labels[-1]!r}" if dataset.config.is_binary else ""
            )
        lines.append(f"target    {target.name}: {values}")
    return "\n".join(
        map(printable, [*lines, "", *_describe_network(dataset.config, len(encoder.inputs))])
    )


def network_rows(config: Config, features: int) -> list[tuple[str, str, str]]:
    """Return a header, a row for each layer of the saved model with its output's shape and parameters, and a total."""
    layers = summarize(config, features)
    last = f"Activation {'sigmoid' if config.is_binary else 'softmax'}"
    shown = [LayerSummary("Normalization", features, [])] * config.data.normalize + layers
    shown += [LayerSummary("Rescaling", layers[-1].units, [])] * config.rescales
    shown += [LayerSummary(last, layers[-1].units, [])] * config.from_logits
    rows = [("layer", "output shape", "parameters")]
    rows += [(layer.name, f"({layer.units})", f"{layer.parameters:,}") for layer in shown]
    return [*rows, ("total", "", f"{sum(layer.parameters for layer in layers):,}")]


def _describe_network(config: Config, features: int) -> list[str]:
    rows = network_rows(config, features)
    i, j, k = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = [f"{name:{i}}  {shape:{j}}  {parameters:>{k}}" for name, shape, parameters in rows]
    optimizer = f"{config.optimizer['name']} (learning_rate {config.optimizer['learning_rate']:g})"
    steps = f"{counted(config.epochs, 'epoch')}, batch_size {config.batch_size}"
    return [*lines, f"{config.loss['name']}, {optimizer}, {steps}"]


def describe_run(path: Path) -> str:
    """Return what a run directory says of itself: its data, the epoch that was kept, the best epoch, the network."""
    run = Run(path)
    info, config, encoder = run.load()
    lines = [f"status     {run.status(info)}, started {info.started}"]
    if info.status != "finished":
        done = f"{run.epochs()} of {info.goal} epochs"
        lines.append(
            f"epochs     {done}; where nobody trains it, go on with: nnrun resume {shlex.quote(str(path))}"
        )
    lines += [f"{name:10} {rows} rows, {table}" for name, rows, table in part_rows(info)]
    if metrics := run.read_metrics():
        of = f" of {info.epochs}" * (info.status == "finished")
        lines.append(f"kept       epoch {info.best_epoch}{of}: {describe_metrics(metrics)}")
    if best := run.best_epoch():
        epoch, by, loss = best
        lines.append(f"best       epoch {epoch} by {by}: {by} {loss:.6g}")
    return "\n".join(map(printable, [*lines, "", *_describe_network(config, len(encoder.inputs))]))


def part_rows(info: RunInfo) -> list[tuple[str, Any, Any]]:
    """Return a row for each part of a run's data: its name, how many rows it has, where they came from."""
    return [
        (k, part.get("rows"), part.get("path", "held out of the training table"))
        for k, part in info.data.items()
    ]


def describe_metrics(metrics: Mapping[str, Any]) -> str:
    """Return `loss 0.0123, accuracy 0.987`."""
    return ", ".join(f"{name} {shown_number(value)}" for name, value in metrics.items())


def describe_evaluation(rows: int, metrics: dict[str, Any]) -> str:
    """Return a line per metric, and the confusion matrix as a table."""
    scalars = {"rows": rows} | {
        k: v for k, v in metrics.items() if k not in ("labels", "confusion_matrix")
    }
    lines = [f"{name:20} {shown_number(value)}" for name, value in scalars.items()]
    if labels := metrics.get("labels"):
        table = [["", *["predicted"] * len(labels)], ["actual", *labels]]
        table += [
            [label, *row] for label, row in zip(labels, metrics["confusion_matrix"], strict=True)
        ]
        width = max(len(str(cell)) for row in table for cell in row) + 2
        lines += ["".join(f"{cell:>{width}}" for cell in row) for row in table]
    return "\n".join(lines)


def describe_runs(found: list[Summary], width: int, first: str | None = None) -> str:
    """Return a table with a line for each run, and as many of the metrics as fit the width, `first` before others."""
    known = sorted(
        known_metrics(found),
        key=lambda name: (name != first, not name.startswith(("val_", "test_"))),
    )
    header = ["run", "status", "epochs", "started UTC", "seconds", *known]
    rows = [
        list(map(printable, cells))
        for cells in (header, *(_cells(run, known, width // 3) for run in found))
    ]
    sizes = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
    fits = max(5, sum(end <= width + 2 for end in accumulate(sizes)))
    lines = ["".join(map(str.ljust, cells[:fits], sizes)).rstrip() for cells in rows]
    more = [f"more with --json: {', '.join(map(printable, known[fits - 5 :]))}"] * (
        fits - 5 < len(known)
    )
    return "\n".join(lines + more)


def shown_number(value: Any) -> str:
    """Return a metric as people read it."""
    return (
        f"{value:.6g}" if isinstance(value, float) else "undefined" if value is None else str(value)
    )


def _cells(run: Summary, metrics: list[str], most: int) -> list[str]:
    name, values = (
        Path(run["run"]).absolute().name,
        [run["metrics"].get(metric) for metric in metrics],
    )
    name = name if len(name) <= most else f"{name[: most - 3]}..."
    facts = [name, run["status"][:11], "-", "-", "-"]
    if "error" not in run:  # the time of the day and the date, without the year
        started, seconds = (
            run["started"][5:16].replace("T", " "),
            f"{run['seconds']:.4g}" if run["seconds"] else "-",
        )
        facts[2:] = f"{run['epochs']}/{run['goal']}", started, seconds
    return facts + ["-" if value is None else f"{value:.4g}" for value in values]
