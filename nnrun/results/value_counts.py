"""Counts of a stream's values: exact at first, then in bins that widen, so memory stays flat."""

from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Floats, Integers, RowWeights
from nnrun.results.row_weights import joined_weights

MOST_BINS = 65_536  # 1.5 MB for two groups; tables with fewer distinct values are counted exactly


@dataclass(frozen=True)
class ValueCounts:
    """How often values occur in each group.

    Attributes:
        keys: The lowest key of each bin, ascending, shape (bins,).
        counts: The number of values of each group in each bin, shape (groups, bins); of weighted
            values, the sum of their weights.
        is_exact: Whether every bin holds a single key.
    """

    keys: Integers
    counts: Integers | Floats
    is_exact: bool


class ValueCounter:
    """Counts whole-number keys in groups as they stream by.

    Every key has a bin of its own while there are at most `MOST_BINS` keys. Beyond, two
    neighbouring bins are joined, over and over, until they fit.

    Args:
        groups: The number of groups.
    """

    def __init__(self, groups: int) -> None:
        self._groups = groups
        self._shift = 0  # a bin holds 2 ** shift keys
        self._keys: Integers = np.empty(0, np.int64)
        self._counts: Integers | Floats = np.zeros((groups, 0), np.int64)
        self._waiting: list[tuple[Integers, Integers, RowWeights]] = []
        self._rows_waiting = 0

    def add(self, keys: Integers, groups: Integers, weights: RowWeights = None) -> None:
        """Count rows.

        Args:
            keys: A whole number for each row, shape (rows,).
            groups: The group of each row, from 0 on, shape (rows,).
            weights: By how much each row counts, shape (rows,); None where each counts by 1.
        """
        self._waiting.append((keys, groups, weights))
        self._rows_waiting += len(keys)
        if self._rows_waiting >= MOST_BINS:  # sorting many rows at once is cheaper
            self._count_waiting()

    def result(self) -> ValueCounts:
        """Return the counts of all keys that were added."""
        self._count_waiting()
        return ValueCounts(self._keys << self._shift, self._counts, is_exact=not self._shift)

    def _count_waiting(self) -> None:
        """Count the values that wait, and join neighbouring bins while there are too many."""
        if not self._rows_waiting:
            return
        keys, groups, weights = zip(*self._waiting, strict=True)
        self._waiting = []
        self._rows_waiting = 0
        shifted = np.concatenate(keys) >> self._shift
        self._merge(shifted, np.concatenate(groups), joined_weights(weights))
        while len(self._keys) > MOST_BINS:
            self._join_neighbours()

    def _merge(self, keys: Integers, groups: Integers, weights: RowWeights) -> None:
        """Add rows to the bins, and a bin for every key that has none yet."""
        all_keys = np.concatenate([self._keys, keys])
        merged, places = np.unique(all_keys, return_inverse=True)
        bins = len(merged)
        bins_before = len(self._keys)
        old_places = places[:bins_before]
        new_places = groups * bins + places[bins_before:]
        flat_counts = np.bincount(new_places, weights, self._groups * bins)
        counts = flat_counts.reshape(self._groups, bins)
        counts[:, old_places] = counts[:, old_places] + self._counts
        self._keys = merged
        self._counts = counts

    def _join_neighbours(self) -> None:
        """Join the bins whose keys differ in their last bit alone."""
        self._shift += 1
        halved = self._keys >> 1
        starts = np.flatnonzero(np.diff(halved, prepend=halved[0] - 1))
        self._keys = halved[starts]
        self._counts = np.add.reduceat(self._counts, starts, axis=1)
