"""Categories in the cells of a column of text."""

from collections.abc import Sequence

import polars as pl

from nnrun.features.cells import ParsedCells
from nnrun.tables.block import Block


def encode_categories(block: Block, name: str, categories: Sequence[str | None]) -> ParsedCells:
    """Return the place of each cell among the categories as Int64.

    Args:
        block: Some rows of a table.
        name: The column.
        categories: Texts, and None if a missing cell is a category too.

    Returns:
        Faulty cells are `missing`, or are of no category (`unseen_category`).
    """
    texts = block.texts(name)
    known = pl.Series(categories, dtype=pl.String)
    codes = texts.replace_strict(known, range(len(known)), default=None, return_dtype=pl.Int64)
    return ParsedCells(
        codes, texts, {"unseen_category": codes.is_null(), "missing": texts.is_null()}
    )
