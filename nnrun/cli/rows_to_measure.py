"""The rows that `evaluate` and `importance` measure: those of DATA, or those held out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from nnrun.results.reading import Reading

if TYPE_CHECKING:
    from nnrun.results.held_out import Readers
    from nnrun.results.trained_run import TrainedRun


def run_to_measure(run: Path, data: Path | None) -> TrainedRun:
    """Return the run that is measured: before a refit, where it is on the rows held out.

    Args:
        run: The run directory.
        data: The table, or None for the rows that the run held out.

    Raises:
        RunError: The run has no model, or its files were altered.
    """
    from nnrun.results.trained_run import load_run

    trained = load_run(run)
    return trained if data is not None else trained.before_refit()


def note_on_refit(trained: TrainedRun) -> list[str]:
    """Return a line on the networks that were measured on the rows held out, where others predict.

    Args:
        trained: The run that was measured on the rows held out.
    """
    if not trained.config.refit:
        return []
    if trained.config.ensemble > 1:
        return ["these are the networks of before the refit, which never saw these rows"]
    return ["this is the network of before the refit, which never saw these rows"]


def rows_to_measure(
    run: Path,
    trained: TrainedRun,
    data: Path | None,
    reading: Reading,
) -> Readers:
    """Return the rows of DATA, by the name "", or those that the run held out, by their parts.

    Args:
        run: The run directory.
        trained: The same run.
        data: The table, or None for the rows that the run held out.
        reading: How cells are read.

    Raises:
        click.UsageError: Cells are to be read in another way than training read them.
        RunError: The run held out no rows, or a table of it is gone or is another.
        TableError: A table cannot be read.
    """
    from nnrun.results.held_out import held_out_rows
    from nnrun.results.trained_run import open_data
    from nnrun.runs.directory import Run

    if data is not None:
        table = open_data(trained, data, reading.null_values)
        return {"": trained.reader(table, target=True, bad_cells=reading.bad_cells)}
    if reading != Reading():
        raise click.UsageError(
            "the rows held out are read as training read them; "
            "leave out --null-values, --bad-cells and --strict, or give DATA"
        )
    return held_out_rows(Run(run), trained)


def note_on_weights(trained: TrainedRun, weight: str) -> str:
    """Return whether rows count by their weights, whose column is "" where the table lacks it.

    Args:
        trained: A run whose config names a column of weights.
        weight: That column where the table has it, else "".
    """
    if not weight:
        column = trained.config.data.sample_weight
        return f"the table has no column {column!r} of weights: all rows count alike"
    return f"rows count by column {weight!r} of weights"
