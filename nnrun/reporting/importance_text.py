"""What `importance` prints: a line for each column, and which columns share their importance."""

from nnrun.reporting.aligned_table import right_aligned
from nnrun.results.correlation import correlation_note
from nnrun.results.importance import ColumnImportance
from nnrun.results.run_importance import RunImportance
from nnrun.wording import counted, printable, short_number


def describe_importance(part: str, importance: RunImportance) -> str:
    """Return how much the loss grows by each column.

    Args:
        part: The part of the rows, `validation` or `test`, or "" for those of another table.
        importance: How much the loss grows by each column, and on which rows.
    """
    rows = counted(importance.rows, "row")
    if part:
        rows += f" of {part}"
    if importance.rows < importance.rows_given:
        rows += f", drawn of {importance.rows_given:,}"
    times = counted(importance.repeats, "time")
    title = f"Growth of {importance.loss} when a column is shuffled ({rows}, {times}):"
    table = [["column", "mean", "sd"]]
    for column in importance.columns:
        table.append(_cells(column))
    lines = [title, ""]
    lines += right_aligned(table)
    for group in importance.correlated:
        lines += ["", correlation_note(group)]
    return "\n".join(map(printable, lines))


def _cells(column: ColumnImportance) -> list[str]:
    return [
        column.column,
        short_number(column.mean),
        short_number(column.deviation),
    ]
