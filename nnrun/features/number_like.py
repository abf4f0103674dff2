"""Text that looks like numbers, and numbers that look like text."""

from collections.abc import Mapping

import polars as pl

DIGITS_FIRST = r"^[<>~\u2248\u2264\u2265=+\p{Sc}-]*\s*\d"
"""A number, perhaps behind a sign, as in <0.3 or $5, whatever comes then."""

WRITE_NUMBERS = "write them alone, without units, signs and ranges"

EXAMPLES = 3  # texts that a message shows


def most_begin_with_digits(rows_by_text: Mapping[str, int]) -> list[str]:
    """Return the first texts that begin with digits, if most rows have such; else none.

    Args:
        rows_by_text: The rows of each distinct text.
    """
    texts = pl.Series(list(rows_by_text), dtype=pl.String)
    rows = pl.Series(list(rows_by_text.values()), dtype=pl.Int64)
    begins_so = texts.str.contains(DIGITS_FIRST)
    rows_that_do = rows.filter(begins_so)
    if rows_that_do.sum() <= rows.sum() / 2:
        return []
    first_texts = texts.filter(begins_so).head(EXAMPLES)
    return first_texts.to_list()


def find_leading_zero(texts: pl.Series) -> str | None:
    """Return the first text of digits that begin with a zero, such as 01221, or None.

    Args:
        texts: Cells as text; null ones are passed over.

    Returns:
        The text without the spaces around it.
    """
    has_leading_zero = texts.str.contains(r"^\s*0\d+\s*$")
    first = texts.filter(has_leading_zero).head(1)
    if not len(first):
        return None
    return str(first[0]).strip()
