"""Rows that are measured and trained on too: equal cells in all features and targets."""

from collections.abc import Sequence

import polars as pl

from nnrun.features.kept_rows import RowMask
from nnrun.tables.block import Block

MOST_ROWS = 2_000_000
"""The rows of a part that are compared at the most: their hashes take 16 MB."""


class RowHashes:
    """Gathers a hash of each row, by the part that it belongs to.

    Args:
        columns: The features and targets, by whose cells rows are compared.
        is_wanted: Whether any part is compared with the training rows. A share that is drawn is
            not: in a table of few distinct values equal rows stand on both sides by chance.
    """

    def __init__(self, columns: Sequence[str], *, is_wanted: bool) -> None:
        self._columns = list(columns)
        self._is_wanted = is_wanted
        self._hashes: dict[str, list[pl.Series]] = {}
        self._rows: dict[str, int] = {}

    def begin(self) -> None:
        """Forget all rows: the training table is read anew."""
        self._hashes = {}
        self._rows = {}

    def add(self, part: str, block: Block, is_row: RowMask | None = None) -> None:
        """Take rows of a block into account, by default all, as far as there is room."""
        if not self._is_wanted or self._rows.get(part, 0) >= MOST_ROWS:
            return
        compared = pl.DataFrame([block.frame[name] for name in self._columns])
        hashes = compared.hash_rows()
        chosen = hashes if is_row is None else hashes.filter(pl.Series(is_row))
        self._hashes.setdefault(part, []).append(chosen)
        self._rows[part] = self._rows.get(part, 0) + len(chosen)

    def repeated(self, part: str) -> int:
        """Return how many rows of a part are training rows too, beyond what chance explains.

        Where as large a share of the training rows is there twice, the table has few distinct
        rows, and 0 is returned.
        """
        if part == "train" or not self._hashes.get(part) or not self._hashes.get("train"):
            return 0
        training = pl.concat(self._hashes["train"])
        rows = pl.concat(self._hashes[part])
        count = int(rows.is_in(training.implode()).sum())
        if not count:
            return 0
        share_there_twice = training.is_duplicated().sum() / len(training)
        return count if count / len(rows) > share_there_twice else 0
