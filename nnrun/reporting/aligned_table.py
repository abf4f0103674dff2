"""Cells in columns of even width, as many columns as a line has room for."""

from collections.abc import Callable, Sequence
from itertools import accumulate, zip_longest

from nnrun.wording import printable

GAP = "  "  # between two columns

Table = Sequence[Sequence[str]]
"""The cells of each line, of which the last ones may lack."""


def aligned_lines(table: Table, width: int, always: int) -> list[str]:
    """Return the lines of a table.

    Args:
        table: The cells of each line, the head first.
        width: How many characters a line may have.
        always: How many columns, from the first on, are shown in any case.
    """
    columns = shown_columns(table, width, always)
    shown = [cells[:columns] for cells in table]
    return left_aligned(shown)


def lines_with_rest(table: Table, names: Sequence[str], width: int) -> list[str]:
    """Return the lines of a table, and one that names the columns for which there is no room.

    Args:
        table: The cells of each line, the head first.
        names: The names of the last columns. Those before them are shown in any case.
        width: How many characters a line may have.
    """
    always = len(table[0]) - len(names)
    lines = aligned_lines(table, width, always)
    columns = shown_columns(table, width, always)
    left_out = names[columns - always :]
    if left_out:
        rest = ", ".join(map(printable, left_out))
        lines.append(f"more with --json: {rest}")
    return lines


def shown_columns(table: Table, width: int, always: int) -> int:
    """Return how many columns of a table are shown, from the first on.

    Args:
        table: The cells of each line, the head first.
        width: How many characters a line may have.
        always: How many columns, from the first on, are shown in any case.
    """
    shown = 0
    for end in accumulate(column_widths(table)):
        gaps = shown * len(GAP)
        if end + gaps > width:
            break
        shown += 1
    return max(always, shown)


def left_aligned(table: Table) -> list[str]:
    """Return a line for each row of cells, in columns that begin together.

    Args:
        table: The cells of each row.
    """
    return _aligned(table, str.ljust)


def right_aligned(table: Table) -> list[str]:
    """Return a line for each row of cells, in columns that end together.

    Args:
        table: The cells of each row.
    """
    return _aligned(table, str.rjust)


def column_widths(table: Table) -> list[int]:
    """Return how many characters the longest cell of each column has.

    Args:
        table: The cells of each row.
    """
    widths = []
    for column in zip_longest(*table, fillvalue=""):
        lengths = map(len, column)
        widths.append(max(lengths))
    return widths


def _aligned(table: Table, justify: Callable[[str, int], str]) -> list[str]:
    """Return a line for each row, whose cells a function such as str.ljust fills up."""
    widths = column_widths(table)
    lines = []
    for cells in table:
        justified = map(justify, cells, widths)
        line = GAP.join(justified)
        lines.append(line.rstrip())
    return lines
