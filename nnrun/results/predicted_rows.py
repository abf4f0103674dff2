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
    rows = len(computed.x)
    columns = []
    if part:
        columns.append(_repeated("part", part, rows))
    columns.append(_repeated("table", block.name, rows))
    columns.append(_lines(block))
    columns += _actual(trained.encoder, computed.y)
    columns += predicted.columns()
    return pl.DataFrame(columns)


def _repeated(name: str, text: str, rows: int) -> pl.Series:
    """Return a column that has the same text in each row."""
    return pl.Series(name, [text]).new_from_index(0, rows)


def _lines(block: Block) -> pl.Series:
    """Return the column of the lines, or of the numbers of rows in a file without lines."""
    places = block.places(range(len(block.frame)))
    lines = [int(place.removeprefix(ROW)) for place in places]
    return pl.Series("line", lines, dtype=pl.Int64)


def _actual(encoder: Encoder, y: Matrix) -> list[pl.Series]:
    """Return a column of the true labels or numbers of each target."""
    names = target_columns("actual", encoder)
    columns = []
    for name, labels, values in zip(names, encoder.labels_of_targets, y.T, strict=True):
        if labels:
            codes = values.astype(np.int64)
            column = pl.Series(name, labels, dtype=pl.String).gather(codes)
        else:
            column = pl.Series(name, values)
        columns.append(column)
    return columns
