"""Text for people: what `check`, `show`, `train` and `evaluate` print."""

from collections.abc import Mapping
from typing import Any

from nnrun.config import Config
from nnrun.dataset import Dataset
from nnrun.errors import listed
from nnrun.network import summarize
from nnrun.runs import Run


def describe_dataset(dataset: Dataset) -> str:
    """Return a few lines about the tables."""
    config = dataset.config
    lines = [f"data      {dataset.train.name}: {_count(len(dataset.train.x), 'training row')}"]
    if dataset.validation:
        lines.append(f"          {_count(len(dataset.validation.x), 'row')} held out for validation")
    if dataset.test:
        lines.append(f"          {dataset.test.name}: {_count(len(dataset.test.x), 'test row')}")
    lines.append(f"features  {listed(list(dict.fromkeys(f.name for f in dataset.encoder.features)), 6)}")
    for feature in dataset.encoder.features:
        if feature.kind == "text":
            names = ["a missing cell" if c is None else c for c in feature.categories]
            lines.append(f"          {feature.name!r}: an input for each of {listed(names, 6)}")
    for target in dataset.encoder.targets:
        if config.is_classes:
            counts = ", ".join(f"{label!r} {n}" for label, n in dataset.label_counts.items())
            of = f"; probabilities are of {dataset.encoder.labels[-1]!r}" if config.is_binary else ""
            lines.append(f"target    {target.name}: {counts}{of}")
        else:
            spread = f"{target.minimum:g} to {target.maximum:g}, mean {target.mean:g}"
            lines.append(f"target    {target.name}: {spread}")
    return "\n".join(lines)


def describe_network(config: Config, features: int) -> str:
    """Return the layers with their shapes and parameters, and what trains them."""
    rows = [("layer", "output shape", "parameters")]
    if config.data.normalize:
        rows.append(("Normalization", f"({features})", "0"))
    layers = summarize(config, features)
    rows += [(layer.name, f"({layer.units})", f"{layer.parameters:,}") for layer in layers]
    if config.rescales:
        rows.append(("Rescaling", f"({layers[-1].units})", "0"))
    if config.from_logits:
        rows.append((f"Activation {'sigmoid' if config.is_binary else 'softmax'}", f"({layers[-1].units})", "0"))
    rows.append(("total", "", f"{sum(layer.parameters for layer in layers):,}"))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    table = [f"{a:{widths[0]}}  {b:{widths[1]}}  {c:>{widths[2]}}" for a, b, c in rows]
    rate = config.optimizer["learning_rate"]
    table.append(
        f"{config.loss['name']}, {config.optimizer['name']} (learning_rate {rate:g}), "
        f"{_count(config.epochs, 'epoch')}, batch_size {config.batch_size}"
    )
    return "\n".join(table)


def describe_run(run: Run) -> str:
    """Return what a run directory says of itself: its data, the epoch that was kept, the best epoch."""
    info, metrics, best = run.read_info(), run.read_metrics(), run.best_epoch()
    lines = [f"status     {info.status}, started {info.started}"]
    for name, part in info.data.items():
        origin = part.get("path", "held out of the training table")
        lines.append(f"{name:10} {part.get('rows')} rows, {origin}")
    if metrics:
        kept = describe_metrics({name: value for name, value in metrics.items() if name != "epoch"})
        lines.append(f"kept       epoch {info.best_epoch} of {info.epochs}: {kept}")
    if best:
        by = "val_loss" if "val_loss" in best else "loss"
        lines.append(f"best       epoch {best['epoch']} by {by}: {by} {float(best[by]):.6g}")
    return "\n".join(lines)


def describe_metrics(metrics: Mapping[str, Any]) -> str:
    """Return `loss 0.0123, accuracy 0.987`."""
    return ", ".join(f"{name} {_number(value)}" for name, value in metrics.items())


def describe_evaluation(rows: int, metrics: dict[str, Any]) -> str:
    """Return a line per metric, and the confusion matrix as a table."""
    lines = [f"{'rows':20} {rows}"]
    labels, matrix = metrics.get("labels"), metrics.get("confusion_matrix")
    scalars = {k: v for k, v in metrics.items() if k not in ("labels", "confusion_matrix")}
    lines += [f"{name:20} {_number(value)}" for name, value in scalars.items()]
    if labels and matrix:
        width = max(len(str(cell)) for cell in (*labels, *(n for row in matrix for n in row), "predicted")) + 2
        lines.append("".join(f"{cell:>{width}}" for cell in ("", *("predicted" for _ in labels))))
        lines.append("".join(f"{cell:>{width}}" for cell in ("actual", *labels)))
        for label, row in zip(labels, matrix, strict=True):
            lines.append("".join(f"{cell:>{width}}" for cell in (label, *row)))
    return "\n".join(lines)


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "undefined" if value is None else str(value)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
