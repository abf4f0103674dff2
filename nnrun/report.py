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
    encoder = dataset.encoder
    lines = [f"data      {dataset.train.name}: {_count(len(dataset.train.x), 'training row')}"]
    if dataset.validation:
        lines.append(f"          {_count(len(dataset.validation.x), 'row')} held out for validation")
    if dataset.test:
        lines.append(f"          {dataset.test.name}: {_count(len(dataset.test.x), 'test row')}")
    lines.append(f"features  {listed(list(dict.fromkeys(f.name for f in encoder.features)), 6)}")
    for feature in encoder.features:
        if feature.kind == "text":
            names = ["a missing cell" if c is None else c for c in feature.categories]
            lines.append(f"          {feature.name!r}: an input for each of {listed(names, 6)}")
    for target in encoder.targets:
        values = f"{target.minimum:g} to {target.maximum:g}, mean {target.mean:g}"
        if encoder.labels:
            values = ", ".join(f"{label!r} {n}" for label, n in dataset.label_counts.items())
            values += f"; probabilities are of {encoder.labels[-1]!r}" if dataset.config.is_binary else ""
        lines.append(f"target    {target.name}: {values}")
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
    i, j, k = (max(map(len, column)) for column in zip(*rows, strict=True))
    lines = [f"{name:{i}}  {shape:{j}}  {parameters:>{k}}" for name, shape, parameters in rows]
    optimizer = f"{config.optimizer['name']} (learning_rate {config.optimizer['learning_rate']:g})"
    steps = f"{_count(config.epochs, 'epoch')}, batch_size {config.batch_size}"
    return "\n".join([*lines, f"{config.loss['name']}, {optimizer}, {steps}"])


def describe_run(run: Run) -> str:
    """Return what a run directory says of itself: its data, the epoch that was kept, the best epoch."""
    info, metrics = run.read_info(), run.read_metrics()
    lines = [f"status     {info.status}, started {info.started}"]
    for name, part in info.data.items():
        origin = part.get("path", "held out of the training table")
        lines.append(f"{name:10} {part.get('rows')} rows, {origin}")
    if metrics.pop("epoch", None):
        lines.append(f"kept       epoch {info.best_epoch} of {info.epochs}: {describe_metrics(metrics)}")
    if best := run.best_epoch():
        by = "val_loss" if "val_loss" in best else "loss"
        lines.append(f"best       epoch {best['epoch']} by {by}: {by} {float(best[by]):.6g}")
    return "\n".join(lines)


def describe_metrics(metrics: Mapping[str, Any]) -> str:
    """Return `loss 0.0123, accuracy 0.987`."""
    return ", ".join(f"{name} {_number(value)}" for name, value in metrics.items())


def describe_evaluation(rows: int, metrics: dict[str, Any]) -> str:
    """Return a line per metric, and the confusion matrix as a table."""
    scalars = {"rows": rows} | {k: v for k, v in metrics.items() if k not in ("labels", "confusion_matrix")}
    lines = [f"{name:20} {_number(value)}" for name, value in scalars.items()]
    if labels := metrics.get("labels"):
        table = [["", *["predicted"] * len(labels)], ["actual", *labels]]
        table += [[label, *row] for label, row in zip(labels, metrics["confusion_matrix"], strict=True)]
        width = max(len(str(cell)) for row in table for cell in row) + 2
        lines += ["".join(f"{cell:>{width}}" for cell in row) for row in table]
    return "\n".join(lines)


def _number(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "undefined" if value is None else str(value)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"
