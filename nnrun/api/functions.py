"""The functions of `import nnrun`: train, check, init, load and runs, and those of many."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from nnrun.api import arguments
from nnrun.api.boundary import nnrun_errors_alone
from nnrun.api.frames import called, kept_frame
from nnrun.api.given_config import read_given, stem_of
from nnrun.api.many import cross_validate, sweep
from nnrun.api.run import Run
from nnrun.api.runs_frame import frame_of_runs
from nnrun.api.training import Distribute, Engine
from nnrun.checks.loading import load_checked
from nnrun.errors import ConfigError, InputError, NnrunError, RunError, TableError
from nnrun.features.cache_folder import CACHE
from nnrun.reporting.json import summarize_dataset
from nnrun.wording import received

__all__ = [
    "ConfigError",
    "InputError",
    "NnrunError",
    "Run",
    "RunError",
    "TableError",
    "check",
    "cross_validate",
    "init",
    "load",
    "runs",
    "sweep",
    "train",
]

RUNS = Path("runs")  # the folder of run directories that have no other place
Overrides = dict[str, Any] | Sequence[str]


@nnrun_errors_alone
def train(  # noqa: PLR0913  an argument for each option
    config: str | Path | dict[str, Any],
    output: str | Path | None = None,
    *,
    overrides: Overrides = (),
    data: object = None,
    engine: Engine = "compiled",
    distribute: Distribute = "auto",
    from_run: str | Path | Run | None = None,
    overwrite: bool = False,
    quiet: bool = False,
    **settings: Any,  # noqa: ANN401  each has the type of its key
) -> Run:
    """Train a config as `nnrun train` does, and return the run.

    Progress is shown on stderr, or in a notebook as a bar below the cell. Warnings of the checks
    are issued through `warnings`. The seeds of Python, NumPy and TensorFlow are set.

    Args:
        config: The path of a YAML file, or a dict, whose paths are relative to the working
            directory.
        output: The run directory. Defaults to the next free one in runs.
        overrides: Values that replace those of the config, such as
            {"optimizer.learning_rate": 0.01}, or a list as --set takes it, such as ["epochs=5"].
        data: The training table in place of `data.train`: a path, or a polars or pandas frame. A
            frame is written beside the runs, since `evaluate` and `resume` read it again.
        engine: nnrun's compiled epoch, or Keras's own `fit` on the same batches.
        distribute: The devices that train: all GPUs (`auto`, `mirrored`), or one device (`none`).
        from_run: The run whose weights the training starts with, or its path. Its vocabularies and
            scaling stay as they are. By default the weights are drawn.
        overwrite: Whether to replace the run if it exists.
        quiet: Whether to show neither progress nor warnings.
        **settings: Keys of the config with their values, such as epochs=5.

    Returns:
        The run, which predicts, evaluates, plots and exports.

    Raises:
        ConfigError: The config is wrong. Like the next two, it has a list of `problems`.
        TableError: A table is wrong.
        RunError: The run directory exists, or is not a run; or `from_run` is not a run.
        InputError: An argument is wrong; the message begins with its name.
        TrainingError: The loss is not finite.
        Interrupted: A signal stopped the training.
        ExpectationError: The run is saved, and does not meet `expect`.
    """
    from nnrun.api import training

    arguments.choice("engine", engine, get_args(Engine))
    arguments.choice("distribute", distribute, get_args(Distribute))
    _check_alone(distribute)
    path = arguments.path_or_none("output", output)
    arguments.flags(overwrite=overwrite, quiet=quiet)
    folder = path.parent if path else RUNS
    validated = read_given(config, overrides, settings, data, folder)
    with called("data", data, folder):
        run = training.train(
            validated,
            stem=stem_of(config),
            path=path,
            engine=engine,
            overwrite=overwrite,
            distribute=distribute,
            quiet=quiet,
            from_run=_path_of_run(from_run),
        )
    return Run(run.path)


@nnrun_errors_alone
def check(
    config: str | Path | dict[str, Any],
    *,
    overrides: Overrides = (),
    data: object = None,
    **settings: Any,  # noqa: ANN401  each has the type of its key
) -> dict[str, Any]:
    """Return what `nnrun check --json` prints.

    Args:
        config: The path of a YAML file, or a dict, as for `train`.
        overrides: Values that replace those of the config, as for `train`.
        data: The training table in place of `data.train`: a path or a frame.
        **settings: Keys of the config with their values, such as epochs=5.

    Returns:
        The tables with their rows, the encoding, the network, the config, and the warnings.

    Raises:
        ConfigError: The config is wrong. Its `problems` are all mistakes.
        TableError: A table is wrong. Its `problems` are all mistakes.
    """
    validated = read_given(config, overrides, settings, data, RUNS)
    with called("data", data, RUNS):
        dataset = load_checked(validated, RUNS / CACHE, has_matrices=False)
        return summarize_dataset(dataset)


@nnrun_errors_alone
def init(
    data: object,
    target: str | list[str],
    *,
    task: Literal["binary", "classes", "regression"] | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Return a config that trains well on a table, to give to `train`.

    A table on stderr says what was made of each column.

    Args:
        data: A path, or a polars or pandas frame, which is written beside the runs.
        target: The column to predict, or a list of columns: all numbers, or all of two labels.
        task: Whether the target is one of two labels, one of several, or a number. Defaults to
            what its cells tell.
        quiet: Whether to print nothing.

    Returns:
        The config as a dict, with the keys that a YAML config has.

    Raises:
        TableError: The table cannot be read, has no such column, or cannot be trained on.
        InputError: An argument is wrong; the message begins with its name.
    """
    from nnrun.cli.terminal import tell
    from nnrun.config.yaml_reader import TextPlaces, read_text
    from nnrun.reporting.starter_config import start_config
    from nnrun.reporting.starter_summary import describe_columns
    from nnrun.reporting.starter_target import Task

    if task is not None:
        arguments.choice("task", task, get_args(Task))
    arguments.flags(quiet=quiet)
    _check_target(target)
    path = kept_frame(data, "data", RUNS)
    with called("data", data, RUNS):
        started = start_config(path, target, Path(), task)
    if not quiet:
        lines = describe_columns(started.columns, WIDTH)
        tell(*started.notes, *lines)
    source = read_text(started.text, TextPlaces("config"))
    values: dict[str, Any] = source.values
    return values


@nnrun_errors_alone
def load(path: str | Path) -> Run:
    """Return the run in a directory, which may come from strangers.

    Args:
        path: The run directory.

    Raises:
        RunError: There is no run, or its files were altered.
        InputError: The argument is not a path.
    """
    return Run(path)


@nnrun_errors_alone
def runs(folder: str | Path = RUNS, *, sort: str | None = None) -> pl.DataFrame:
    """Return a row for each run in a folder, with its status, epochs, verdict and metrics.

    Args:
        folder: The folder of the run directories.
        sort: The metric by which the best run comes first. Defaults to the order of their start.

    Returns:
        A polars frame. A metric that a run does not have is null.

    Raises:
        InputError: There is no such folder, or no run has such a metric.
    """
    from nnrun.runs.listing import list_runs

    metric = arguments.text_or_none("sort", sort)
    path = arguments.path_or_none("folder", folder) or RUNS
    return frame_of_runs(list_runs(path, metric))


def _check_target(target: object) -> None:
    """Raise an InputError unless a target is a name, or a list of names that has one at least."""
    names = [target]
    if isinstance(target, list) and target:
        names = target
    if not all(isinstance(name, str) for name in names):
        rule = "must be the name of a column, or a list of names"
        raise InputError(f"target: {rule}; received {received(target)}")


def _path_of_run(run: object) -> Path | None:
    """Return the path of a run that was given as a run or as its path, or None for None."""
    if run is None:
        return None
    if isinstance(run, Run):
        return run.path
    return arguments.path_of("from_run", run)


WIDTH = 100  # characters of a line that `init` tells


def _check_alone(distribute: Distribute) -> None:
    """Refuse TF_CONFIG's workers: each of them would run all of the program."""
    from nnrun.training.distributed.cluster import read_cluster

    cluster = read_cluster(distribute)
    if cluster.workers > 1:
        advice = "run `nnrun train` on each of them, or pass distribute='none'"
        raise InputError(f"distribute: TF_CONFIG names several workers; {advice}")
