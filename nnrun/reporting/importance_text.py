"""What `importance` prints: a line for each column, and which columns share their importance."""

from nnrun.reporting.aligned_table import right_aligned
from nnrun.results.correlation import correlation_note
from nnrun.results.importance import ColumnImportance
from nnrun.results.run_importance import RunImportance
from nnrun.wording import counted, printable, short_number


def describe_importance(part: str, found: RunImportance) -> str:
    """Return how much the loss grows by each column.

    Args:
        part: The part of the rows, `validation` or `test`, or "" for those of another table.
        found: What was found.
    """
    rows = counted(found.rows, "row")
    if part:
        rows += f" of {part}"
    if found.rows < found.rows_given:
        rows += f", drawn of {found.rows_given:,}"
    times = counted(found.repeats, "time")
    lines = [f"Growth of {found.loss} when a column is shuffled ({rows}, {times}):", ""]
    table = [["column", "mean", "sd"], *map(_cells, found.columns)]
    lines += right_aligned(table)
    for group in found.correlated:
        lines += ["", correlation_note(group)]
    return "\n".join(map(printable, lines))


def _cells(column: ColumnImportance) -> list[str]:
    return [column.column, short_number(column.mean), short_number(column.deviation)]
