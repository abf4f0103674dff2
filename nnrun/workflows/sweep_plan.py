"""What a sweep is to train, put together from the command's options and from the config."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from nnrun.checks.sweep import logged_rule, rankable_metrics, wrong_values
from nnrun.config.loading import load_config, with_overrides
from nnrun.config.schema import Config
from nnrun.config.search_space import Chosen, SearchSpace, as_overrides, search_space
from nnrun.config.sweep_plan import SweepPlan, default_metric
from nnrun.errors import ConfigError, InputError
from nnrun.workflows.trial import Trial

DEFAULT_TRIALS = 30  # where a setting has a range
MOST_LOOKED_AT = 100  # combinations of settings, of which one is to make a config
NOTHING_TO_TRY = (
    "a sweep needs settings to try, as in layers.0.units=16,32,64 or "
    "optimizer.learning_rate=1e-4..1e-1, or `sweep: {settings: ...}` in the config"
)


@dataclass(frozen=True)
class Options:
    """What the command says beside settings; None stands for what the config says.

    Attributes:
        metric: The metric that tells which trial is best.
        trials: How many trials there are.
        folds: By how many folds each trial is cross-validated.
        storage: The URL of Optuna's storage.
    """

    metric: str | None = None
    trials: int | None = None
    folds: int | None = None
    storage: str | None = None


@dataclass(frozen=True)
class Sweep:
    """What a sweep trains.

    Attributes:
        base: The config that all trials share.
        space: The settings to try.
        folder: The folder of the runs.
        metric: The metric that tells which trial is best.
        trials: How many trials there are; None stands for all of a grid, or DEFAULT_TRIALS.
        folds: By how many folds each trial is cross-validated; None stands for one training.
        storage: The URL of Optuna's storage; None stands for a journal in the folder.
    """

    base: Config
    space: SearchSpace
    folder: Path
    metric: str
    trials: int | None = None
    folds: int | None = None
    storage: str | None = None

    def config(self, settings: Mapping[str, str]) -> Config:
        """Return the config of a trial.

        Args:
            settings: The value of each setting, as --set takes it.

        Raises:
            ConfigError: The settings do not go together.
        """
        return with_overrides(self.base, as_overrides(settings))

    def trial(self, number: int, settings: Chosen) -> Trial:
        """Return a trial.

        Args:
            number: Its number, from 0; that of its folder is from 1.
            settings: The value of each setting, as --set takes it.
        """
        name = f"trial-{number + 1:03}"
        return Trial(settings, self.folder / name)

    def first_config(self) -> Config:
        """Return the config of the first trial that has one: some settings do not go together.

        Raises:
            ConfigError: None of the first trials has.
        """
        problems = []
        for chosen in islice(self.space.combinations(), MOST_LOOKED_AT):
            try:
                return self.config(chosen)
            except ConfigError as error:
                problems += error.problems
        raise ConfigError(problems)


def plan_sweep(
    config: Path,
    overrides: Sequence[str],
    folder: Path,
    options: Options = Options(),
) -> Sweep:
    """Return a sweep as the command's options and the config's `sweep` say; the options win.

    Args:
        config: The path of the config.
        overrides: What --set says: settings that all trials share, and lists and ranges to try.
        folder: The folder of the runs.
        options: What other options say.

    Raises:
        ConfigError: The config is wrong, there is nothing to try, or a value fits no config.
        InputError: No trial logs the metric.
    """
    base = load_config(config, search_space(overrides).fixed)
    return plan_from(base, overrides, folder, options)


def plan_from(
    base: Config,
    overrides: Sequence[str],
    folder: Path,
    options: Options = Options(),
) -> Sweep:
    """Return a sweep of a config that is loaded, with what all trials share; see `plan_sweep`.

    Args:
        base: The config.
        overrides: What all trials share over it.
        folder: The folder of the runs.
        options: The metric, and how many trials and folds there are.

    Raises:
        ConfigError: There is nothing to try, or a value fits no config.
        InputError: No trial logs the metric.
    """
    plan = base.sweep or SweepPlan.model_construct(settings={})  # the options say all
    space = search_space(overrides, plan.space)
    if not space.settings:
        raise ConfigError(NOTHING_TO_TRY)
    folds = options.folds or plan.folds
    metric = options.metric or plan.metric or default_metric(folds)
    sweep = Sweep(
        base=base,
        space=space,
        folder=folder,
        metric=metric,
        trials=options.trials or plan.trials,
        folds=folds,
        storage=options.storage,
    )
    _check_values(sweep)
    _check_metric(sweep)
    return sweep


def _check_values(sweep: Sweep) -> None:
    """Raise a ConfigError with each value that fits no config, whoever names it."""
    plan = sweep.base.sweep
    problems = []
    for key, text, problem in wrong_values(sweep.base, sweep.space.settings):
        place = f"--set {text}"
        if plan is not None and key in plan.settings:
            place = sweep.base.where("sweep", "settings", key)
        problems.append(f"{place}: {problem}")
    if problems:
        raise ConfigError(problems)


def _check_metric(sweep: Sweep) -> None:
    """Raise an InputError where no trial logs the metric."""
    config = sweep.first_config()
    if sweep.metric in rankable_metrics(config, sweep.folds):
        return
    rule = logged_rule(config, sweep.folds)
    plan = sweep.base.sweep
    if plan is not None and sweep.metric == plan.metric:
        place = sweep.base.where("sweep", "metric")
        raise ConfigError(f"{place}: {rule}; received {sweep.metric!r}")
    raise InputError(f"--metric {sweep.metric}: {rule}")
