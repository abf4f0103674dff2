"""Plain values for programs: what `check`, `show` and `runs` print with --json, and `nnrun.check` returns."""

from pathlib import Path
from typing import Any

from nnrun.config.architecture import summarize
from nnrun.config.keras_catalog import METRIC
from nnrun.config.schema import Config
from nnrun.errors import InputError, RunError
from nnrun.features.encoder import Encoder
from nnrun.files import finite
from nnrun.runs.directory import Run
from nnrun.wording import did_you_mean, listed

Summary = dict[str, Any]
DETAILS = {"seed", "engine", "jit_compile", "data", "versions", "threads"}
LESS_IS_BETTER = (
    "loss",
    "Error",
    "Poisson",
    "Crossentropy",
    "Hinge",
    "FalseNegatives",
    "FalsePositives",
)


def summarize_run(path: Path, *, details: bool = True) -> Summary:
    """Return what a run directory says of itself, without `details` what is quickly read; else raise a RunError."""
    run = Run(path)
    info = run.read_info()
    epochs = info.epochs if info.status == "finished" else run.epochs()
    summary = {
        "run": str(path),
        "status": run.status(info),
        "epochs": epochs,
        "metrics": finite(run.read_metrics()),
    }
    summary |= info.model_dump(include={"goal", "started", "seconds"})
    if details:
        _, config, encoder = run.load()
        best = dict(zip(("epoch", "by", "value"), run.best_epoch() or (), strict=False))
        layers = summarize_layers(config, encoder)
        summary |= {
            "kept_epoch": info.best_epoch,
            "best": best,
            "layers": layers,
            **info.model_dump(include=DETAILS),
        }
    return summary


def list_runs(folder: Path, sort: str | None = None) -> list[Summary]:
    """Return what each run in the folder, or the folder as a run, says of itself: the first to start is first.

    With `sort`, the best of this metric is. A run that cannot be read has the status `broken` and an `error`. Raises an
    InputError where there is no such folder, or no such metric.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder}: there is no such folder; give one in which `nnrun train` made runs"
        )
    found: list[Summary] = []
    for path in sorted(
        path for path in (folder, *folder.iterdir()) if (path / "run.json").is_file()
    ):
        try:
            found.append(summarize_run(path, details=False))
        except RunError as error:
            unknown = dict.fromkeys(("epochs", "goal", "started", "seconds"))
            found.append(
                {
                    "run": str(path),
                    "status": "broken",
                    "metrics": {},
                    **unknown,
                    "error": str(error),
                }
            )
    found.sort(key=lambda run: str(run["started"]))
    if sort:
        if sort not in (known := known_metrics(found)):
            hint = did_you_mean(sort, known) or f"; they have {listed(known, 12)}" * bool(known)
            raise InputError(f"--sort {sort}: no run in {folder} has this metric{hint}")
        sign = 1 if less_is_better(sort) else -1
        found.sort(
            key=lambda run: (
                run["metrics"].get(sort) is None,
                sign * (run["metrics"].get(sort) or 0),
            )
        )
    return found


def less_is_better(metric: str) -> bool:
    """Return which way a metric is better, as Keras's `mode: auto` does; of wrong labels, too, less is better."""
    name = METRIC.canonical(metric.removeprefix("val_").removeprefix("test_")) or "loss"
    return name.endswith(LESS_IS_BETTER)


def known_metrics(found: list[Summary]) -> list[str]:
    """Return the names of the metrics that any of the runs has."""
    return list(dict.fromkeys(name for run in found for name in run["metrics"]))


def summarize_layers(config: Config, encoder: Encoder) -> list[Summary]:
    """Return name, units, shapes and parameters of each layer."""
    return [
        layer._asdict() | {"parameters": layer.parameters}
        for layer in summarize(config, len(encoder.inputs))
    ]
