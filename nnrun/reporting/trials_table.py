"""The table of `nnrun sweep`: a line a trial, the best first."""

from collections.abc import Sequence
from typing import Any

from nnrun.reporting.aligned_table import aligned_lines
from nnrun.reporting.metrics_text import shown_number
from nnrun.runs.trial_record import setting_keys
from nnrun.wording import printable


def describe_trials(trials: Sequence[dict[str, Any]], metric: str, width: int) -> str:
    """Return the table.

    Args:
        trials: The trials, as `sweep --json` has them, each with its `name`.
        metric: The metric by which they are ordered.
        width: How many characters a line may have.
    """
    keys = setting_keys(trial["settings"] for trial in trials)
    titles = ["run", "status", metric, *map(printable, keys)]
    table = [titles]
    for trial in trials:
        value = trial["metrics"].get(metric)
        cells = [
            trial["name"],
            trial["status"],
            "-" if value is None else shown_number(value),
        ]
        for key in keys:
            setting = trial["settings"].get(key, "-")
            cells.append(printable(shown_number(setting)))
        table.append(cells)
    lines = aligned_lines(table, width, 3)
    return "\n".join(lines)
