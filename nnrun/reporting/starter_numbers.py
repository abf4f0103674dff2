"""How a table writes its numbers, told by which way makes most of its cells numbers."""

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from nnrun.features.numbers import parse_first_numbers
from nnrun.tables.block import Block
from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat

NUMBER_FORMATS = (
    PLAIN_NUMBERS,
    NumberFormat(thousands=","),
    NumberFormat(decimal=","),
    NumberFormat(decimal=",", thousands="."),
    NumberFormat(thousands=" "),
    NumberFormat(decimal=",", thousands=" "),
    NumberFormat(thousands="'"),
)
"""The ways to write numbers, the likeliest first: of two that read as many cells it is taken."""

SAMPLE = 10_000
"""Rows that are looked at: a table writes all of its numbers in one way."""

MOSTLY = 0.9
"""The share of a column's cells that are numbers where it is one of numbers: others are text, in
which a few cells may look like numbers of any format."""


def find_number_format(block: Block) -> tuple[NumberFormat, list[str]]:
    """Return how the numbers of a table are written.

    Args:
        block: The first rows of the table, whose numbers are read as plain ones.

    Returns:
        The format, and the columns whose numbers are not plain ones.
    """
    sample = block.slice(0, SAMPLE)
    schema = sample.frame.schema
    texts = [name for name, dtype in schema.items() if dtype == pl.String]
    columns = [name for name in texts if _may_be_marked(sample.column(name))]
    if not columns:
        return PLAIN_NUMBERS, []
    counts = {}
    for number_format in NUMBER_FORMATS:
        counts[number_format] = _count_numbers(sample, texts, number_format)
    best = max(NUMBER_FORMATS, key=lambda each: sum(counts[each].values()))
    best_counts = counts[best]
    plain_counts = counts[PLAIN_NUMBERS]
    marked = []
    for name in columns:
        if best_counts[name] > plain_counts[name]:
            marked.append(name)
    return best, marked


def format_in_words(numbers: NumberFormat) -> str:
    """Return how numbers are written, in a few words.

    Args:
        numbers: The format; of a plain one there is nothing to say, which gives "".
    """
    words = []
    if numbers.decimal == ",":
        words.append("decimal comma")
    if numbers.thousands:
        words.append(f"thousands marked by {numbers.thousands!r}")
    return ", ".join(words)


def _may_be_marked(cells: pl.Series) -> bool:
    """Tell whether a column of text has a number with a mark that plain numbers do not have."""
    return bool(cells.str.contains(r"\d[,. ']\d{3}|\d?,\d").any())


def _count_numbers(
    block: Block, columns: Sequence[str], number_format: NumberFormat
) -> dict[str, int]:
    """Return for each column how many cells are numbers of this format, 0 where few are."""
    formatted = replace(block, number_format=number_format)
    counts = {}
    for name in columns:
        parsed, _ = parse_first_numbers(formatted, name)
        values = parsed.values
        present = formatted.texts(name).drop_nulls()
        count = len(values) - values.null_count()
        are_mostly_numbers = count >= MOSTLY * len(present)
        if are_mostly_numbers and not _has_decimals(formatted, name):
            counts[name] = count
        else:
            counts[name] = 0
    return counts


def _has_decimals(block: Block, name: str) -> bool:
    """Tell whether what would mark thousands stands behind a zero, as in 0,125: it marks decimals.

    Plain numbers have no mark of thousands.
    """
    thousands = block.number_format.thousands
    if not thousands:
        return False
    pattern = rf"^\s*[-+]?0[{thousands}]\d"
    return bool(block.column(name).str.contains(pattern).any())
