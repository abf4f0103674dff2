"""Many trainings for a program: a cross-validation and a sweep, with results as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from nnrun.api import arguments
from nnrun.api.boundary import nnrun_errors_alone
from nnrun.api.frames import called
from nnrun.api.given_config import read_given, stem_of

RUNS = Path("runs")  # where frames are kept that a config is trained on
SWEEPS = Path("sweeps")
MOST = 10**9  # trainings: a larger count is a mistake
Overrides = dict[str, Any] | Sequence[str]


@dataclass(frozen=True)
class CrossValidationResult:
    """What `cross_validate` found.

    Attributes:
        folds: The metrics of each training; those of the rows held out begin with `test_`.
        mean: The mean of each metric over the trainings.
        sd: The standard deviation of each metric, as that of a sample.
        verdict: `better`, `no better` or `worse` than the baseline on the same folds; None of too
            many labels.
        judged: The numbers of the verdict, and a sentence.
        trainings: The repeat, fold, seed, rows and epochs of each training.
        predictions: Every row with its number in the table, what is true, and what the network
            predicts that never saw it.
    """

    folds: list[dict[str, float | None]]
    mean: dict[str, float | None]
    sd: dict[str, float | None]
    verdict: str | None
    judged: dict[str, Any]
    trainings: list[dict[str, int]]
    predictions: pl.DataFrame


@dataclass(frozen=True)
class SweepResult:
    """What `sweep` found.

    Attributes:
        path: The folder of the sweep.
        trials: The trials, the best first, each with `settings`, `metrics`, `run` and `status`.
        best: The `settings`, the `metrics` and the path of the `config` of the best trial; None
            where none finished.
    """

    path: Path
    trials: list[dict[str, Any]]
    best: dict[str, Any] | None


@nnrun_errors_alone
def cross_validate(
    config: str | Path | dict[str, Any],
    *,
    folds: int = 5,
    repeats: int = 1,
    seeds: int = 1,
    overrides: Overrides = (),
    data: object = None,
    quiet: bool = False,
    **settings: Any,  # noqa: ANN401  each has the type of its key
) -> CrossValidationResult:
    """Cross-validate a config as `nnrun cv` does. No run is left.

    Args:
        config: The path of a YAML file, or a dict, as for `train`.
        folds: How many parts the table is dealt to, each of which is held out once.
        repeats: How often the table is dealt anew.
        seeds: How many trainings a fold has, with seeds that follow that of the config.
        overrides: Values over those of the config, as for `train`.
        data: The training table in place of `data.train`: a path or a frame.
        quiet: Whether to tell nothing of the trainings that end.
        **settings: Keys of the config with their values, as epochs=5.

    Returns:
        The metrics of each training, with their mean and deviation, and the verdict.

    Raises:
        ConfigError: The config is wrong.
        TableError: A table is wrong.
        InputError: An argument is wrong, or the table cannot be dealt to so many folds.
        TrainingError: A loss is not finite.
        Interrupted: A signal stopped it.
    """
    from nnrun.workflows import cross_validation

    arguments.flags(quiet=quiet)
    folds = arguments.whole_number("folds", folds, 2, MOST)
    repeats = arguments.whole_number("repeats", repeats, 1, MOST)
    seeds = arguments.whole_number("seeds", seeds, 1, MOST)
    validated = read_given(config, overrides, settings, data, RUNS)
    trainings = cross_validation.Folds(folds, repeats, seeds)
    warn = None if quiet else _tell
    with called("data", data, RUNS):
        table = cross_validation.read_and_check(validated, warn)
        result = cross_validation.cross_validate(validated, table, trainings)
    summary = {"judged": {}, **result.as_json()}  # without a verdict there is nothing judged
    return CrossValidationResult(**summary, predictions=result.predictions)


@nnrun_errors_alone
def sweep(  # noqa: PLR0913  a parameter for each option
    config: str | Path | dict[str, Any],
    settings: Mapping[str, list[Any] | str] | None = None,
    output: str | Path | None = None,
    *,
    trials: int | None = None,
    metric: str | None = None,
    folds: int | None = None,
    storage: str | None = None,
    overrides: Overrides = (),
    data: object = None,
    quiet: bool = False,
) -> SweepResult:
    """Train a config with many settings as `nnrun sweep` does, each as a run of its own.

    The same call goes on with a sweep that was stopped.

    Args:
        config: The path of a YAML file, or a dict, as for `train`.
        settings: The values to try by the keys of the config: a list as [16, 32], or a range as
            "1e-4..1e-1". Defaults to those of `sweep` in the config.
        output: The folder of the runs. Defaults to one in sweeps.
        trials: How many trials there are. Defaults to all combinations of lists, or 30.
        metric: The metric by which trials are compared. Defaults to val_loss, or with folds to
            test_loss.
        folds: By how many folds each trial is cross-validated. Defaults to one training.
        storage: The URL of Optuna's storage. Defaults to a journal in the folder.
        overrides: Values over those of the config that all trials share.
        data: The training table in place of `data.train`: a path or a frame.
        quiet: Whether to tell nothing of the trials that end.

    Returns:
        The trials, the best first, and the config of the best.

    Raises:
        ConfigError: The config is wrong, there is nothing to try, or a value fits no config.
        TableError: A table is wrong.
        InputError: An argument is wrong, no trial logs the metric, or Optuna is not installed.
        RunError: The folder holds another sweep.
        Interrupted: A signal stopped it; what is done stays.
    """
    from nnrun.workflows.sweep import run_sweep, write_best
    from nnrun.workflows.sweep_plan import Options, plan_from

    trials = arguments.whole_number_or_none("trials", trials, 1, MOST)
    folds = arguments.whole_number_or_none("folds", folds, 2, MOST)
    arguments.flags(quiet=quiet)
    metric = arguments.text_or_none("metric", metric)
    storage = arguments.text_or_none("storage", storage)
    folder = arguments.path_or_none("output", output)
    if folder is None:
        folder = SWEEPS / stem_of(config)
    search = {} if settings is None else {"sweep.settings": settings}
    base = read_given(config, overrides, search, data, folder)
    options = Options(metric, trials, folds, storage)
    plan = plan_from(base, (), folder, options)
    report = _silent if quiet else _tell
    with called("data", data, folder):
        ended = run_sweep(plan, report)
    return SweepResult(
        path=folder,
        trials=[trial.as_json() for trial in ended],
        best=write_best(plan, ended),
    )


def _tell(line: str) -> None:
    """Print a line on stderr, as the commands do."""
    from nnrun.cli.terminal import tell

    tell(line)


def _silent(_: str) -> None:
    """Tell nothing."""
