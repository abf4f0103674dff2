"""The argument RUN..., which takes runs, folders of runs, or one sweep."""

from __future__ import annotations

from pathlib import Path

import click

from nnrun.cli.options import RUN, path_argument

several_runs_argument = path_argument("runs", RUN, metavar="RUN...", several=True)


def sweep_metric(named_paths: tuple[Path, ...], metric: str | None) -> str | None:
    """Return the metric by which the trials of a sweep are compared, or None for other runs.

    Args:
        named_paths: What the command line names.
        metric: The metric that --metric names, in place of the sweep's own.
    """
    from nnrun.workflows.kept_sweep import is_sweep, read_sweep

    first, *others = named_paths
    if others or not is_sweep(first):
        return None
    return metric or read_sweep(first).metric


def refuse_metric_of_one(metric: str | None) -> None:
    """Raise a UsageError where --metric is given with one run alone.

    Args:
        metric: The metric that --metric names, or None where it is left out.

    Raises:
        click.UsageError: It names one.
    """
    if metric is not None:
        raise click.UsageError("--metric compares several runs; received one")


def named_runs(named_paths: tuple[Path, ...]) -> list[Path]:
    """Return the runs that the command line names, those of its folders among them.

    Args:
        named_paths: Run directories, and folders of run directories.

    Raises:
        RunError: A path is neither a run nor a folder that has one.
    """
    from nnrun.runs.directory import Run
    from nnrun.runs.listing import runs_among

    runs = runs_among(named_paths)
    for path in runs:
        run = Run(path)
        if not run.info.is_file():
            run.read_info()  # says what is wrong with it
    return runs
