"""Which rows are left out for a missing cell."""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.tables.table_file import ReadingPlan
from nnrun.wording import counted

MissingPolicy = Literal["error", "mean", "drop"]
"""How `data.missing` treats missing cells: refuse the table, fill them in, or drop their rows."""

RowMask = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""Whether each row of a table is meant."""

RowNumbers = np.ndarray[tuple[int], np.dtype[np.intp]]
"""Numbers of rows, or a number for each row."""


def left_out(count: int, missing: MissingPolicy) -> str:
    """Say how many rows are left out, at least one, and for which missing cells.

    Where missing cells are mistakes, only rows that have no cell at all are left out.

    Args:
        count: How many rows are left out, at least one.
        missing: What the config does about missing cells.
    """
    if missing == "error":
        return blank_left_out(count)
    rows = counted(count, "row")
    verb = "is" if count == 1 else "are"
    cell = "target" if missing == "mean" else "cell"
    return f"{rows} {verb} left out for a missing {cell}"


def blank_left_out(count: int) -> str:
    """Say how many rows are left out, at least one, in which every cell is missing.

    Args:
        count: How many rows there are, at least one.
    """
    rows = counted(count, "row")
    if count == 1:
        return f"{rows} that holds only separators is left out"
    return f"{rows} that hold only separators are left out"


def kept_rows(
    table: Table,
    needed: list[str],
    plan: ReadingPlan | None = None,
    *,
    may_be_empty: bool = False,
) -> Iterator[tuple[Block, int]]:
    """Yield each block without the rows that lack a needed cell, and the number of these rows.

    Rows in which every cell is empty are left out in any case, and are counted too.

    Args:
        table: The table to read.
        needed: The columns whose cells are needed.
        plan: Which columns are read, and which may be numbers; by default all are read, and those
            of a CSV file are text.
        may_be_empty: Whether a table without rows is a block without rows, and no mistake.
    """
    for block in table.blocks(plan, may_be_empty=may_be_empty):
        kept = block.without_missing(needed)
        lacking = len(block.frame) - len(kept.frame)
        yield kept, lacking + block.blank_rows


def needed_columns(
    missing: MissingPolicy,
    features: list[str],
    targets: list[str],
) -> list[str]:
    """Return the columns whose missing cells leave their rows out.

    Args:
        missing: What the config does about missing cells.
        features: The features.
        targets: The targets, or none in rows to predict.
    """
    if missing == "drop":
        return [*features, *targets]
    if missing == "mean":
        return targets
    return []
