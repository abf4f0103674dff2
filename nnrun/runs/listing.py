"""The runs in a folder, each in brief, in the order of their start or of a metric."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnrun.config.keras_catalog import METRIC
from nnrun.config.search_space import value_of
from nnrun.errors import InputError, RunError
from nnrun.files import finite
from nnrun.runs.directory import Run
from nnrun.runs.settings import settings_of
from nnrun.runs.trial_record import NAMES, read_record
from nnrun.wording import did_you_mean, listed

Summary = dict[str, Any]
"""Plain values for JSON, by name."""

LESS_IS_BETTER = (
    "loss",
    "Error",
    "Poisson",
    "Crossentropy",
    "Hinge",
    "FalseNegatives",
    "FalsePositives",
)
"""How the names of metrics end of which less is better."""

UNKNOWN = ("epochs", "verdict", "kept_epoch", "goal", "started", "seconds")
"""What a listing does not tell of a run that cannot be read, or of a trial without a run."""

MOST_METRICS = 12
"""Metrics that a message names at the most."""


def summarize_briefly(path: Path) -> Summary:
    """Return the facts of a run that are quickly read.

    Args:
        path: The run directory.

    Returns:
        Its `run`, which is the path, `status`, `epochs`, `metrics`, `verdict`, `kept_epoch`,
        `settings`, by the keys that --set takes, `started`, `goal` and `seconds`.

    Raises:
        RunError: The path is not a run, or a file of it cannot be read.
    """
    run = Run(path)
    info = run.read_info()
    record = read_record(path)
    status = record.status if record else run.status(info)
    epochs = info.epochs
    if info.status != "finished":
        epochs = run.count_epochs(info)
    return {
        "run": str(path),
        "status": status,
        "epochs": epochs,
        "metrics": finite(run.read_metrics()),
        "verdict": run.read_judgement(),
        "kept_epoch": info.best_epoch,
        "settings": settings_of(info.config),
        "goal": info.goal * info.ensemble,
        **info.model_dump(include={"started", "seconds"}),
    }


def list_runs(folder: Path, sort: str | None = None) -> list[Summary]:
    """Return the runs in a folder in brief, or the folder as a run.

    Args:
        folder: The folder.
        sort: The metric of which the best comes first. Without one, the first to start does.

    Returns:
        The summaries; one of a run that cannot be read has the status `broken` and an `error`.

    Raises:
        InputError: There is no such folder, or no run has such a metric.
    """
    if not folder.is_dir():
        reason = "is not a folder" if folder.exists() else "there is no such folder"
        raise InputError(f"{folder}: {reason}; give one in which `nnrun train` made runs")
    summaries = summarize_runs(_run_paths(folder))
    summaries += map(_summarize_trial, _trials_without_runs(folder))
    summaries.sort(key=lambda summary: str(summary["started"]))
    if sort is None:
        return summaries
    check_metric(f"--sort {sort}", sort, summaries, f"run in {folder}")
    return best_first(summaries, sort)


def summarize_runs(paths: Sequence[Path]) -> list[Summary]:
    """Return runs in brief, in the order of their paths.

    Args:
        paths: The run directories.

    Returns:
        The summaries; one of a run that cannot be read has the status `broken` and an `error`.
    """
    return list(map(_summarize_readable, paths))


def best_first(summaries: Sequence[Summary], metric: str) -> list[Summary]:
    """Return runs in brief, the best by a metric first, those without it last.

    Args:
        summaries: The runs in brief; equal ones stay in their order.
        metric: The metric, as the files of the runs name it.
    """

    def rank(summary: Summary) -> tuple[bool, float]:
        value = summary["metrics"].get(metric)
        return sort_key(metric, value)

    return sorted(summaries, key=rank)


def runs_among(paths: Sequence[Path]) -> list[Path]:
    """Return the runs that paths name, each once; a folder stands for the runs in it.

    A path that is neither stays, since who reads it says best what is wrong with it.

    Args:
        paths: Run directories, and folders of run directories.
    """
    runs: dict[Path, Path] = {}
    for path in paths:
        for run in _runs_at(path):
            runs.setdefault(run.resolve(), run)
    return list(runs.values())


def _runs_at(path: Path) -> list[Path]:
    """Return the runs in a folder, or the path where it is a run, or no folder of runs."""
    is_run = Run(path).info.is_file()
    if is_run or not path.is_dir():
        return [path]
    return _run_paths(path) or [path]


def best_run(folder: Path, metric: str) -> str:
    """Return the path of the finished run in a folder that is best by a metric.

    Of equal runs it is the first to start.

    Args:
        folder: The folder of the run directories.
        metric: The metric.

    Raises:
        InputError: There is no such folder, or no finished run has such a metric.
    """
    finished = _finished(folder)
    with_runs = list(filter(_has_a_run, finished))
    if finished and not with_runs:
        reason = "its trials were cross-validated, and such trials leave no run"
        raise InputError(f"--best {metric}: {folder}: {reason}; train its best.yaml")
    check_metric(f"--best {metric}", metric, with_runs, f"finished run in {folder}")
    best, *_ = best_first(with_runs, metric)
    return str(best["run"])


def runs_by_metric(folder: Path, metric: str) -> list[Path]:
    """Return the paths of the finished runs in a folder that have a metric, the best first.

    Args:
        folder: The folder of the run directories.
        metric: The metric.
    """
    finished = filter(_has_a_run, _finished(folder))
    measured = []
    for run in finished:
        if run["metrics"].get(metric) is not None:
            measured.append(run)
    runs = best_first(measured, metric)
    return [Path(run["run"]) for run in runs]


def _finished(folder: Path) -> list[Summary]:
    return [run for run in list_runs(folder) if run["status"] == "finished"]


def _has_a_run(summary: Summary) -> bool:
    """Return whether there is a run; trials that were cross-validated leave none."""
    return Run(Path(summary["run"])).info.is_file()


def less_is_better(metric: str) -> bool:
    """Return whether less of a metric is better, as Keras's `mode: auto` tells.

    Of wrong labels, too, less is better.

    Args:
        metric: The metric, with or without `val_` or `test_` before its name.
    """
    name = METRIC.canonical(_without_part(metric)) or "loss"
    return name.endswith(LESS_IS_BETTER)


def sort_key(metric: str, value: float | None) -> tuple[bool, float]:
    """Return what sorts values of a metric: the best first, one that is missing last.

    Args:
        metric: The metric.
        value: A finite value of it, or None.
    """
    if value is None:
        return True, 0.0
    if less_is_better(metric):
        return False, value
    return False, -value


def _is_ranked(metric: str) -> bool:
    """Return whether nnrun knows which way a metric is better: that of a forged run may be any."""
    name = _without_part(metric)
    return name == "loss" or METRIC.canonical(name) is not None


def _without_part(metric: str) -> str:
    """Return the name of a metric without that of the rows on which it was measured."""
    return metric.removeprefix("val_").removeprefix("test_")


def known_metrics(summaries: Sequence[Summary]) -> list[str]:
    """Return the names of the metrics that any of the runs has, in the order of their files.

    Args:
        summaries: The runs in brief.
    """
    names: dict[str, None] = {}
    for summary in summaries:
        names |= dict.fromkeys(summary["metrics"])
    return list(names)


def check_metric(
    option: str,
    metric: str,
    summaries: Sequence[Summary],
    kind_of_runs: str = "run",
) -> None:
    """Check that runs can be ranked by a metric that an option names.

    Args:
        option: The option with its value.
        metric: The metric.
        summaries: The runs in brief.
        kind_of_runs: What they are, as in `run in runs`, for the message.

    Raises:
        InputError: No run has the metric, or nnrun does not know which way it is better.
    """
    metrics = known_metrics(summaries)
    if metric in metrics and not _is_ranked(metric):
        reason = "nnrun does not know whether less or more of this metric is better"
        raise InputError(f"{option}: {reason}; `nnrun runs --json` has its values")
    if metric in metrics:
        return
    hint = did_you_mean(metric, metrics)
    if metrics and not hint:
        names = listed(metrics, MOST_METRICS)
        hint = f"; they have {names}"
    raise InputError(f"{option}: no {kind_of_runs} has this metric{hint}")


def _run_paths(folder: Path) -> list[Path]:
    """Return which of the folder and its subfolders are runs, in the order of their names."""
    candidates = (folder, *folder.iterdir())
    return sorted(path for path in candidates if (path / "run.json").is_file())


def _trials_without_runs(folder: Path) -> list[Path]:
    """Return the trials of a sweep that failed before they began, or are cross-validations."""
    trials = []
    for record in sorted(folder.glob(NAMES)):
        trial = record.with_suffix("")
        if not Run(trial).info.is_file():
            trials.append(trial)
    return trials


def _summarize_trial(path: Path) -> Summary:
    """Return a trial without a run in brief: its settings are those that its sweep tries."""
    try:
        record = read_record(path)
    except RunError as error:
        return _broken(path, error)
    if record is None:
        return _broken(path, RunError(f"{path}: no longer exists"))
    settings = {key: value_of(text) for key, text in record.settings.items()}
    summary = {
        "run": str(path),
        "status": record.status,
        "metrics": finite(record.metrics),
        "settings": settings,
        **dict.fromkeys(UNKNOWN),
    }
    if record.reason:
        summary["error"] = f"{path}: {record.reason}"
    return summary


def _summarize_readable(path: Path) -> Summary:
    """Return a run in brief, or why it cannot be read."""
    try:
        return summarize_briefly(path)
    except RunError as error:
        return _broken(path, error)


def _broken(path: Path, error: RunError) -> Summary:
    """Return what a listing says of a run that cannot be read."""
    return {
        "run": str(path),
        "status": "broken",
        "metrics": {},
        "settings": {},
        **dict.fromkeys(UNKNOWN),
        "error": str(error),
    }
