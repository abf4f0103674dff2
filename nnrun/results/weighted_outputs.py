"""What a run makes of rows, each with its weight where the table has the column of weights."""

from collections.abc import Iterator

import numpy as np

from nnrun.errors import TableError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.row_weights import read_weights
from nnrun.results.array_types import Booleans, RowWeights
from nnrun.results.trained_run import ComputedBlock, TrainedRun


def weight_column(trained: TrainedRun, reader: EncodedReader) -> str:
    """Return the column of the rows' weights, or an empty text where the table has none."""
    name = trained.config.data.sample_weight
    return name if name is not None and name in reader.table.columns else ""


def weighted_outputs(
    trained: TrainedRun, reader: EncodedReader
) -> Iterator[tuple[ComputedBlock, RowWeights]]:
    """Yield what a run makes of each block of rows, and their weights.

    Raises:
        TableError: The table has mistakes, or all its weights are 0.
    """
    column = weight_column(trained, reader)
    if column:
        reader.kept = [column]
    counts = not column
    for computed in trained.outputs(reader):
        weights = None
        if column:
            weights = read_weights(computed.block, column).astype(np.float64)
            counts = counts or bool(weights.any())
        yield computed, weights
    if not counts:
        raise TableError(f"{reader.table.name}: column {column!r}: all weights are 0")


def counted_rows(weights: RowWeights) -> Booleans | slice:
    """Return which rows count: those whose weight is above 0; all where they have none."""
    return slice(None) if weights is None else weights > 0
