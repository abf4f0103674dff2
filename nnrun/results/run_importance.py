"""What a run goes by: the permutation importance of the table's columns, by the config's loss."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import TableError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.results.array_types import Numbers, RowWeights
from nnrun.results.correlation import correlated_columns, correlated_groups
from nnrun.results.forward import Outputs
from nnrun.results.importance import (
    MOST_ROWS,
    REPEATS,
    ColumnImportance,
    permutation_importance,
)
from nnrun.results.losses import row_losses
from nnrun.results.row_sample import RowSampler, SampledRows
from nnrun.results.row_weights import counted_rows, filled_weights
from nnrun.results.trained_run import NOT_FINITE, TrainedRun
from nnrun.results.weighted_outputs import weight_column, with_weights

WeightedBlock = tuple[Numbers, Numbers, RowWeights]
"""Inputs (rows, inputs), targets (rows, targets) and the weights of rows."""

MOST_COLUMNS = 1_000  # of which pairs are compared: half a million pairs take a second


@dataclass(frozen=True)
class RunImportance:
    """How much the loss of a run grows where a column is shuffled.

    Attributes:
        loss: The name of the loss.
        rows: The rows that were shuffled.
        rows_given: The rows that they were drawn from.
        repeats: How often each column was shuffled.
        columns: The columns, the most important first.
        correlated: Groups of columns that are correlated strongly, and share their importance.
        weight: The column by which the loss counts the rows, or "".
    """

    loss: str
    rows: int
    rows_given: int
    repeats: int
    columns: tuple[ColumnImportance, ...]
    correlated: tuple[tuple[str, ...], ...]
    weight: str = ""

    def as_json(self, part: str) -> dict[str, Any]:
        """Return what `importance --json` prints.

        Args:
            part: The part that was measured, of the rows that the run held out; "" for another
                table.
        """
        importance = {}
        for of_column in self.columns:
            importance[of_column.column] = {"mean": of_column.mean, "sd": of_column.deviation}
        summary: dict[str, Any] = {
            "importance": importance,
            "loss": self.loss,
            "rows": self.rows,
            "repeats": self.repeats,
            "correlated": list(map(list, self.correlated)),
        }
        if self.weight:
            summary["sample_weight"] = {"column": self.weight}
        return {**summary, "part": part} if part else summary


def run_importance(
    trained: TrainedRun,
    reader: EncodedReader,
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
) -> RunImportance:
    """Return the importance of each column of a table, on rows that stream by.

    Args:
        trained: The run.
        reader: Rows with the target, best those that the run held out. They are counted by their
            weights where their table has the column of these.
        repeats: How often each column is shuffled.
        seed: Draws the rows, and shuffles them.
        most_rows: Of more rows, these many are drawn evenly.

    Raises:
        TableError: The table has mistakes, or all its weights are 0, or an output is not finite.
    """
    blocks = _weighted_blocks(trained, reader)
    importance = importance_of_blocks(
        trained, blocks, repeats=repeats, seed=seed, most_rows=most_rows
    )
    means = [column.mean for column in importance.columns]
    if not np.isfinite(means).all():
        raise TableError(f"{reader.table.name}: {NOT_FINITE}")
    return replace(importance, weight=weight_column(trained, reader))


def importance_of_blocks(
    trained: TrainedRun,
    blocks: Iterable[WeightedBlock],
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
) -> RunImportance:
    """Return the importance of each column on encoded rows.

    Args:
        trained: The run.
        blocks: Inputs (rows, inputs) and targets (rows, targets), float32, and the weights of the
            rows, which stay where they are when a column is shuffled. The loss is the mean that
            counts the rows by them. Rows of weight 0 are left out.
        repeats: How often each column is shuffled.
        seed: Draws the rows, and shuffles them.
        most_rows: Of more rows, these many are drawn evenly.
    """
    sample = _sample(blocks, most_rows, seed)
    x, y, weights = sample.matrices
    inputs = trained.encoder.column_inputs
    columns = permutation_importance(
        trained.network.outputs,
        x,
        y,
        inputs,
        partial(_mean_loss, trained.config, weights),
        repeats=repeats,
        seed=seed,
        most_rows=most_rows,
    )
    pairs = correlated_columns(x, inputs) if len(inputs) <= MOST_COLUMNS else ()
    return RunImportance(
        loss=trained.config.loss["name"],
        rows=len(x),
        rows_given=sample.rows_given,
        repeats=repeats,
        columns=columns,
        correlated=correlated_groups(pairs),
    )


def _mean_loss(config: Config, weights: Numbers, y: Numbers, outputs: Outputs) -> float:
    """Return the mean of the losses of rows, which counts them by their weights (rows,)."""
    with np.errstate(all="ignore"):
        losses = row_losses(config, y, outputs)
        return float(np.average(losses, weights=weights))


def _weighted_blocks(trained: TrainedRun, reader: EncodedReader) -> Iterator[WeightedBlock]:
    """Yield the inputs and targets of each block in float32, and the weights of its rows."""
    for encoded, weights in with_weights(trained, reader, reader):
        x = encoded.x.astype(np.float32)
        y = encoded.y.astype(np.float32)
        yield x, y, weights


def _sample(blocks: Iterable[WeightedBlock], most_rows: int, seed: int) -> SampledRows:
    """Draw from the rows that count, each with its weight, which is 1 where none has one."""
    sampler = RowSampler(most_rows, seed)
    for x, y, weights in blocks:
        counting = counted_rows(weights)
        of_rows = filled_weights(weights, len(y))
        sampler.add(x[counting], y[counting], of_rows[counting])
    return sampler.result()
