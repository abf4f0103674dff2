"""The history of a run."""

import csv
import io
import os
from contextlib import suppress
from pathlib import Path

from nnrun.files import named_errors

Logs = dict[str, float]
"""What an epoch logs: the loss and the metrics, by name."""


def append_history(path: Path, rows: list[dict[str, float]], epoch: int) -> None:
    """Add the rows of the epochs after `epoch` to a history.csv in one write; the first one brings the header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["epoch", *(rows[0] if rows else ())], lineterminator="\n")
    size = path.stat().st_size if path.exists() else 0
    if rows and not size:
        writer.writeheader()
    writer.writerows({"epoch": number, **row} for number, row in enumerate(rows, epoch + 1))
    with named_errors(path):
        try:
            with path.open("a", encoding="utf-8", newline="") as file:
                file.write(text.getvalue())
        except OSError:
            with suppress(OSError):
                os.truncate(path, size)
            raise
