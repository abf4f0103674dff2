"""A trial of a sweep: its settings, where it stands, and what became of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nnrun.config.search_space import Chosen, value_of
from nnrun.files import finite
from nnrun.lock import is_held
from nnrun.runs.directory import Metrics, Run
from nnrun.runs.listing import sort_key
from nnrun.runs.trial_record import read_record

ENDED = ("finished", "pruned", "failed")


@dataclass(frozen=True)
class Trial:
    """A trial of a sweep.

    Attributes:
        settings: The value of each setting, as --set takes it.
        path: Its run directory, which a trial by cross-validation has not.
    """

    settings: Chosen
    path: Path

    @property
    def lock(self) -> Path:
        """The file that the process holds which trains it."""
        return self.path.with_name(f".{self.path.name}.lock")

    @property
    def status(self) -> str:
        """Return `finished`, `pruned` or `failed`; before, `waiting`, `running` or `interrupted`.

        One whose process was killed is `stopped`.
        """
        record = read_record(self.path)
        if record:
            return record.status
        if is_held(self.lock):
            return "running"
        run = Run(self.path)
        if not run.info.is_file():
            return "waiting"
        return run.status(run.read_info())

    @property
    def has_ended(self) -> bool:
        """Whether it is not to be trained any more."""
        return self.status in ENDED

    @property
    def metrics(self) -> Metrics:
        """Its metrics; none before it has ended."""
        record = read_record(self.path)
        if record:
            return record.metrics
        return Run(self.path).read_metrics()

    def as_json(self) -> dict[str, Any]:
        """Return `settings`, `metrics`, `run`, `status` and, if any, `reason`, `sd` and `folds`."""
        record = read_record(self.path)
        has_run = Run(self.path).info.is_file()
        settings = {}
        for key, text in self.settings.items():
            settings[key] = value_of(text)
        summary: dict[str, Any] = {
            "settings": settings,
            "metrics": finite(self.metrics),
            "run": str(self.path) if has_run else None,
            "status": self.status,
        }
        if record and record.reason:
            summary["reason"] = record.reason
        if record and record.folds:
            summary["sd"] = finite(record.sd)
            summary["folds"] = [finite(fold) for fold in record.folds]
        return summary


def best_first(trials: list[Trial], metric: str) -> list[Trial]:
    """Return the trials, the best first, those that did not finish or lack the metric last.

    Args:
        trials: The trials; equal ones stay in their order.
        metric: The metric by which they are compared.
    """

    def rank(trial: Trial) -> tuple[bool, float]:
        value = None
        if trial.status == "finished":
            value = trial.metrics.get(metric)
        return sort_key(metric, value)

    return sorted(trials, key=rank)
