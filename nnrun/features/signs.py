"""Signs that stand beside every number of a column: per cent, and those of currencies."""

import re
import unicodedata

import polars as pl

SIGN = r"[%\p{Sc}]"
NUMBER = r"[-+]?[\d.,'_\s]*\d[\d.,'_\s]*"
"""A number, with whatever marks of decimals and thousands."""

WITH_SIGN = rf"^\s*[-+]?\s*(?:({SIGN})\s*{NUMBER}|{NUMBER}({SIGN}))\s*$"

LONGEST = 64
"""Characters of a number: Python's `re` takes the square of the time for a longer text."""


def find_sign(texts: pl.Series) -> str:
    """Return the sign that all cells have before or behind a number, or an empty text.

    Args:
        texts: Cells as text, null where they are missing.
    """
    first = texts.drop_nulls().head(1)
    first_has_sign = first.str.contains(WITH_SIGN).any()
    if not first_has_sign:  # as in most columns
        return ""
    sign_before = texts.str.extract(WITH_SIGN, 1)
    sign_behind = texts.str.extract(WITH_SIGN, 2)
    signs = sign_before.fill_null(sign_behind)
    distinct = signs.drop_nulls().unique()
    some_have_none = signs.null_count() > texts.null_count()
    if some_have_none or len(distinct) != 1:
        return ""
    return str(distinct[0])


def without_sign(texts: pl.Series, sign: str) -> pl.Series:
    """Return the numbers alone; null where the sign does not stand beside one.

    Args:
        texts: Cells as text, null where they are missing.
        sign: The sign of per cent or of a currency, as `find_sign` finds it.
    """
    has_a_sign = texts.str.contains(WITH_SIGN)
    has_this_sign = has_a_sign & texts.str.contains(sign, literal=True)
    without = texts.str.replace(sign, "", literal=True)
    bare = without.str.replace(r"^\s*([-+]?)\s*", "$1").str.strip_chars()
    return bare.set(~has_this_sign, None)


def bare_cell(cell: str) -> str:
    """Return a cell as `without_sign` does, or as it is where no sign stands beside a number.

    Messages look at some cells of each column and block, for which polars takes too long.

    Args:
        cell: A cell as the file has it.
    """
    if len(cell) > LONGEST:
        return cell
    sign = next(filter(is_sign, cell), "")
    if not sign:
        return cell
    literal = re.escape(sign)
    sign_before = rf"{literal}\s*{NUMBER}"
    sign_behind = rf"{NUMBER}{literal}"
    if not re.fullmatch(rf"\s*[-+]?\s*(?:{sign_before}|{sign_behind})\s*", cell):
        return cell
    without = cell.replace(sign, "", 1)
    return re.sub(r"^\s*([-+]?)\s*", r"\1", without).strip()


def is_sign(character: str) -> bool:
    """Tell whether a character is the per cent sign or that of a currency.

    Args:
        character: A single character.
    """
    return character == "%" or unicodedata.category(character) == "Sc"
