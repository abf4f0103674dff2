"""The rows that were evaluated, as a table: their lines, what is true and what was predicted."""

import numpy as np
import polars as pl

from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Matrix
from nnrun.results.predicted import interpret_outputs, target_columns
from nnrun.results.row_losses import AnyThreshold
from nnrun.results.trained_run import ComputedBlock, TrainedRun
from nnrun.tables.block import Block

ROW = "row "  # begins the place of a row in a file that has no lines


def predicted_rows(
    trained: TrainedRun, computed: ComputedBlock, part: str = "", threshold: AnyThreshold = None
) -> pl.DataFrame:
    """Return what a block's rows are and what is predicted of them.

    Args:
        trained: The run.
        computed: The block.
        part: The part of the rows, `validation` or `test`, or "" for those of another table.
        threshold: The probability from which on the second of two labels is predicted.

    Returns:
        The columns `part`, where it is given; `table`, the file; `line`, the row's line in it, or
        the row's number from 1 where the file has no lines; `actual`, or one for each of several
        targets; and those of predictions.
    """
    block = computed.block
    outputs = computed.outputs.predictions
    predicted = interpret_outputs(trained.config, trained.encoder, outputs, threshold)
    columns = [pl.Series("table", [block.name]).new_from_index(0, len(computed.x))]
    if part:
        columns.insert(0, pl.Series("part", [part]).new_from_index(0, len(computed.x)))
    columns.append(_lines(block))
    columns += _actual(trained.encoder, computed.y)
    return pl.DataFrame([*columns, *predicted.columns()])


def _lines(block: Block) -> pl.Series:
    places = block.places(range(len(block.frame)))
    return pl.Series("line", [int(place.removeprefix(ROW)) for place in places], dtype=pl.Int64)


def _actual(encoder: Encoder, y: Matrix) -> list[pl.Series]:
    """Return a column of the true labels or numbers of each target."""
    names = target_columns("actual", encoder)
    columns = []
    for name, labels, values in zip(names, encoder.labels_of_targets, y.T, strict=True):
        if labels:
            column = pl.Series(name, labels, dtype=pl.String).gather(values.astype(np.int64))
        else:
            column = pl.Series(name, values)
        columns.append(column)
    return columns
