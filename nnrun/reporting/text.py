"""Text for people on a dataset or on a run: what `check` and `show` print."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

from nnrun.config.architecture import summarize
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Target
from nnrun.reporting.kept_epoch import best_and_kept, kept_in_words, refit_in_words
from nnrun.reporting.metrics_text import describe_metrics
from nnrun.reporting.network_table import network_lines
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.wording import counted, listed, printable, without_middle

MOST_NAMES = 6  # features, or categories, that are named in a line

PartRow = tuple[str, object, object]


def describe_dataset(dataset: Dataset) -> str:
    """Return a few lines about the tables and their columns, and the network.

    Args:
        dataset: The dataset, with or without its matrices.
    """
    encoder = dataset.encoder
    lines = [*_part_lines(dataset), *_feature_lines(encoder)]
    counts_of_targets = dataset.label_counts_of_targets
    for target, counts in zip(encoder.targets, counts_of_targets, strict=True):
        lines.append(_target_line(dataset.config, target, counts))
    return _with_network(lines, dataset.config, encoder)


def summarize_in_a_line(dataset: Dataset) -> str:
    """Return what is going to be trained: rows, inputs and parameters.

    Args:
        dataset: The dataset, with or without its matrices.
    """
    inputs = len(dataset.encoder.inputs)
    layers = summarize(dataset.config, dataset.encoder.width)
    parameters = sum(layer.parameters for layer in layers)
    counts_of_rows = []
    for name, part in dataset.parts.items():
        counts_of_rows.append(f"{part.rows:,} rows of {name}")
    counts_of_network = [
        counted(inputs, "input"),
        counted(len(layers), "layer"),
        counted(parameters, "parameter"),
    ]
    rows = ", ".join(counts_of_rows)
    network = ", ".join(counts_of_network)
    return f"{rows}; {network}"


def describe_run(path: Path) -> str:
    """Return what a run directory says of itself: its status, data and epochs, and the network.

    Args:
        path: The run directory.

    Raises:
        RunError: The path is not a run, or its files were altered.
        ConfigError: Its config is not a config of nnrun's.
    """
    run = Run(path)
    info, config, encoder = run.load()
    status = run.status(info)
    lines = [f"status     {status}, started {info.started}"]
    if info.started_from:
        lines.append(f"start      with the weights of {info.started_from.path}")
    lines += _progress_lines(run, info)
    for name, rows, table in part_rows(info):
        lines.append(f"{name:10} {rows} rows, {table}")
    lines += _epoch_lines(run, info, config)
    return _with_network(lines, config, encoder)


def part_rows(info: RunInfo) -> list[PartRow]:
    """Return of each part of a run's data its name, how many rows it has, and its table.

    Args:
        info: The run.json of the run.
    """
    rows: list[PartRow] = []
    for name, part in info.data.items():
        count = part.get("rows")
        table = part.get("path", "held out of the training table")
        rows.append((name, count, table))
    return rows


def _with_network(lines: list[str], config: Config, encoder: Encoder) -> str:
    network = network_lines(config, encoder)
    all_lines = [*lines, "", *network]
    return "\n".join(printable(without_middle(line)) for line in all_lines)


def _part_lines(dataset: Dataset) -> Iterator[str]:
    """Yield a line for each table, or each part of one."""
    train = dataset.train
    validation = dataset.validation
    test = dataset.test
    rows = counted(train.rows, "training row")
    yield f"data      {train.name}: {rows}"
    if validation:
        rows = counted(validation.rows, "row")
        yield f"          {rows} held out for validation"
    if test:
        rows = counted(test.rows, "test row")
        yield f"          {test.name}: {rows}"
    if train.weights is not None:
        least = train.weights.min()
        most = train.weights.max()
        column = dataset.config.data.sample_weight
        yield f"          rows weigh {least:g} to {most:g}, by column {column!r}"


def _feature_lines(encoder: Encoder) -> Iterator[str]:
    """Yield the names of the features, and a line for each column of text."""
    columns = listed(encoder.column_names, MOST_NAMES)
    yield f"features  {columns}"
    for feature in encoder.features:
        if feature.kind == "text":
            names = feature.category_names(missing="a missing cell", other="all others")
            categories = listed(names, MOST_NAMES)
            yield f"          {feature.name!r}: an input for each of {categories}"


def _target_line(config: Config, target: Target, label_counts: Mapping[str, int]) -> str:
    """Return the target with its labels and their rows, or with its range."""
    start = f"target    {target.name}: "
    if not label_counts:
        return f"{start}{target.minimum:g} to {target.maximum:g}, mean {target.mean:g}"
    counts = []
    for label, rows in label_counts.items():
        counts.append(f"{label!r} {rows}")
    line = start + ", ".join(counts)
    if config.is_binary:
        positive = list(label_counts)[-1]
        line += f"; probabilities are of {positive!r}"
    return line


def _progress_lines(run: Run, info: RunInfo) -> Iterator[str]:
    """Yield how far a run is that has not finished, and how it goes on."""
    if info.status == "finished":
        return
    done = run.count_epochs(info)
    goal = info.goal * info.ensemble
    epochs = f"{done} of {goal} epochs"
    if info.stopped_at and info.status == "interrupted":
        epochs = f"stopped at epoch {info.stopped_at} of {info.goal}; predict takes its weights"
    path = shlex.quote(str(run.path))
    command = f"nnrun resume {path}"
    yield f"epochs     {epochs}; if no process trains it, resume it with: {command}"


def _epoch_lines(run: Run, info: RunInfo, config: Config) -> Iterator[str]:
    """Yield the epoch whose weights were kept, and the best one so far."""
    from nnrun.results.saved_verdict import read_verdict  # which `check` does without

    metrics = run.read_metrics()
    if metrics:
        epoch = kept_in_words(config, info.best_epoch)
        if info.status == "finished" and config.ensemble == 1:
            epoch += f" of {info.epochs}"
        shown_metrics = describe_metrics(metrics)
        yield f"kept       {epoch}: {shown_metrics}"
    verdict = read_verdict(run.verdict)
    if verdict:
        yield f"{verdict.part:10} {verdict.sentence}"
        for name, sentence in verdict.targets.items():
            yield f"           {name}: {sentence}"
    sentence = best_and_kept(run, info, config)
    if sentence:
        yield f"best       {sentence}"
    refit = refit_in_words(info)
    if refit:
        yield f"refit      {refit}"
