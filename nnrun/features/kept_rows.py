"""Which rows are left out for a missing cell."""

from collections.abc import Iterator
from typing import Literal

from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.tables.table_file import ReadingPlan

MissingPolicy = Literal["error", "mean", "drop"]
"""What `data.missing` says of missing cells: refuse the table, fill them in, or leave their rows out."""


def kept_rows(
    table: Table, needed: list[str], plan: ReadingPlan | None = None
) -> Iterator[tuple[Block, int]]:
    """Yield each block without the rows in which a cell of the needed columns is missing, and how many these are."""
    for block in table.blocks(plan):
        kept = block.without_missing(needed)
        yield kept, len(block.frame) - len(kept.frame)


def needed_columns(missing: MissingPolicy, features: list[str], targets: list[str]) -> list[str]:
    """Return the columns whose missing cells leave their rows out."""
    if missing == "drop":
        return [*features, *targets]
    return targets if missing == "mean" else []
