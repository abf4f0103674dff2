"""Rows drawn from a stream, each with the same chance, for what must see rows again."""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Floats, Integers, Numbers

SAMPLED_ROWS = 2_000  # a bootstrap of them takes a tenth of a second


@dataclass(frozen=True)
class SampledRows:
    """Rows of a table; all of them, in their order, where these are few.

    Attributes:
        matrices: Several matrices, or values (rows,), each with a row for each sampled row.
        rows_given: The number of rows they were drawn from.
    """

    matrices: tuple[Numbers, ...]
    rows_given: int


class RowSampler:
    """Keeps the rows that draw the least random numbers, so that every row has the same chance.

    Args:
        most: The number of rows that are kept.
        seed: Draws the rows.
    """

    def __init__(self, most: int = SAMPLED_ROWS, seed: int = 0) -> None:
        self._most = most
        self._generator = np.random.default_rng(seed)
        self._draws: Floats = np.empty(0)
        self._matrices: tuple[Numbers, ...] = ()
        self._rows_given = 0

    def add(self, *matrices: Numbers) -> None:
        """Take rows into account.

        Args:
            matrices: Matrices with the same number of rows, such as targets and outputs; as many at
                each call, with the same columns and dtypes.
        """
        new_draws = self._generator.random(len(matrices[0]))
        self._rows_given += len(new_draws)
        before = self._matrices or tuple(matrix[:0] for matrix in matrices)
        pairs = list(zip(before, matrices, strict=True))
        draws = np.append(self._draws, new_draws)
        if len(draws) <= self._most:
            self._draws = draws
            self._matrices = tuple(np.concatenate(pair) for pair in pairs)
            return
        least_first = np.argpartition(draws, self._most)
        chosen = np.sort(least_first[: self._most])
        self._draws = draws[chosen]
        self._matrices = tuple(_rows_of_both(kept, new, chosen) for kept, new in pairs)

    def result(self) -> SampledRows:
        """Return the rows that were drawn."""
        return SampledRows(self._matrices, self._rows_given)


def _rows_of_both(kept: Numbers, new: Numbers, chosen: Integers) -> Numbers:
    """Return rows of two matrices by their number in both, without joining the two first."""
    is_kept = chosen < len(kept)
    from_kept = chosen[is_kept]
    from_new = chosen[~is_kept] - len(kept)
    return np.concatenate([kept[from_kept], new[from_new]])
