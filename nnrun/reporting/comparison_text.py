"""Two runs side by side, as people read them on a terminal."""

import json

from nnrun.reporting.aligned_table import aligned_lines
from nnrun.reporting.metrics_text import shown_number
from nnrun.runs.comparison import Comparison, Values
from nnrun.wording import printable

LONGEST_VALUE = 40  # characters: two values and a key then fit in most terminals
CHECKSUM = 12  # characters of a SHA-256, as many as tell two tables apart


def describe_comparison(names: tuple[str, str], comparison: Comparison) -> str:
    """Return a section for settings, tables, versions and metrics, with a column for each run.

    Args:
        names: What the two runs are called.
        comparison: What is the same in them, and what is not.
    """
    sections = []
    for title, values in comparison._asdict().items():
        if values:
            lines = _section(title, names, values)
            sections.append("\n".join(lines))
        else:
            sections.append(f"{title}: the same")
    return "\n\n".join(sections)


def _section(title: str, names: tuple[str, str], values: Values) -> list[str]:
    """Return the lines of a section, with a column for each run."""
    titles = [title, *map(printable, names)]
    table = [titles]
    for key, (first, second) in values.items():
        cells = [
            printable(key),
            _shown(key, first),
            _shown(key, second),
        ]
        table.append(cells)
    return aligned_lines(table, 0, len(titles))


def _shown(key: str, value: object) -> str:
    """Return a value as text that cannot command the terminal."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return shown_number(value)
    text = value if isinstance(value, str) else json.dumps(value)
    if key.endswith(".sha256"):
        return printable(text[:CHECKSUM])
    shown = printable(text)
    if len(shown) <= LONGEST_VALUE:
        return shown
    end = shown[3 - LONGEST_VALUE :]  # of a path, it tells the most
    return f"...{end}"
