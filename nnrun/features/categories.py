"""Categories in the cells of a column of text."""

from collections.abc import Sequence

import polars as pl

from nnrun.features.cells import ParsedCells
from nnrun.tables.block import Block


def encode_categories(block: Block, name: str, categories: Sequence[str | None]) -> ParsedCells:
    """Return the place of each cell among the categories as Int64; faulty ones are among none of them.

    A missing cell is the category None, where that is one.
    """
    texts = block.texts(name)
    known = pl.Series(categories, dtype=pl.String)
    codes = texts.replace_strict(known, range(len(known)), default=None, return_dtype=pl.Int64)
    return ParsedCells(
        codes, texts, {"unseen_category": codes.is_null(), "missing": texts.is_null()}
    )
