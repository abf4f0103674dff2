"""The weights of rows: which of them count, and 1 for each where rows have none."""

from collections.abc import Sequence

import numpy as np

from nnrun.results.array_types import Booleans, Floats, RowWeights


def counted_rows(weights: RowWeights) -> Booleans | slice:
    """Return which rows count: those whose weight is above 0; all where they have none.

    Args:
        weights: The weight of each row, float64 (rows,); None where all count alike.
    """
    if weights is None:
        return slice(None)
    return weights > 0


def filled_weights(weights: RowWeights, rows: int) -> Floats:
    """Return the weight of each row, (rows,), which is 1 where rows have none.

    Args:
        weights: The weight of each row, float64 (rows,); None where all count alike.
        rows: How many rows there are.
    """
    if weights is None:
        return np.ones(rows)
    return weights


def joined_weights(blocks: Sequence[RowWeights]) -> RowWeights:
    """Return the weights of the rows of several blocks; None where these have none.

    Args:
        blocks: The weights of the rows of each block, shape (rows,); of all blocks or of none.
    """
    weighted = [weights for weights in blocks if weights is not None]
    return np.concatenate(weighted) if weighted else None
