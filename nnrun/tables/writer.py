"""Frames written as CSV."""

from collections.abc import Iterable
from typing import IO

import polars as pl


def write_csv(
    frames: Iterable[pl.DataFrame], file: IO[bytes], *, escape_formulas: bool = False
) -> None:
    """Write frames as they come; with `escape_formulas`, text that a spreadsheet would run gets an apostrophe first."""
    for i, frame in enumerate(map(_escaped, frames) if escape_formulas else frames):
        file.write(frame.write_csv(include_header=i == 0).encode())
        file.flush()


def _escaped(frame: pl.DataFrame) -> pl.DataFrame:
    text, formula = (
        pl.col(pl.String),
        r"^([=+\-@\t\r])",
    )  # https://owasp.org/www-community/attacks/CSV_Injection
    is_number = text.cast(pl.Float64, strict=False).is_not_null()
    escaped = pl.when(is_number).then(text).otherwise(text.str.replace(formula, "'$1"))
    names = pl.DataFrame({"": frame.columns}).select(escaped).to_series()
    return frame.with_columns(escaped).rename(dict(zip(frame.columns, names, strict=True)))
