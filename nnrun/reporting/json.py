"""Plain values for programs: those of `nnrun.check`, and of `check` and `show` with --json."""

from pathlib import Path

from nnrun.checks.registry import lint
from nnrun.config.architecture import summarize
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.runs.directory import Run
from nnrun.runs.history import best_epoch
from nnrun.runs.listing import Summary, summarize_briefly

DETAILS = {
    "seed",
    "engine",
    "jit_compile",
    "data",
    "refit_epochs",
    "started_from",
    "versions",
    "threads",
}
"""The facts of run.json that a summary takes as they are."""


def summarize_dataset(dataset: Dataset) -> Summary:
    """Return tables with their rows, encoding, network, the whole config, and warnings.

    Args:
        dataset: The dataset, with or without its matrices.
    """
    encoder = dataset.encoder
    tables = {}
    for key, part in dataset.parts.items():
        tables[key] = {
            "path": part.name,
            "rows": part.rows,
            "dropped": part.dropped,
        }
    warnings = []
    for finding in lint(dataset):
        if finding.level == "warning":
            warnings.append(finding._asdict())
    return {
        "data": tables,
        **encoder.model_dump(mode="json", exclude_none=True),
        "label_counts": _label_counts(dataset),
        "layers": _summarize_layers(dataset.config, encoder),
        "config": dataset.config.model_dump(mode="json"),
        "warnings": warnings,
    }


def _label_counts(dataset: Dataset) -> Summary:
    """Return the rows of each label, or of several targets those of each target by its name."""
    if not dataset.encoder.is_multilabel:
        return {**dataset.label_counts}
    names = dataset.encoder.target_names
    return dict(zip(names, dataset.label_counts_of_targets, strict=True))


def summarize_run(path: Path) -> Summary:
    """Return what a run directory says of itself.

    Args:
        path: The run directory.

    Raises:
        RunError: The path is not a run, or its files were altered.
        ConfigError: Its config is not a config of nnrun's.
    """
    from nnrun.results.saved_verdict import read_verdict  # which `check` does without

    summary = summarize_briefly(path)
    run = Run(path)
    info, config, encoder = run.load()
    best = best_epoch(run.history)
    verdict = read_verdict(run.verdict)
    judged = verdict.as_json() if verdict else {}
    return {
        **summary,
        "best": best._asdict() if best else {},
        **judged,
        "layers": _summarize_layers(config, encoder),
        **info.model_dump(include=DETAILS),
    }


def _summarize_layers(config: Config, encoder: Encoder) -> list[Summary]:
    """Return name, units, shapes and parameters of each layer."""
    layers = []
    for layer in summarize(config, encoder.width):
        layers.append({**layer._asdict(), "parameters": layer.parameters})
    return layers
