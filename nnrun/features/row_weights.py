"""The weights of rows, which a column of the table holds."""

import numpy as np
import polars as pl

from nnrun.errors import TableError
from nnrun.features.faults import NO_FAULT, ColumnFaults, cell_message
from nnrun.features.numbers import parse_numbers
from nnrun.tables.block import Block

Weights = np.ndarray[tuple[int], np.dtype[np.float32]]

NO_WEIGHT = "the weight is missing; fill it in, with 0 for a row that does not count"
NEGATIVE = "is negative; a weight must be 0 or more"
AS_TEXT = "; weights are numbers"


def read_weights(block: Block, name: str) -> Weights:
    """Return the weight of each row of a block, float32 (rows,).

    Args:
        block: Some rows of a table.
        name: The column of the weights.

    Raises:
        TableError: With a line for each kind of cell that is not a weight.
    """
    survey = WeightSurvey(name)
    survey.add(block)
    problems = survey.problems()
    if problems:
        raise TableError(problems)
    return survey.values()


class WeightSurvey:
    """Gathers the weights of a table's rows, block by block.

    Args:
        name: The column that holds them.
    """

    def __init__(self, name: str) -> None:
        self._faults = ColumnFaults(name)
        self._negative = NO_FAULT
        self._values: list[pl.Series] = []

    def add(self, block: Block) -> None:
        """Take the weights of a block into account.

        Args:
            block: Some rows of the table, each of which comes once.
        """
        parsed = parse_numbers(block, self._faults.name)
        self._faults = self._faults.record(block, parsed)
        weights = parsed.values
        texts = parsed.texts
        if texts is None:
            texts = weights.cast(pl.String)
        self._negative = self._negative.with_cells(block, weights < 0, texts)
        self._values.append(weights.cast(pl.Float32))

    def problems(self) -> list[str]:
        """Return a line for each kind of cell that is not a weight."""
        problems = self._faults.number_messages({"missing": NO_WEIGHT}, AS_TEXT)
        if self._negative.count:
            line = cell_message(self._faults.name, self._negative, NEGATIVE, hinted=False)
            problems.append(line)
        return problems

    def values(self) -> Weights:
        """Return the weight of each row, float32 (rows,), NaN where there is none."""
        if not self._values:
            return np.zeros(0, np.float32)
        series = pl.concat(self._values)
        weights: Weights = series.fill_null(np.nan).to_numpy()
        return weights
