"""Text among numbers: codes, which make a category of the column, or mistakes."""

import re
from collections.abc import Collection, Mapping

from nnrun.features.missing_marks import marks_missing
from nnrun.features.number_hint import number_hint

ROWS_PER_CODE = 5
"""Codes have so many rows each on average, as categories of `data.min_frequency` have."""

FEWEST_ROWS = 20
"""In a column of fewer cells nothing is frequent."""

FEW_NUMBERS = 30
"""Of 24 public columns that mix numbers and text, codes stood among at most 17 distinct numbers,
mistakes among 28 or more."""

CODE = re.compile(r"[1-9]\d{3,}|0\d{3,}")
"""A code such as a zip code: there can be many of them, all of one length."""

YEARS = range(1500, 2200)
"""Numbers of four digits that count, and are not codes."""

TRUTH_WORDS = frozenset(("true", "false", "yes", "no"))
"""Words that are not codes among numbers: true and false stand for 1 and 0 there."""


def holds_codes(rows_by_text: Mapping[str, int], others: Collection[str]) -> bool:
    """Tell whether text among numbers makes a category of the column, rather than a mistake.

    It does where the numbers are few, or are codes of one length themselves, and each value has
    many rows.

    Args:
        rows_by_text: The rows of each distinct cell that is not missing.
        others: Those of them that are not numbers.
    """
    rows = sum(rows_by_text.values())
    if rows < max(FEWEST_ROWS, ROWS_PER_CODE * len(rows_by_text)):
        return False
    others_may_be_codes = all(map(_may_be_a_code, others))
    if not others or not others_may_be_codes:
        return False
    numbers = [text for text in rows_by_text if text not in others]
    return len(numbers) <= FEW_NUMBERS or _are_codes(numbers)


def _may_be_a_code(text: str) -> bool:
    """Tell whether a text is no missing cell, no number written otherwise, and no truth."""
    if marks_missing(text) or number_hint(text):
        return False
    return text.lower() not in TRUTH_WORDS


def _are_codes(numbers: Collection[str]) -> bool:
    """Tell whether numbers are codes of one length, some of which are no years."""
    lengths = {len(number) for number in numbers}
    if len(lengths) != 1:
        return False
    if not all(map(CODE.fullmatch, numbers)):
        return False
    values = [int(number) for number in numbers]
    are_years = min(values) in YEARS and max(values) in YEARS
    return not are_years
