"""How cells that look like numbers, and are none, should be written, or read."""

import re
from collections.abc import Sequence
from functools import lru_cache

from nnrun.features.signs import LONGEST, bare_cell
from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat

COMMA_FOR_THOUSANDS = NumberFormat(".", ",")
COMMA_FOR_DECIMALS = NumberFormat(",", "")

LIKELY_FORMATS = (
    COMMA_FOR_THOUSANDS,
    COMMA_FOR_DECIMALS,
    NumberFormat(",", "."),
    NumberFormat(",", " "),
    NumberFormat(".", " "),
    NumberFormat(".", "'"),
    NumberFormat(",", "'"),
    NumberFormat(".", "_"),
)
"""How numbers are written elsewhere. Where several fit, the first is the likeliest."""

PLAIN = r"\s*[+-]?[0-9]*\.?[0-9]+\s*"
"""A number that is read as it stands where a config says nothing of numbers."""

CELLS_KNOWN = 1024
"""The first cells of a few columns: each block asks for them again."""

WAYS = {
    COMMA_FOR_THOUSANDS: (
        "numbers are written without separators of thousands and with a decimal point, as in 1234.5"
    ),
    COMMA_FOR_DECIMALS: "decimals are written with a point, as in 1.5",
}
"""What is said of the two commonest ways to write a number."""


def find_number_format(cells: Sequence[str]) -> NumberFormat | None:
    """Return the first format of LIKELY_FORMATS in which all cells are written, if there is one.

    Args:
        cells: Cells as text. A sign, such as %, may stand beside each number.
    """
    texts = [bare_cell(cell).strip() for cell in cells]
    for number_format in LIKELY_FORMATS:
        if all(map(number_format.matches, texts)):
            return number_format
    return None


def written_elsewhere(cells: Sequence[str]) -> list[str]:
    """Return those of the cells that are numbers in one of LIKELY_FORMATS, and not as in 1234.5.

    Longer cells than numbers are none, and are not kept for the next block.

    Args:
        cells: Cells as text, with or without spaces and signs around the numbers.
    """
    short_cells = [cell for cell in cells if len(cell) <= LONGEST]
    return list(filter(_is_written_elsewhere, short_cells))


@lru_cache(CELLS_KNOWN)
def _is_written_elsewhere(cell: str) -> bool:
    if PLAIN_NUMBERS.matches(bare_cell(cell).strip()):
        return False
    return find_number_format([cell]) is not None


def number_hint(*cells: str) -> str:
    """Return what to do about cells that look like numbers, or an empty text.

    Args:
        cells: Cells of a column that are not read as numbers.
    """
    if "\0" in "".join(cells):
        return "; it holds a NUL byte"
    if cells and re.fullmatch(PLAIN, cells[0]):
        return "; decimal and thousands under data say that numbers are written in another way"
    written = written_elsewhere(cells)
    if not written:
        return ""
    number_format = find_number_format(written)
    if number_format is None:
        return "; its numbers are written in several ways, of which one can be read"
    way = WAYS.get(number_format, "numbers are written as in 1234.5")
    keys = _in_keys(number_format)
    return f"; {way}, unless {keys} under data"


def _in_keys(number_format: NumberFormat) -> str:
    """Return the lines of a config that say a format, and their verb."""
    keys = []
    if number_format.decimal != ".":
        keys.append(f'`decimal: "{number_format.decimal}"`')
    if number_format.thousands:
        keys.append(f'`thousands: "{number_format.thousands}"`')
    verb = "stand" if len(keys) > 1 else "stands"
    listed_keys = " and ".join(keys)
    return f"{listed_keys} {verb}"
