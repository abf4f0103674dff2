"""A training table that is read once and kept, so that datasets of some of its rows can be made."""

import sys
from dataclasses import dataclass, replace

import numpy as np

from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.folds import FoldRows
from nnrun.features.kept_rows import RowMask, RowNumbers, needed_columns
from nnrun.features.loading import open_tables
from nnrun.features.matrices import encode
from nnrun.features.part_store import Keeping
from nnrun.features.profile import TableProfile, profile_table
from nnrun.tables.block import Block
from nnrun.tables.table import Table


@dataclass(frozen=True)
class KeptTable:
    """The training table of a config, in memory.

    Attributes:
        profile: The profile of all its rows.
        whole: The dataset of all its rows, without inputs: to be checked.
        table: The rows that are not left out for a missing cell.
        numbers: The number of each of these rows in the table, from 1 on, shape (rows,).
        validation: The table to validate on, or None.
    """

    profile: TableProfile
    whole: Dataset
    table: Table
    numbers: RowNumbers
    validation: Table | None

    def rows(self, is_chosen: RowMask) -> Table:
        """Return the table of some of the rows.

        Args:
            is_chosen: Whether each row that is kept is chosen, shape (rows,); at least one is.
        """
        blocks = []
        start = 0
        for block in self.table.blocks():
            end = start + len(block.frame)
            is_chosen_of_block = is_chosen[start:end]
            if is_chosen_of_block.any():
                blocks.append(block.only(is_chosen_of_block))
            start = end
        return self.table.with_blocks(blocks)

    def dataset(self, config: Config, fold: FoldRows) -> Dataset:
        """Return the dataset of a fold, as a table of its rows alone would give it.

        The encoder is fitted on the fold's own training rows. The rows that it holds out are the
        part `test`; a test table of the config is not read.

        Args:
            config: The config of the fold's own run.
            fold: Which rows the fold trains on, and which it holds out.
        """
        tables = {"train": self.rows(fold.trained)}
        if self.validation:
            tables["validation"] = self.validation
        tables["test"] = self.rows(fold.held_out)
        data = config.data.model_copy(update={"test": None})
        own = config.model_copy(update={"data": data})
        return encode(tables, profile_table(tables["train"], own))


def keep_table(config: Config) -> KeptTable:
    """Read the tables of a config once, and keep them in memory.

    Args:
        config: Says which tables and columns. Its test table is checked alone.

    Raises:
        ConfigError: The config names a column that is not there.
        TableError: With every mistake of all the tables.
    """
    tables = {}
    for key, table in open_tables(config).items():
        tables[key] = replace(table, keep=sys.maxsize)
    training = tables["train"]
    profile = profile_table(training, config)
    whole = encode(tables, profile, Keeping(has_inputs=False))
    needed = needed_columns(config.data.missing, profile.feature_names, config.data.target)
    blocks = list(training.blocks())
    kept_blocks = [block.without_missing(needed) for block in blocks]
    return KeptTable(
        profile=profile,
        whole=whole,
        table=training.with_blocks(kept_blocks),
        numbers=_numbers_of_kept_rows(blocks, needed),
        validation=tables.get("validation"),
    )


def _numbers_of_kept_rows(blocks: list[Block], needed: list[str]) -> RowNumbers:
    """Return the number of each row that has all needed cells, from 1 on, shape (rows,)."""
    numbers = []
    start = 1
    for block in blocks:
        is_kept = np.ones(len(block.frame), bool)
        for column in needed:
            is_there = block.texts(column).is_not_null()
            is_kept &= is_there.to_numpy()
        numbers.append(start + np.flatnonzero(is_kept))
        start += len(block.frame)
    return np.concatenate(numbers)
