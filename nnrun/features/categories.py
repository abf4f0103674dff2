"""Categories in the cells of a column of text: which are inputs, and where a cell belongs."""

from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from nnrun.features.cells import ParsedCells
from nnrun.tables.block import Block

NUMBER = r"^\+?(-?)0*(\d+?)(?:(\.\d*[1-9])0*|\.0*)?$"
"""A number as text: its sign, its whole part and its decimals, without zeros that mean nothing."""

SHORTEST = "${1}${2}${3}"


def spell_numbers(texts: pl.Series) -> pl.Series:
    """Return texts in which each number is spelt the shortest way: `1.0` and `01` are `1`.

    Args:
        texts: Texts (pl.String); null and what is not a number stay as they are.
    """
    return texts.str.replace(NUMBER, SHORTEST)


def count_spellings(rows_by_text: Mapping[str, int]) -> dict[str, int]:
    """Return the rows of each text, once each number is spelt the shortest way.

    Args:
        rows_by_text: The rows of each text, as the table spells it.
    """
    texts = pl.Series(list(rows_by_text), dtype=pl.String)
    spellings = spell_numbers(texts)
    rows_by_spelling: Counter[str] = Counter()
    for spelling, rows in zip(spellings, rows_by_text.values(), strict=True):
        rows_by_spelling[spelling] += rows
    return dict(rows_by_spelling)


def choose_categories(
    counts: Mapping[str, int],
    *,
    max_categories: int,
    min_frequency: int,
) -> tuple[list[str], bool]:
    """Return the categories that are inputs, and whether others are left for the input `other`.

    As in scikit-learn's OneHotEncoder, `other` counts among `max_categories`. In a table so small
    that no category has `min_frequency` rows, one row is enough.

    Args:
        counts: How many training rows each category has.
        max_categories: The most inputs that the column may become.
        min_frequency: The fewest rows of a category that is an input.
    """
    most_rows = max(counts.values(), default=0)
    if most_rows < min_frequency:
        min_frequency = 1
    frequent = [text for text, rows in counts.items() if rows >= min_frequency]
    are_all_frequent = len(frequent) == len(counts)
    if are_all_frequent and len(counts) <= max_categories:
        return sorted(frequent), False
    by_frequency = sorted(frequent, key=lambda text: (-counts[text], text))
    most_frequent = by_frequency[: max_categories - 1]
    return sorted(most_frequent), True


def encode_categories(
    block: Block,
    name: str,
    categories: Sequence[str | None],
    *,
    other: bool = False,
    spells_numbers: bool = False,
) -> ParsedCells:
    """Return the place of each cell among the categories as Int64.

    Args:
        block: Some rows of a table.
        name: The column.
        categories: Texts, and None if a missing cell is a category too.
        other: Whether cells of no category have the place after the last one.
        spells_numbers: Whether categories hold numbers as `spell_numbers` gives them.

    Returns:
        Faulty cells are `missing`, or are of no category: `other_category` where these have a
        place, and `unseen_category` where they have none.
    """
    texts = block.texts(name)
    spelt = spell_numbers(texts) if spells_numbers else texts
    count = len(categories)
    codes = spelt.replace_strict(
        pl.Series(categories, dtype=pl.String),
        range(count),
        default=count if other else None,
        return_dtype=pl.Int64,
    )
    return ParsedCells(
        codes,
        texts,
        {
            "unseen_category": codes.is_null(),
            "other_category": codes == count,
            "missing": texts.is_null(),
        },
    )
