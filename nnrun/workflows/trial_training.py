"""How a trial is trained: as a run of its own, or fold by fold."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from nnrun.checks.registry import lint, raise_errors
from nnrun.config.schema import Config
from nnrun.errors import InputError, TrainingError
from nnrun.features.cache_folder import CACHE
from nnrun.features.dataset import PARTS, Dataset
from nnrun.features.disk_cache import cache_key
from nnrun.features.kept_table import KeptTable
from nnrun.features.loading import load_dataset
from nnrun.runs.directory import Metrics, Run
from nnrun.runs.trial_record import TrialRecord
from nnrun.workflows.cross_validation import (
    CrossValidation,
    Folds,
    TrainedFold,
    cross_validate,
    read_and_check,
)
from nnrun.workflows.read_tables import ReadTables
from nnrun.workflows.sweep_plan import Sweep
from nnrun.workflows.trial import Trial


class Watch(Protocol):
    """What watches a trial while it trains, and may give it up.

    Attributes:
        is_pruned: Whether it has given the trial up.
    """

    is_pruned: bool

    def callbacks(self) -> tuple[Any, ...]:
        """Return the Keras callbacks of a training."""

    def report(self, value: float, step: int) -> bool:
        """Take the metric after a step, and return whether the trial is given up.

        Args:
            value: The metric.
            step: The epoch, from 0, or how many folds are done.
        """


class Unwatched:
    """Watches nothing: every trial is trained to its end."""

    is_pruned = False

    def callbacks(self) -> tuple[Any, ...]:
        """Return none."""
        return ()

    def report(self, value: float, step: int) -> bool:  # noqa: ARG002
        """Give nothing up.

        Args:
            value: The metric, which is left aside.
            step: The epoch or the fold, which is left aside too.

        Returns:
            False.
        """
        return False


class _GivenUp(Exception):
    """A trial was given up between two folds."""


class Trainer:
    """Trains the trials of a sweep; those that read the tables alike read them once.

    Args:
        sweep: The sweep.
    """

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._key: tuple[object, ...] = ()
        self._dataset: Dataset | None = None
        self._table: KeptTable | None = None
        self._tables = ReadTables()

    def check(self, config: Config) -> dict[str, str]:
        """Read the tables of a config, and check that they fit it.

        Args:
            config: The config of the first trial.

        Returns:
            The SHA-256 of the table of each part that has one.

        Raises:
            InputError: A table cannot be read, or does not fit the config.
        """
        if self._sweep.folds:
            dataset = self._kept_table(config).whole
        else:
            dataset = self._checked_dataset(config)
        return dict(dataset.fingerprints)

    def train(self, trial: Trial, watch: Watch) -> TrialRecord:
        """Train a trial, and return what became of it.

        Args:
            trial: The trial, of which a former run is replaced.
            watch: May give the trial up.

        Returns:
            Its record, which is not written; a trial that fails has one too.

        Raises:
            Interrupted: A signal stopped it.
        """
        try:
            config = self._sweep.config(trial.settings)
            train = self._train_folds if self._sweep.folds else self._train_run
            record = train(config, trial, watch)
        except MemoryError:
            return _failed(trial, "out of memory")
        except (TrainingError, InputError) as error:
            return _failed(trial, str(error))
        status = "pruned" if watch.is_pruned else "finished"
        return record.model_copy(update={"status": status})

    def _train_run(self, config: Config, trial: Trial, watch: Watch) -> TrialRecord:
        """Train a config into the run directory of its trial."""
        from nnrun.training.session import train_afresh

        dataset = self._checked_dataset(config)
        callbacks = watch.callbacks()
        train_afresh(dataset, trial.path, overwrite=True, callbacks=callbacks)
        metrics = Run(trial.path).read_metrics()
        return TrialRecord(
            settings=trial.settings,
            status="finished",
            metrics=metrics,
        )

    def _train_folds(self, config: Config, trial: Trial, watch: Watch) -> TrialRecord:
        """Cross-validate a config; between two folds it may be given up."""
        trained: list[TrainedFold] = []

        def report(fold: TrainedFold) -> None:
            trained.append(fold)
            mean = CrossValidation(trained, None).mean[self._sweep.metric]
            if watch.report(mean, len(trained)):
                raise _GivenUp

        table = self._kept_table(config)
        folds = Folds(self._sweep.folds or 1)
        with suppress(_GivenUp):  # what the folds before gave is kept
            cross_validate(config, table, folds, report=report, has_verdict=False)
        return _record_of_folds(trial, CrossValidation(trained, None))

    def _checked_dataset(self, config: Config) -> Dataset:
        """Return the dataset of a config, once every rule holds for it."""
        if self._dataset is None or self._key != _reading(config):
            self._dataset = load_dataset(config, self._sweep.folder / CACHE)
            self._tables.add(self._dataset)
            self._key = _reading(config)
        dataset = replace(self._dataset, config=config)
        raise_errors(lint(dataset))
        return dataset

    def _kept_table(self, config: Config) -> KeptTable:
        """Return the table of a config, once every rule holds for it."""
        if self._table is None or self._key != _reading(config):
            self._table = read_and_check(config)
            self._tables.add(self._table.whole)
            self._key = _reading(config)
        dataset = replace(self._table.whole, config=config)
        raise_errors(lint(dataset))
        return self._table


def _reading(config: Config) -> tuple[object, ...]:
    """Return what tells whether two configs read the same rows alike."""
    tables = [getattr(config.data, part) for part in PARTS]
    return cache_key(config, {}), *tables


def _failed(trial: Trial, reason: str) -> TrialRecord:
    return TrialRecord(settings=trial.settings, status="failed", reason=reason)


def _record_of_folds(trial: Trial, result: CrossValidation) -> TrialRecord:
    """Return the record of a trial that was cross-validated; one fold has no deviation."""
    sd: Metrics = {}
    if len(result.trained) > 1:
        sd = dict(result.sd)
    return TrialRecord(
        settings=trial.settings,
        status="finished",
        metrics=dict(result.mean),
        sd=sd,
        folds=[dict(fold.metrics) for fold in result.trained],
    )


Tell = Callable[[str], None]
"""Takes a line about a trial."""
