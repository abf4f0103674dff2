"""Rows that are measured and trained on too: equal in all features and targets."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from nnrun.features.encoder import Encoder
from nnrun.features.kept_rows import RowMask
from nnrun.features.numbers import parse_booleans, parse_numbers
from nnrun.tables.block import Block

MOST_ROWS = 2_000_000
"""The rows of a part that are compared at the most: their hashes take 16 MB."""


class ComparedColumn(NamedTuple):
    """A column by which rows are compared: by numbers, so that 0.5 and 0.50 are one, or by text.

    Attributes:
        name: The column.
        kind: The kind of the feature. Of a target, labels are `text` and others `number`.
        sign: The sign, such as %, that stands beside each number.
    """

    name: str
    kind: str
    sign: str = ""

    def cells(self, block: Block) -> pl.Series:
        """Return what the cells of a block mean, whatever the file's format and spelling.

        Args:
            block: Some rows of a table that has the column.

        Returns:
            A series of shape (rows,), Float64 or String, null where a cell is missing or wrong.
        """
        if self.kind == "number":
            return parse_numbers(block, self.name, self.sign).values
        if self.kind == "boolean":
            return parse_booleans(block, self.name).values
        return block.texts(self.name)


def compared_columns(encoder: Encoder) -> list[ComparedColumn]:
    """Return the columns of the features and the targets, each once.

    Args:
        encoder: Names the columns, and says how their cells are read.
    """
    columns = {}
    for feature in encoder.features:
        column = ComparedColumn(feature.name, feature.kind, feature.sign)
        columns[feature.name] = column
    for target, labels in zip(encoder.targets, encoder.labels_of_targets, strict=True):
        kind = "text" if labels else "number"
        column = ComparedColumn(target.name, kind, target.sign)
        columns.setdefault(target.name, column)
    return list(columns.values())


class RowHashes:
    """Gathers a hash of each row, by the part that it belongs to.

    Args:
        columns: The features and targets, by which rows are compared.
        is_wanted: Whether any part is compared with the training rows. A share that is drawn is
            not: in a table of few distinct values equal rows stand on both sides by chance.
    """

    def __init__(self, columns: Sequence[ComparedColumn], *, is_wanted: bool) -> None:
        self._columns = list(columns)
        self._is_wanted = is_wanted
        self._hashes: defaultdict[str, list[pl.Series]] = defaultdict(list)
        self._rows: Counter[str] = Counter()

    def begin(self) -> None:
        """Forget all rows: the training table is read anew."""
        self._hashes.clear()
        self._rows.clear()

    def add(self, part: str, block: Block, is_row: RowMask | None = None) -> None:
        """Take rows of a block into account, by default all, as far as there is room.

        Args:
            part: The part that the rows belong to: `train`, `validation` or `test`.
            block: The rows, with the columns that are compared.
            is_row: Whether each row of the block is the part's, shape (rows,); None where all are.
        """
        has_room = self._rows[part] < MOST_ROWS
        if not self._is_wanted or not has_room:
            return
        cells = {}
        for number, column in enumerate(self._columns):
            cells[str(number)] = column.cells(block)
        hashes = pl.DataFrame(cells).hash_rows()
        if is_row is not None:
            hashes = hashes.filter(pl.Series(is_row))
        self._hashes[part].append(hashes)
        self._rows[part] += len(hashes)

    def repeated(self, part: str) -> int:
        """Return how many rows of a part are training rows too, beyond what chance explains.

        Where as large a share of the training rows is there twice, the table has few distinct
        rows, and 0 is returned.

        Args:
            part: The part; of `train` itself, no row counts as repeated.
        """
        hashes_of_training = self._hashes.get("train")
        hashes_of_part = self._hashes.get(part)
        if part == "train" or not hashes_of_part or not hashes_of_training:
            return 0
        training = pl.concat(hashes_of_training)
        rows = pl.concat(hashes_of_part)
        is_repeated = rows.is_in(training.implode())
        count = int(is_repeated.sum())
        if not count:
            return 0
        share_there_twice = training.is_duplicated().sum() / len(training)
        if count / len(rows) <= share_there_twice:
            return 0
        return count
