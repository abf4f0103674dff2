"""Numbers, and true and false, in the cells of a column."""

import numpy as np
import polars as pl

from nnrun.features.cells import ParsedCells
from nnrun.features.signs import find_sign, without_sign
from nnrun.tables.block import Block

FLOAT32_MAX = float(np.finfo(np.float32).max)
WORDS = {
    **dict.fromkeys(("true", "yes", "t", "y"), "1"),
    **dict.fromkeys(("false", "no", "f", "n"), "0"),
}
"""The words for true and false, in whatever case, as numbers."""
PLUS = r"^\+([\d.])"  # polars casts no number that begins with a plus sign


def parse_numbers(block: Block, name: str, sign: str = "") -> ParsedCells:
    """Return a column's cells as Float64.

    Args:
        block: Some rows of a table.
        name: The column.
        sign: The sign, such as %, that stands beside each number.

    Returns:
        Faulty cells are `missing`, `not_number`, `not_finite` or `too_large` for float32.
    """
    if not sign:
        numbers = _plain_numbers(block, name)
        if numbers is not None:
            return ParsedCells(numbers)
    texts = block.texts(name)
    bare = without_sign(texts, sign) if sign else texts
    written = _as_polars_reads(bare, block, name)
    return _cast(texts, written)


def parse_first_numbers(block: Block, name: str) -> tuple[ParsedCells, str]:
    """Return the cells of a column's first block, and the sign that is found beside all of them.

    Args:
        block: The first rows of a table.
        name: The column.
    """
    parsed = parse_numbers(block, name)
    if parsed.texts is None:
        return parsed, ""
    if len(parsed.values.drop_nulls()):
        return parsed, ""
    sign = find_sign(parsed.texts)
    if not sign:
        return parsed, ""
    return parse_numbers(block, name, sign), sign


def parse_booleans(block: Block, name: str) -> ParsedCells:
    """Return a column's cells as `parse_numbers` does, but true or yes as 1, false or no as 0.

    No other numbers than 1 and 0 are among them.

    Args:
        block: Some rows of a table.
        name: The column.
    """
    numbers = _plain_numbers(block, name)
    if numbers is not None and numbers.is_in([0.0, 1.0]).all():
        return ParsedCells(numbers)
    texts = block.texts(name)
    written = _as_polars_reads(texts, block, name)
    written_numbers = written.cast(pl.Float64, strict=False)
    is_truth = written_numbers.is_in([0.0, 1.0]).fill_null(value=False)
    written_truths = written.set(~is_truth, None)
    lower = texts.str.to_lowercase()
    words = lower.replace_strict(WORDS, default=None, return_dtype=pl.String)
    return _cast(texts, words.fill_null(written_truths))


def _plain_numbers(block: Block, name: str) -> pl.Series | None:
    """Return the cells as numbers if they all are, and need not be looked at as text."""
    cells = block.column(name)
    polars_reads_them = block.number_format.is_plain or cells.dtype.is_numeric()
    if not polars_reads_them:
        return None
    numbers: pl.Series = cells.cast(pl.Float64, strict=False)
    if not _are_plain(numbers, block):
        return None
    return numbers


def _as_polars_reads(texts: pl.Series, block: Block, name: str) -> pl.Series:
    """Return texts with numbers written as in 1234.5. Cells of a file with types are so already."""
    if block.number_format.is_plain or block.frame[name].dtype.is_numeric():
        return texts
    return block.number_format.to_plain(texts)


def _are_plain(numbers: pl.Series, block: Block) -> bool:
    """Tell whether all are finite, fit float32, and look like no missing cell.

    They usually do, and this takes few calls.
    """
    values = numbers.to_numpy()  # faster than polars; null is NaN, as is then the minimum
    minimum = values.min(initial=0)
    maximum = values.max(initial=0)
    fits = minimum >= -FLOAT32_MAX and maximum <= FLOAT32_MAX
    if not fits:
        return False
    null_numbers = block.null_values.numbers
    if not null_numbers:
        return True
    return not np.isin(values, null_numbers).any()


def _cast(texts: pl.Series, written: pl.Series) -> ParsedCells:
    """Return `texts` as numbers, which `written` holds as polars casts them but for a plus sign."""
    without_plus = written.str.replace(PLUS, "$1")
    numbers = without_plus.cast(pl.Float64, strict=False)
    fits = numbers.is_between(-FLOAT32_MAX, FLOAT32_MAX)  # false for NaN too
    is_finite = numbers.is_finite()
    return ParsedCells(
        numbers.set(~fits, None),
        texts,
        {
            "missing": texts.is_null(),
            "not_number": numbers.is_null() & texts.is_not_null(),
            "not_finite": ~is_finite,
            "too_large": is_finite & ~fits,
        },
    )
