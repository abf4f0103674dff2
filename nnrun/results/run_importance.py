"""What a run goes by: the permutation importance of the table's columns, by the config's loss."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnrun.errors import TableError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.results.array_types import Numbers
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
from nnrun.results.trained_run import NOT_FINITE, TrainedRun

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
    """

    loss: str
    rows: int
    rows_given: int
    repeats: int
    columns: tuple[ColumnImportance, ...]
    correlated: tuple[tuple[str, ...], ...]

    def as_json(self, part: str) -> dict[str, Any]:
        """Return what `importance --json` prints; `part` is of the rows held out, else ""."""
        summary = {
            "importance": {
                found.column: {"mean": found.mean, "sd": found.deviation} for found in self.columns
            },
            "loss": self.loss,
            "rows": self.rows,
            "repeats": self.repeats,
            "correlated": [list(group) for group in self.correlated],
        }
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
        reader: Rows with the target, best those that the run held out.
        repeats: How often each column is shuffled.
        seed: Draws the rows, and shuffles them.
        most_rows: Of more rows, these many are drawn evenly.

    Raises:
        TableError: The table has mistakes, or an output is not finite.
    """
    blocks = ((x.astype(np.float32), y.astype(np.float32)) for _, x, y in reader)
    found = importance_of_blocks(trained, blocks, repeats=repeats, seed=seed, most_rows=most_rows)
    if not np.isfinite([column.mean for column in found.columns]).all():
        raise TableError(f"{reader.table.name}: {NOT_FINITE}")
    return found


def importance_of_blocks(
    trained: TrainedRun,
    blocks: Iterable[tuple[Numbers, Numbers]],
    *,
    repeats: int = REPEATS,
    seed: int = 0,
    most_rows: int = MOST_ROWS,
) -> RunImportance:
    """Return the importance of each column on encoded rows.

    Args:
        trained: The run.
        blocks: Inputs (rows, inputs) and targets (rows, targets), float32.
        repeats: How often each column is shuffled.
        seed: Draws the rows, and shuffles them.
        most_rows: Of more rows, these many are drawn evenly.
    """
    sample = _sample(blocks, most_rows, seed)
    x, y = sample.matrices
    config = trained.config
    inputs = trained.encoder.column_inputs

    def loss(y: Numbers, outputs: Outputs) -> float:
        with np.errstate(all="ignore"):
            return float(row_losses(config, y, outputs).mean())

    columns = permutation_importance(
        trained.network.outputs,
        x,
        y,
        inputs,
        loss,
        repeats=repeats,
        seed=seed,
        most_rows=most_rows,
    )
    pairs = correlated_columns(x, inputs) if len(inputs) <= MOST_COLUMNS else ()
    return RunImportance(
        loss=config.loss["name"],
        rows=len(x),
        rows_given=sample.rows_given,
        repeats=repeats,
        columns=columns,
        correlated=correlated_groups(pairs),
    )


def _sample(blocks: Iterable[tuple[Numbers, Numbers]], most_rows: int, seed: int) -> SampledRows:
    sampler = RowSampler(most_rows, seed)
    for x, y in blocks:
        sampler.add(x, y)
    return sampler.result()
