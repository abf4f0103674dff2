"""What a run makes of rows, each with its weight where the table has the column of weights."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import numpy as np

from nnrun.errors import TableError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.row_weights import read_weights
from nnrun.results.array_types import RowWeights
from nnrun.results.trained_run import ComputedBlock, TrainedRun
from nnrun.tables.block import Block


class HasBlock(Protocol):
    """Values that were made of a block of a table."""

    @property
    def block(self) -> Block:
        """The block, with the columns that its reader keeps."""


Made = TypeVar("Made", bound=HasBlock)


def weight_column(trained: TrainedRun, reader: EncodedReader) -> str:
    """Return the column of the rows' weights, or an empty text where the table has none.

    Args:
        trained: The run, whose config may name such a column.
        reader: The table.
    """
    name = trained.config.data.sample_weight
    if name is None or name not in reader.table.columns:
        return ""
    return name


def weighted_outputs(
    trained: TrainedRun, reader: EncodedReader
) -> Iterator[tuple[ComputedBlock, RowWeights]]:
    """Yield what a run makes of each block of rows, and their weights.

    Args:
        trained: The run.
        reader: The rows, read with their targets; it is told to keep the column of weights.

    Raises:
        TableError: The table has mistakes, or all its weights are 0.
    """
    yield from with_weights(trained, reader, trained.outputs(reader))


def with_weights(
    trained: TrainedRun, reader: EncodedReader, blocks: Iterable[Made]
) -> Iterator[tuple[Made, RowWeights]]:
    """Yield what was made of each block of rows, and their weights.

    Args:
        trained: The run.
        reader: The rows; it is told to keep the column of weights.
        blocks: What is made of them once it is asked for: the reader itself, for instance.

    Raises:
        TableError: The table has mistakes, or all its weights are 0.
    """
    column = weight_column(trained, reader)
    if column:
        reader.kept = [column]
    any_counts = not column
    for made in blocks:
        weights = None
        if column:
            weights = read_weights(made.block, column).astype(np.float64)
            any_counts = any_counts or bool(weights.any())
        yield made, weights
    if not any_counts:
        raise TableError(f"{reader.table.name}: column {column!r}: all weights are 0")
