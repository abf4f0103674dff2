"""A config trained with many settings in one process, each trial a run in one folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnrun.checks.registry import lint, raise_errors
from nnrun.checks.sweep import logged_metrics, logged_rule, wrong_values
from nnrun.config.loading import load_config, with_overrides
from nnrun.config.schema import Config
from nnrun.config.search_space import Chosen, SearchSpace, as_overrides, search_space, value_of
from nnrun.errors import ConfigError, InputError, Interrupted, TrainingError
from nnrun.features.cache_folder import CACHE
from nnrun.features.dataset import Dataset
from nnrun.features.disk_cache import cache_key
from nnrun.features.loading import load_dataset
from nnrun.files import finite, write_text
from nnrun.runs.directory import Run
from nnrun.runs.listing import less_is_better

if TYPE_CHECKING:
    from nnrun.workflows.study import Study

DEFAULT_TRIALS = 30  # where a setting has a range
MOST_LOOKED_AT = 100  # combinations of settings, of which one is to make a config
DEFAULT_METRIC = "val_loss"
NOTHING_TO_TRY = (
    "a sweep needs settings to try, as in layers.0.units=16,32,64 or "
    "optimizer.learning_rate=1e-4..1e-1, or `sweep: {settings: ...}` in the config"
)
BEST = "best.yaml"
"""The config of the best trial, in the folder of the sweep."""


@dataclass(frozen=True)
class Trial:
    """A trial of a sweep.

    Attributes:
        settings: The value of each setting, as --set takes it.
        path: Its run directory.
    """

    settings: Chosen
    path: Path

    @property
    def status(self) -> str:
        """The status of its run; `failed` where it could not begin, `waiting` before it has."""
        run = Run(self.path)
        if not run.info.is_file():
            return "failed" if self.path.exists() else "waiting"
        return run.status(run.read_info())

    def as_json(self) -> dict[str, Any]:
        """Return `settings`, `metrics`, `run` and `status`."""
        return {
            "settings": {key: value_of(text) for key, text in self.settings.items()},
            "metrics": finite(Run(self.path).read_metrics()),
            "run": str(self.path),
            "status": self.status,
        }


class SharedDatasets:
    """The dataset of each trial; those that read the tables alike share one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ""
        self._dataset: Dataset | None = None

    def of(self, config: Config) -> Dataset:
        """Return the checked dataset of a config."""
        key = cache_key(config, {})
        if self._dataset is None or key != self._key:
            self._dataset = load_dataset(config, self._folder / CACHE)
            self._key = key
        dataset = replace(self._dataset, config=config)
        raise_errors(lint(dataset))
        return dataset


@dataclass(frozen=True)
class Sweep:
    """What a sweep trains.

    Attributes:
        base: The config that all trials share.
        space: The settings to try.
        folder: The folder of the runs.
        metric: The metric that tells which trial is best.
        trials: How many trials there are; None stands for all of a grid, or DEFAULT_TRIALS.
    """

    base: Config
    space: SearchSpace
    folder: Path
    metric: str
    trials: int | None

    def config(self, settings: Mapping[str, str]) -> Config:
        """Return the config of a trial."""
        return with_overrides(self.base, as_overrides(settings))

    def trial(self, number: int, settings: Chosen) -> Trial:
        """Return a trial, given its number from 0 on."""
        return Trial(settings, self.folder / f"trial-{number + 1:03}")


Tell = Callable[[str], None]


def plan_sweep(
    config: Path,
    overrides: Sequence[str],
    folder: Path,
    *,
    metric: str | None = None,
    trials: int | None = None,
) -> Sweep:
    """Return a sweep as the command's options and the config's `sweep` say; the options win.

    Args:
        config: The path of the config.
        overrides: What --set says: settings that all trials share, and lists and ranges to try.
        folder: The folder of the runs.
        metric: What --metric says, or None.
        trials: What --trials says, or None.

    Raises:
        ConfigError: The config is wrong, there is nothing to try, or a value fits no config.
    """
    given = search_space(overrides)
    base = load_config(config, given.fixed)
    plan = base.sweep
    space = search_space(overrides, plan.space if plan else {})
    if not space.settings:
        raise ConfigError(NOTHING_TO_TRY)
    sweep = Sweep(
        base,
        space,
        folder,
        metric or (plan.metric if plan else DEFAULT_METRIC),
        trials or (plan.trials if plan else None),
    )
    _check_values(sweep)
    _check_metric(sweep)
    return sweep


def run_sweep(sweep: Sweep, storage: str | None, tell: Tell) -> list[Trial]:
    """Train the trials of a sweep that are not done yet, and return all, the best first.

    Args:
        sweep: What to train.
        storage: The URL of Optuna's storage, or None for a journal in the folder.
        tell: Takes a line about each trial as it ends.

    Raises:
        InputError: The table is wrong, or does not fit the config.
        Interrupted: A signal stopped it; what is done stays.
    """
    datasets = SharedDatasets(sweep.folder)
    datasets.of(_first_config(sweep))
    sweep.folder.mkdir(parents=True, exist_ok=True)
    if sweep.space.is_grid and storage is None:
        tried = _run_grid(sweep, datasets, tell)
    else:
        from nnrun.workflows.study import open_study

        study = open_study(sweep, storage, sweep.base.seed)
        tried = _run_study(sweep, study, datasets, tell)
    return _best_first(tried, sweep)


def _check_values(sweep: Sweep) -> None:
    """Raise a ConfigError with each value that fits no config, whoever names it."""
    plan = sweep.base.sweep
    problems = []
    for key, text, problem in wrong_values(sweep.base, sweep.space.settings):
        is_planned = plan is not None and key in plan.settings
        place = sweep.base.where("sweep", "settings", key) if is_planned else f"--set {text}"
        problems.append(f"{place}: {problem}")
    if problems:
        raise ConfigError(problems)


def _check_metric(sweep: Sweep) -> None:
    """Raise an InputError where no trial logs the metric."""
    config = _first_config(sweep)
    if sweep.metric in logged_metrics(config):
        return
    plan = sweep.base.sweep
    if plan is not None and sweep.metric == plan.metric:
        place = sweep.base.where("sweep", "metric")
        raise ConfigError(f"{place}: {logged_rule(config)}; received {sweep.metric!r}")
    raise InputError(f"--metric {sweep.metric}: {logged_rule(config)}")


def _first_config(sweep: Sweep) -> Config:
    """Return the config of the first trial that has one: some settings do not go together.

    Raises:
        ConfigError: None of the first trials has.
    """
    problems = []
    for chosen in islice(sweep.space.combinations(), MOST_LOOKED_AT):
        try:
            return sweep.config(chosen)
        except ConfigError as error:
            problems += error.problems
    raise ConfigError(problems)


def _run_grid(sweep: Sweep, datasets: SharedDatasets, tell: Tell) -> list[Trial]:
    """Train every combination that no process has trained or is training."""
    combinations = islice(sweep.space.combinations(), sweep.trials)
    trials = [sweep.trial(number, chosen) for number, chosen in enumerate(combinations)]
    for trial in trials:
        if _is_ours(trial):
            error = _train(sweep, trial, datasets, ())
            tell(_line(sweep, trial, error))
    return trials


def _is_ours(trial: Trial) -> bool:
    """Return whether this process is to train a trial: no process has, nor is about to."""
    if trial.status in ("stopped", "interrupted"):
        return True
    try:
        trial.path.mkdir()
    except FileExistsError:
        return False
    return True


def _run_study(sweep: Sweep, study: "Study", datasets: SharedDatasets, tell: Tell) -> list[Trial]:
    """Train what Optuna suggests until there are so many trials."""
    while study.done < (sweep.trials or DEFAULT_TRIALS):
        number, chosen = study.ask()
        trial = sweep.trial(number, chosen)
        try:
            error = _train(sweep, trial, datasets, (study.pruner(number),))
        except Interrupted:
            study.give_back(number)
            raise
        value = Run(trial.path).read_metrics().get(sweep.metric) if not error else None
        study.tell(number, value)
        tell(_line(sweep, trial, error))
    return [sweep.trial(number, chosen) for number, chosen in study.trials()]


def _train(sweep: Sweep, trial: Trial, datasets: SharedDatasets, callbacks: tuple[Any, ...]) -> str:
    """Train a trial, and return why it failed, or an empty text."""
    from nnrun.training.session import train_afresh

    try:
        config = sweep.config(trial.settings)
        dataset = datasets.of(config)
        train_afresh(dataset, trial.path, overwrite=True, callbacks=callbacks)
    except MemoryError:
        return "out of memory"
    except (TrainingError, InputError) as error:
        trial.path.mkdir(exist_ok=True)  # so that a trial that could not begin is not tried again
        return str(error)
    return ""


def _line(sweep: Sweep, trial: Trial, error: str) -> str:
    settings = ", ".join(f"{key}={value}" for key, value in trial.settings.items())
    if error:
        return f"{trial.path.name}: {settings}: failed: {error}"
    value = Run(trial.path).read_metrics().get(sweep.metric)
    return f"{trial.path.name}: {settings}: {sweep.metric} {value:.4g}"


def _best_first(trials: list[Trial], sweep: Sweep) -> list[Trial]:
    """Return the trials, the best first, those without the metric last."""

    def rank(trial: Trial) -> tuple[bool, float]:
        value = Run(trial.path).read_metrics().get(sweep.metric)
        if value is None or trial.status != "finished":
            return True, 0.0
        return False, value if less_is_better(sweep.metric) else -value

    return sorted(trials, key=rank)


def write_best(sweep: Sweep, trials: list[Trial]) -> dict[str, Any] | None:
    """Write the config of the best trial, and return its settings, metrics and the config's path.

    None stands for a sweep of which no trial has finished.
    """
    best = trials[0] if trials else None
    if best is None or best.status != "finished":
        return None
    path = sweep.folder / BEST
    write_text(path, sweep.config(best.settings).to_yaml())
    found = best.as_json()
    return {"settings": found["settings"], "metrics": found["metrics"], "config": str(path)}
