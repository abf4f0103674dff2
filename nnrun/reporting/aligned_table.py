"""Cells in columns of even width, as many columns as a line has room for."""

from collections.abc import Sequence
from itertools import accumulate

GAP = 2  # spaces between two columns


def aligned_lines(table: Sequence[Sequence[str]], width: int, always: int) -> list[str]:
    """Return the lines of a table.

    Args:
        table: The cells of each line, the head first.
        width: How many characters a line may have.
        always: How many columns, from the first on, are shown in any case.
    """
    columns = shown_columns(table, width, always)
    widths = _widths(table)
    return ["".join(map(str.ljust, cells[:columns], widths)).rstrip() for cells in table]


def shown_columns(table: Sequence[Sequence[str]], width: int, always: int) -> int:
    """Return how many columns of a table are shown, from the first on."""
    ends = accumulate(_widths(table))
    fitting = sum(end - GAP <= width for end in ends)  # no gap follows the last column
    return max(always, fitting)


def _widths(table: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column, with the gap behind it."""
    return [max(map(len, column)) + GAP for column in zip(*table, strict=True)]
