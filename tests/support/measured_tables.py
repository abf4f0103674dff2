"""Write the README's table of errors on public tables, from those of docs/results.md."""

from pathlib import Path

RESULTS = Path(__file__).parents[2] / "docs" / "results.md"
SECTIONS = ("### Larger tables", "### Small tables")
"""The headings after which the first table is of errors on tables that were held back."""


def measured_tables() -> str:
    """Return a Markdown table with a row for each public table that was held back."""
    text = RESULTS.read_text(encoding="utf-8")
    lines: list[str] = []
    for heading in SECTIONS:
        head, line, *rows = _first_table(text.partition(heading)[2])
        if not lines:
            lines = [head, line]
        lines += [row for row in rows if not row.startswith(("| median", "| worst"))]
    return "\n".join(lines)


def _first_table(text: str) -> list[str]:
    """Return the lines of the first table in a text."""
    table: list[str] = []
    for line in text.splitlines():
        if line.startswith("|"):
            table.append(line)
        elif table:
            break
    return table
