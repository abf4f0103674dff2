"""Text for people: what `check`, `show`, `train` and `evaluate` print, and progress on stderr while a run trains."""

import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

from nnrun.config import Config
from nnrun.dataset import Dataset
from nnrun.errors import counted, listed, printable
from nnrun.network import LayerSummary, summarize
from nnrun.runs import Run, RunInfo
from nnrun.summary import Summary, known_metrics


def describe_dataset(dataset: Dataset) -> str:
    """Return a few lines about the tables, and the network."""
    encoder = dataset.encoder
    lines = [f"data      {dataset.train.name}: {counted(len(dataset.train.x), 'training row')}"]
    if dataset.validation:
        lines.append(f"          {counted(len(dataset.validation.x), 'row')} held out for validation")
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
            values += f"; probabilities are of {encoder.labels[-1]!r}" if dataset.config.is_binary else ""
        lines.append(f"target    {target.name}: {values}")
    return "\n".join(map(printable, [*lines, "", *_describe_network(dataset.config, len(encoder.inputs))]))


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
        lines.append(f"epochs     {done}; where nobody trains it, go on with: nnrun resume {shlex.quote(str(path))}")
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
    return [(k, part.get("rows"), part.get("path", "held out of the training table")) for k, part in info.data.items()]


def describe_metrics(metrics: Mapping[str, Any]) -> str:
    """Return `loss 0.0123, accuracy 0.987`."""
    return ", ".join(f"{name} {shown_number(value)}" for name, value in metrics.items())


def describe_evaluation(rows: int, metrics: dict[str, Any]) -> str:
    """Return a line per metric, and the confusion matrix as a table."""
    scalars = {"rows": rows} | {k: v for k, v in metrics.items() if k not in ("labels", "confusion_matrix")}
    lines = [f"{name:20} {shown_number(value)}" for name, value in scalars.items()]
    if labels := metrics.get("labels"):
        table = [["", *["predicted"] * len(labels)], ["actual", *labels]]
        table += [[label, *row] for label, row in zip(labels, metrics["confusion_matrix"], strict=True)]
        width = max(len(str(cell)) for row in table for cell in row) + 2
        lines += ["".join(f"{cell:>{width}}" for cell in row) for row in table]
    return "\n".join(lines)


def describe_runs(found: list[Summary], width: int, first: str | None = None) -> str:
    """Return a table with a line for each run, and as many of the metrics as fit the width, `first` before others."""
    known = sorted(known_metrics(found), key=lambda name: (name != first, not name.startswith(("val_", "test_"))))
    header = ["run", "status", "epochs", "started UTC", "seconds", *known]
    rows = [list(map(printable, cells)) for cells in (header, *(_cells(run, known, width // 3) for run in found))]
    sizes = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
    fits = max(5, sum(end <= width + 2 for end in accumulate(sizes)))
    lines = ["".join(map(str.ljust, cells[:fits], sizes)).rstrip() for cells in rows]
    more = [f"more with --json: {', '.join(map(printable, known[fits - 5 :]))}"] * (fits - 5 < len(known))
    return "\n".join(lines + more)


@contextmanager
def progress(epochs: int, *, quiet: bool) -> Iterator[tuple[Any, ...]]:
    """Yield the Keras callbacks that show progress: a bar on a terminal, a line per tenth of the run elsewhere."""
    from nnrun.backend import keras

    if quiet or not sys.stderr.isatty():
        began, first = time.monotonic(), list[int]()
        line = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, _: first.append(epoch),
            on_epoch_end=lambda *args: _print_line(began, first[0], epochs, *args),
        )
        yield () if quiet else (line,)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.table import Column

    metrics = TextColumn("{task.fields[logs]}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"))
    columns = ("epoch {task.fields[epoch]}/{task.total}", BarColumn(bar_width=10), TimeRemainingColumn(compact=True))
    with Progress(*columns, metrics, console=Console(stderr=True), refresh_per_second=5, expand=True) as bar:
        task = bar.add_task("", total=epochs, epoch=1, logs="")

        def on_batch(batch: int, logs: Any) -> None:  # Keras passes `logs` by name
            epoch = bar.tasks[task].fields["epoch"] - 1
            bar.update(task, completed=epoch + (batch + 1) / callback.params["steps"])

        callback = keras.callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, _: bar.update(task, epoch=epoch + 1),
            on_train_batch_end=on_batch,
            on_epoch_end=lambda _, logs: bar.update(task, logs=_short(logs)),
        )
        yield (callback,)


def _print_line(began: float, first: int, epochs: int, epoch: int, logs: Mapping[str, float]) -> None:
    done = epoch + 1
    if done * 10 // epochs > epoch * 10 // epochs:
        left = (time.monotonic() - began) / (done - first) * (epochs - done)
        ahead = f" ({left:.0f} s left)" if left >= 1 else ""
        with suppress(OSError):  # nobody may be reading any more, and the run goes on
            print(f"epoch {done}/{epochs}: {describe_metrics(logs)}{ahead}", file=sys.stderr, flush=True)


def _short(logs: Mapping[str, float]) -> str:
    held = {name: f" (val {logs[f'val_{name}']:.3g})" for name in logs if f"val_{name}" in logs}
    return ", ".join(f"{name} {logs[name]:.3g}{held.get(name, '')}" for name in logs if not name.startswith("val_"))


def shown_number(value: Any) -> str:
    """Return a metric as people read it."""
    return f"{value:.6g}" if isinstance(value, float) else "undefined" if value is None else str(value)


def _cells(run: Summary, metrics: list[str], most: int) -> list[str]:
    name, values = Path(run["run"]).name, [run["metrics"].get(metric) for metric in metrics]
    name = name if len(name) <= most else f"{name[: most - 3]}..."
    facts = [name, run["status"][:11], "-", "-", "-"]
    if "error" not in run:  # the time of the day and the date, without the year
        facts[2:] = f"{run['epochs']}/{run['goal']}", run["started"][5:16].replace("T", " "), f"{run['seconds']:.4g}"
    return facts + ["-" if value is None else f"{value:.4g}" for value in values]
