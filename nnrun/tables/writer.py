"""Frames written as CSV."""

from collections.abc import Iterable
from typing import IO

import polars as pl

FORMULA = r"^([=+\-@\t\r])"  # https://owasp.org/www-community/attacks/CSV_Injection


def write_csv(
    frames: Iterable[pl.DataFrame],
    file: IO[bytes],
    *,
    escape_formulas: bool = False,
) -> None:
    """Write frames as they come, below one header.

    Args:
        frames: Frames with the same columns.
        file: A file or stream, which gets each frame at once.
        escape_formulas: Put an apostrophe before text that a spreadsheet would run.
    """
    writer = CsvWriter(file, escape_formulas=escape_formulas)
    for frame in frames:
        writer.write(frame)


class CsvWriter:
    """Writes frames as they come, below one header.

    Args:
        file: A file or stream, which gets each frame at once.
        escape_formulas: Put an apostrophe before text that a spreadsheet would run.
    """

    def __init__(self, file: IO[bytes], *, escape_formulas: bool = False) -> None:
        self._file = file
        self._escapes = escape_formulas
        self._is_first = True

    def write(self, frame: pl.DataFrame) -> None:
        """Write a frame with the columns of those before it.

        Args:
            frame: The rows to write. The header is written above the first frame alone.
        """
        written = _escape(frame) if self._escapes else frame
        text = written.write_csv(include_header=self._is_first)
        self._file.write(text.encode())
        self._file.flush()
        self._is_first = False


def _escape(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with an apostrophe before each text and column name that is a formula."""
    text = pl.col(pl.String)
    number = text.cast(pl.Float64, strict=False)
    with_apostrophe = text.str.replace(FORMULA, "'$1")
    escaped = pl.when(number.is_not_null()).then(text).otherwise(with_apostrophe)
    names = pl.DataFrame({"": frame.columns})
    escaped_names = names.select(escaped).to_series()
    new_names = dict(zip(frame.columns, escaped_names, strict=True))
    return frame.with_columns(escaped).rename(new_names)
