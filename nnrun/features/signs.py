"""Signs that stand beside every number of a column: per cent, and those of currencies."""

from collections.abc import Sequence

import polars as pl

SIGN = r"[%\p{Sc}]"
NUMBER = r"[-+]?[\d.,'_\s]*\d[\d.,'_\s]*"
"""A number, with whatever marks of decimals and thousands."""

WITH_SIGN = rf"^\s*[-+]?\s*(?:({SIGN})\s*{NUMBER}|{NUMBER}({SIGN}))\s*$"


def find_sign(texts: pl.Series) -> str:
    """Return the sign that all cells have before or behind a number, or an empty text.

    Args:
        texts: Cells as text, null where they are missing.
    """
    first = texts.drop_nulls().head(1)
    if not len(first) or not first.str.contains(WITH_SIGN)[0]:  # most columns end here
        return ""
    before = texts.str.extract(WITH_SIGN, 1)
    signs = before.fill_null(texts.str.extract(WITH_SIGN, 2))
    distinct = signs.drop_nulls().unique()
    if len(distinct) != 1 or signs.null_count() > texts.null_count():
        return ""
    return str(distinct[0])


def without_sign(texts: pl.Series, sign: str) -> pl.Series:
    """Return the numbers alone; null where the sign does not stand beside one."""
    has_sign = texts.str.contains(WITH_SIGN) & texts.str.contains(sign, literal=True)
    bare = texts.str.replace(sign, "", literal=True).str.replace(r"^\s*([-+]?)\s*", "$1")
    return bare.str.strip_chars().set(~has_sign, None)


def bare_cells(cells: Sequence[str]) -> list[str]:
    """Return cells without a sign that stands beside a number."""
    texts = pl.Series(cells, dtype=pl.String)
    has_sign = texts.str.contains(WITH_SIGN)
    bare = texts.str.replace(SIGN, "").str.replace(r"^\s*([-+]?)\s*", "$1").str.strip_chars()
    return bare.zip_with(has_sign, texts).to_list()


def is_sign(text: str) -> bool:
    """Tell whether a text is one of the signs, or empty."""
    return text == "" or bool(pl.Series([text]).str.contains(rf"^{SIGN}$")[0])
