"""Optuna's study of a sweep: which settings to try next, and what became of those before."""

import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from nnrun.config.search_space import Choices, Chosen, Range
from nnrun.errors import InputError
from nnrun.installation import how_to_install
from nnrun.lock import held, held_if_free, held_in_turn
from nnrun.runs.history import Logs
from nnrun.runs.listing import less_is_better
from nnrun.runs.trial_record import TrialRecord, record_path
from nnrun.workflows.storage_url import is_of_another_machine, storage_errors
from nnrun.workflows.study_journal import journal_errors, open_journal
from nnrun.workflows.sweep_plan import Sweep

MAKING_TABLES = 2.0
"""Seconds in which another machine makes the tables of a storage; SQLite needs a tenth of them."""

REPEATS = "repeats"
"""The attribute of a trial that has the number of the failed one whose settings it tries again."""

ASKING = ".asking.lock"
"""The file that a process holds while it asks for a trial, so that none is asked for twice."""


class AskedTrial:
    """A trial that Optuna suggested, while this process trains it.

    Args:
        study: Optuna's own study.
        trial: Optuna's own trial.
        settings: The value of each setting.
        metric: The metric that is watched.

    Attributes:
        number: The number of the trial, from 0.
        settings: The value of each setting, as --set takes it.
        is_pruned: Whether Optuna has given it up.
    """

    def __init__(
        self,
        study: Any,  # noqa: ANN401  Optuna is an extra
        trial: Any,  # noqa: ANN401
        settings: Chosen,
        metric: str,
    ) -> None:
        self._study = study
        self._trial = trial
        self._metric = metric
        # A process that was killed may have reported some steps: the same are not told twice.
        stored_trial = study.get_trials(deepcopy=False)[trial.number]
        self._reported = set(stored_trial.intermediate_values)
        self.number: int = trial.number
        self.settings = settings
        self.is_pruned = False

    def callbacks(self) -> tuple[Any, ...]:
        """Return the Keras callback that ends a training worse than the median of others."""
        return (_pruner(self, self._metric),)

    def report(self, value: float, step: int) -> bool:
        """Take the metric after a step, and return whether the trial is given up.

        Args:
            value: The metric.
            step: The epoch, from 0, or how many folds are done; one is reported once.
        """
        if step not in self._reported:
            self._reported.add(step)
            self._trial.report(value, step)
        self.is_pruned = self.is_pruned or bool(self._trial.should_prune())
        return self.is_pruned

    def tell(self, value: float | None) -> None:
        """Tell Optuna what became of it.

        Args:
            value: The metric, or None of a trial that failed.
        """
        from optuna.trial import TrialState

        if value is None:
            self._study.tell(self._trial, state=TrialState.FAIL)
        elif self.is_pruned:
            self._study.tell(self._trial, state=TrialState.PRUNED)
        else:
            self._study.tell(self._trial, value)


class Study:
    """A study of Optuna's, on which several processes may work.

    Args:
        study: Optuna's own study.
        sweep: What is trained.
    """

    def __init__(self, study: Any, sweep: Sweep) -> None:  # noqa: ANN401  Optuna is an extra
        self._study = study
        self._sweep = sweep

    @contextmanager
    def next_trial(self, count: int) -> Iterator[AskedTrial | None]:
        """Yield a trial for this process alone, or None where there are enough.

        A trial whose process was killed or interrupted comes first.

        Args:
            count: How many trials there are to be.
        """
        with ExitStack() as locks:
            with held_in_turn(self._sweep.folder / ASKING):
                trial = self._abandoned_trial(locks) or self._new_trial(count, locks)
                asked_trial = None if trial is None else self._with_settings(trial)
            yield asked_trial

    def trials(self) -> list[tuple[int, Chosen]]:
        """Return the number and the settings of each trial, of all processes."""
        chosen = []
        for trial in self._trials():
            settings = trial.user_attrs.get("settings")
            if settings is not None and not self._is_to_be_repeated(trial):
                chosen.append((trial.number, settings))
        return chosen

    def records(self) -> list[tuple[int, TrialRecord]]:
        """Return the number and a record of each trial that has ended.

        The record is what the storage knows of a trial: of its metrics only that which is compared.
        """
        records = []
        for trial in self._trials():
            if trial.state.is_finished() and "settings" in trial.user_attrs:
                record = _record_of(trial, self._sweep.metric)
                records.append((trial.number, record))
        return records

    def _lock(self, number: int) -> Path:
        """Return the file that the process holds which trains a trial, counted from 0."""
        return self._sweep.trial(number, {}).lock

    def _abandoned_trial(self, locks: ExitStack) -> Any:  # noqa: ANN401
        """Return a trial that no process trains any more, though it has not ended; or None.

        Where machines share a storage and no folder, those of others have no lock file here.
        """
        import optuna

        for trial in self._trials():
            lock = self._lock(trial.number)
            is_of_this_folder = lock.exists() or self._sweep.storage is None
            is_open = trial.state == optuna.trial.TrialState.RUNNING
            if not is_open or not is_of_this_folder:
                continue
            is_ours = locks.enter_context(held_if_free(lock))
            if not is_ours:
                continue
            trials_now = self._trials()  # it may have ended before the lock was held
            state_now = trials_now[trial.number].state
            if not state_now.is_finished():
                return optuna.trial.Trial(self._study, trial._trial_id)
        return None

    def _new_trial(self, count: int, locks: ExitStack) -> Any:  # noqa: ANN401
        """Return a new trial, or None where there are enough, those that run among them."""
        self._repeat_failed()
        trials = self._trials()
        is_any_waiting = any(trial.state.name == "WAITING" for trial in trials)
        repeated = sum(map(self._is_to_be_repeated, trials))
        are_enough = len(trials) - repeated >= count
        if are_enough and not is_any_waiting:
            return None
        trial = self._study.ask()
        locks.enter_context(held(self._lock(trial.number)))
        return trial

    def _repeat_failed(self) -> None:
        """Let Optuna ask again for what failed, where somebody removed the record of a trial."""
        trials = self._trials()
        repeated = {trial.user_attrs.get(REPEATS) for trial in trials}
        for trial in trials:
            number = trial.number
            if self._is_to_be_repeated(trial) and number not in repeated:
                self._study.enqueue_trial(trial.params, user_attrs={REPEATS: number})

    def _is_to_be_repeated(self, trial: Any) -> bool:  # noqa: ANN401
        """Return whether a trial failed, and its record is gone, so that it is trained anew.

        Where machines share a storage, a record may be on another one.
        """
        path = self._sweep.trial(trial.number, {}).path
        is_recorded = record_path(path).exists()
        has_failed = trial.state.name == "FAIL" and self._sweep.storage is None
        return has_failed and not is_recorded

    def _trials(self) -> list[Any]:
        """Return Optuna's trials in the order of their numbers, as they are now."""
        trials: list[Any] = self._study.get_trials(deepcopy=False)
        return trials

    def _with_settings(self, trial: Any) -> AskedTrial:  # noqa: ANN401
        """Return a trial with the settings that Optuna suggests for it, or has suggested."""
        self._study.sampler = _sampler(self._sweep, trial.number)
        chosen = {}
        for key, values in self._sweep.space.settings.items():
            chosen[key] = _suggest(trial, key, values)
        trial.set_user_attr("settings", chosen)
        return AskedTrial(self._study, trial, chosen, self._sweep.metric)


def _sampler(sweep: Sweep, number: int) -> Any:  # noqa: ANN401  of Optuna's types
    """Return what chooses the settings of a trial, given its number.

    The same number has the same settings again, and two processes do not have the same. Of lists,
    each combination is chosen once.
    """
    import optuna

    sampler = optuna.samplers.TPESampler(seed=sweep.base.seed + number)
    combinations = sweep.space.combinations()
    combination = next(islice(combinations, number, None), None)
    if not sweep.space.is_grid or combination is None:
        return sampler
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.PartialFixedSampler(combination, sampler)


def _record_of(trial: Any, metric: str) -> TrialRecord:  # noqa: ANN401
    """Return the record of a trial that ended on another machine, as Optuna knows it."""
    from optuna.trial import TrialState

    settings = trial.user_attrs["settings"]
    if trial.state == TrialState.FAIL:
        reason = "it failed on another machine, whose folder says why"
        return TrialRecord(settings=settings, status="failed", reason=reason)
    metrics = {} if trial.value is None else {metric: trial.value}
    if trial.state == TrialState.PRUNED:
        return TrialRecord(settings=settings, status="pruned", metrics=metrics)
    return TrialRecord(settings=settings, status="finished", metrics=metrics)


def _suggest(trial: Any, key: str, values: Choices | Range) -> str:  # noqa: ANN401
    """Return a value that Optuna chooses, as --set takes it."""
    if not isinstance(values, Range):
        choice = trial.suggest_categorical(key, list(values))
        return str(choice)
    if values.is_whole:
        low = int(values.low)
        high = int(values.high)
        whole_number = trial.suggest_int(key, low, high, log=values.is_log)
        return str(whole_number)
    number = trial.suggest_float(key, values.low, values.high, log=values.is_log)
    return repr(number)


def open_study(sweep: Sweep) -> Study:
    """Open the study of a sweep, or begin it.

    Args:
        sweep: The sweep, whose folder exists.

    Raises:
        InputError: Optuna is not installed, or cannot open the storage.
        NnrunError: The database of the storage cannot be used.
        RunError: The journal in the folder was altered.
    """
    try:
        import optuna
    except ImportError:
        reason = "a range of values, and --storage, need Optuna"
        raise InputError(f"{reason}: {how_to_install('sweep')}") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    # In turn, or two processes make the tables of a storage.
    with held_in_turn(sweep.folder / ASKING), _opening_errors(sweep):
        study = _created_once_more(sweep)
    return Study(study, sweep)


def _created_once_more(sweep: Sweep) -> Any:  # noqa: ANN401  of Optuna's types
    """Return Optuna's study, tried again where another machine makes the tables of the storage."""
    try:
        return _created(sweep)
    except Exception as error:
        if not is_of_another_machine(error):
            raise
    time.sleep(MAKING_TABLES)
    return _created(sweep)


def _created(sweep: Sweep) -> Any:  # noqa: ANN401  of Optuna's types
    """Return Optuna's study, which is created if it is not there."""
    import optuna

    return optuna.create_study(
        study_name=sweep.folder.resolve().name,
        storage=_storage(sweep),
        direction="minimize" if less_is_better(sweep.metric) else "maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(),
    )


def _opening_errors(sweep: Sweep) -> AbstractContextManager[None]:
    """Return what tells why a study cannot be opened."""
    if sweep.storage is None:
        return journal_errors(sweep.folder)
    return storage_errors(sweep, opens=True)


def _storage(sweep: Sweep) -> Any:  # noqa: ANN401  of Optuna's types
    """Return the storage that Optuna opens."""
    import optuna

    if sweep.storage is None:
        return open_journal(sweep.folder)
    return optuna.storages.get_storage(sweep.storage)


def _pruner(watch: AskedTrial, metric: str) -> Any:  # noqa: ANN401  made where TensorFlow is imported
    """Return the callback of a trial, which reports to Optuna as it trains."""
    from nnrun.training.backend import keras

    class Pruner(keras.callbacks.Callback):  # type: ignore[misc]
        """Ends a training that Optuna gives up."""

        def on_epoch_end(self, epoch: int, logs: Logs) -> None:
            """Report the metric, and stop where it is hopeless."""
            if metric not in logs or not is_reported(epoch):
                return
            if watch.report(logs[metric], epoch):
                self.model.stop_training = True

    return Pruner()


def is_reported(epoch: int) -> bool:
    """Return whether the metric after an epoch is reported.

    These are the first hundred epochs, then every tenth, and from the thousandth on every
    hundredth, so that trials of any length are compared at the same epochs. Each report is written
    to the disk at once, which takes longer than an epoch of a small table.

    Args:
        epoch: The number of the epoch, from 0.
    """
    digits = str(epoch + 1)
    return set(digits[2:]) <= {"0"}
