"""Optuna's study of a sweep: which settings to try next, and what became of those before."""

from typing import TYPE_CHECKING, Any

from nnrun.config.search_space import Chosen, Range
from nnrun.errors import InputError
from nnrun.runs.history import Logs
from nnrun.runs.listing import less_is_better

if TYPE_CHECKING:
    from nnrun.workflows.sweep import Sweep

JOURNAL = "study.journal"
"""Optuna's journal file, in the folder of the sweep; several processes may share it."""


class Study:
    """A study of Optuna's.

    Args:
        study: Optuna's own study.
        sweep: What is trained.
        seed: Decides what is tried.
    """

    def __init__(self, study: Any, sweep: "Sweep", seed: int) -> None:  # noqa: ANN401  Optuna is an extra
        self._study = study
        self._sweep = sweep
        self._seed = seed
        self._asked: dict[int, Any] = {}

    @property
    def done(self) -> int:
        """How many trials have ended, failed ones among them."""
        return sum(trial.state.is_finished() for trial in self._study.get_trials(deepcopy=False))

    def ask(self) -> tuple[int, Chosen]:
        """Return the number of a new trial, and its settings."""
        import optuna

        trial = self._study.ask()
        # By the trial's number: the same again, and not the same in two processes.
        self._study.sampler = optuna.samplers.TPESampler(seed=self._seed + trial.number)
        chosen = {
            key: self._suggest(trial, key, values)
            for key, values in self._sweep.space.settings.items()
        }
        trial.set_user_attr("settings", chosen)
        self._asked[trial.number] = trial
        return trial.number, chosen

    def tell(self, number: int, value: float | None) -> None:
        """Note what became of a trial; None stands for one that failed."""
        from optuna.trial import TrialState

        trial = self._asked.pop(number)
        if value is None:
            self._study.tell(trial, state=TrialState.FAIL)
        elif trial.user_attrs.get("pruned"):
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, value)

    def give_back(self, number: int) -> None:
        """Let the settings of a trial that a signal stopped be tried again."""
        from optuna.trial import TrialState

        trial = self._asked.pop(number)
        self._study.enqueue_trial(trial.params)
        self._study.tell(trial, state=TrialState.FAIL)

    def trials(self) -> list[tuple[int, Chosen]]:
        """Return the number and the settings of each trial, of all processes."""
        trials = self._study.get_trials(deepcopy=False)
        return [
            (trial.number, trial.user_attrs["settings"])
            for trial in trials
            if "settings" in trial.user_attrs
        ]

    def pruner(self, number: int) -> Any:  # noqa: ANN401  a Keras callback
        """Return the Keras callback that ends a trial which is worse than the median of others."""
        return _pruner(self._asked[number], self._sweep.metric)

    @staticmethod
    def _suggest(trial: Any, key: str, values: Any) -> str:  # noqa: ANN401
        """Return a value that Optuna chooses, as --set takes it."""
        if not isinstance(values, Range):
            return str(trial.suggest_categorical(key, list(values)))
        if values.is_whole:
            return str(trial.suggest_int(key, int(values.low), int(values.high), log=values.is_log))
        return repr(trial.suggest_float(key, values.low, values.high, log=values.is_log))


def open_study(sweep: "Sweep", storage: str | None, seed: int) -> Study:
    """Open the study of a sweep, or begin it.

    Args:
        sweep: The sweep.
        storage: The URL of Optuna's storage, or None for a journal in the folder.
        seed: Decides what is tried.

    Raises:
        InputError: Optuna is not installed.
    """
    try:
        import optuna
    except ImportError:
        reason = "a range of values, and --storage, need Optuna"
        raise InputError(f"{reason}: pip install 'nnrun[sweep]'") from None
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    kept = storage or JournalStorage(JournalFileBackend(str(sweep.folder / JOURNAL)))
    study = optuna.create_study(
        study_name=sweep.folder.resolve().name,
        storage=kept,
        direction="minimize" if less_is_better(sweep.metric) else "maximize",
        load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(),
    )
    return Study(study, sweep, seed)


def _pruner(trial: Any, metric: str) -> Any:  # noqa: ANN401  made where TensorFlow is imported
    """Return the callback of a trial, which reports every epoch to Optuna."""
    from nnrun.training.backend import keras

    class Pruner(keras.callbacks.Callback):  # type: ignore[misc]
        """Ends a training that Optuna gives up."""

        def on_epoch_end(self, epoch: int, logs: Logs) -> None:
            """Report the metric, and stop where it is hopeless."""
            if metric not in logs:
                return
            trial.report(logs[metric], epoch)
            if trial.should_prune():
                trial.set_user_attr("pruned", "yes")
                self.model.stop_training = True

    return Pruner()
