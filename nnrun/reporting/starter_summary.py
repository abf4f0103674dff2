"""What `nnrun init` made of each column, as a table for a terminal."""

import io
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nnrun.reporting.starter_columns import ColumnChoice
from nnrun.wording import counted, printable

MOST_COLUMNS = 1_000
"""A table of more columns is cut: nobody reads so many lines, and each takes rich 0.2 ms."""

LONGEST_NAME = 40  # characters; half of a terminal's line is left for what was made of the column


def describe_columns(
    columns: Sequence[ColumnChoice], width: int, heading: str = "what was made of it"
) -> list[str]:
    """Return a line for each column: its name, its kind, what was made of it, what is missing.

    Args:
        columns: What was made of each column.
        width: How many characters a line may have.
        heading: What stands above what was made of the columns.
    """
    table = Table(
        box=None,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for header in ("column", "kind", heading):
        table.add_column(header)
    table.add_column("missing", justify="right")
    for column in columns[:MOST_COLUMNS]:
        cells = map(Text, _cells(column))
        table.add_row(*cells)
    lines = _printed(table, width)
    left_out = len(columns) - MOST_COLUMNS
    if left_out > 0:
        others = counted(left_out, "more column")
        lines.append(f"and {others}")
    return lines


def _cells(column: ColumnChoice) -> tuple[str, str, str, str]:
    """Return the cells of a column's line, whose name is cut where it is long."""
    name = printable(column.name)
    if len(name) > LONGEST_NAME:
        beginning = name[: LONGEST_NAME - 3]
        name = f"{beginning}..."
    made = printable(column.made)
    missing = _share_in_words(column.missing)
    return name, column.kind, made, missing


def _share_in_words(share: float) -> str:
    """Return a share in percent, which is 0 or 100 only where it is so exactly."""
    if not share:
        return "-"
    if share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{100 * share:.1f} %"


def _printed(table: Table, width: int) -> list[str]:
    """Return the lines that rich prints, without spaces at their ends."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return [line.rstrip() for line in capture.get().splitlines()]
