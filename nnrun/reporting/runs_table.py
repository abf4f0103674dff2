"""The table of `nnrun runs`: a line a run, as many metrics as the terminal has room for."""

from pathlib import Path

from nnrun.reporting.aligned_table import aligned_lines, shown_columns
from nnrun.runs.listing import Summary, known_metrics
from nnrun.wording import printable

FACTS = ["run", "status", "epochs", "verdict", "started UTC", "seconds"]
"""The columns that are always there."""
STATUS_WIDTH = len("interrupted")  # the longest status of nnrun's; that of a forged file is cut
DAY_AND_MINUTE = slice(5, 16)  # of an ISO 8601 time, whose year and seconds say little


def describe_runs(found: list[Summary], width: int, first: str | None = None) -> str:
    """Return the table, and a line that names the metrics for which there is no room.

    Args:
        found: What each run says of itself, as `list_runs` has it.
        width: How many characters a line may have.
        first: The metric that comes before the others.
    """
    metrics = _in_order(known_metrics(found), first)
    table = [[*FACTS, *map(printable, metrics)]]
    table += [_cells(run, metrics, width // 3) for run in found]
    lines = aligned_lines(table, width, len(FACTS))
    left_out = metrics[shown_columns(table, width, len(FACTS)) - len(FACTS) :]
    if left_out:
        lines.append(f"more with --json: {', '.join(map(printable, left_out))}")
    return "\n".join(lines)


def _in_order(metrics: list[str], first: str | None) -> list[str]:
    """Return the metrics: `first`, then those of rows held out, then those of training."""

    def rank(name: str) -> tuple[bool, bool]:
        return name != first, not name.startswith(("val_", "test_"))

    return sorted(metrics, key=rank)


def _cells(run: Summary, metrics: list[str], name_width: int) -> list[str]:
    """Return the line of a run; whatever its files say cannot command the terminal."""
    cells = _facts(run, name_width)
    for name in metrics:
        cells.append(_shown_value(run["metrics"].get(name)))
    return list(map(printable, cells))


def _facts(run: Summary, name_width: int) -> list[str]:
    """Return the cells of FACTS; of a run that cannot be read only name and status are known."""
    name = Path(run["run"]).absolute().name
    if len(name) > name_width:
        name = f"{name[: name_width - 3]}..."
    status = run["status"][:STATUS_WIDTH]
    if "error" in run:
        return [name, status, *["-"] * (len(FACTS) - 2)]
    started = run["started"][DAY_AND_MINUTE].replace("T", " ")
    seconds = f"{run['seconds']:.4g}" if run["seconds"] else "-"
    epochs = f"{run['epochs']}/{run['goal']}"
    return [name, status, epochs, run["verdict"] or "-", started, seconds]


def _shown_value(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
