"""Dates and times in the cells of a column."""

from typing import Literal, get_args

import polars as pl

from nnrun.features.cells import ParsedCells
from nnrun.tables.block import Block

_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%B %d %Y",  # %B reads short names too
    "%d %B %Y",
    "%d-%B-%Y",
    "%B %d, %Y",
)
_TIMES = ("%H:%M", "%H:%M:%S%.f")  # %.f may be absent
_ISO = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f%:z",
)
_DATES_WITH_TIMES = tuple(f"{date} {time}" for date in _DATES for time in _TIMES)

FORMATS = (*_DATES, *_TIMES, *_ISO, *_DATES_WITH_TIMES)
"""The dates and times that are recognised, as C's strftime writes them; the first to fit counts."""

FIRST_YEAR = 1000  # earlier ones are versions such as 1.2.3

DatePart = Literal["year", "month", "day", "weekday", "hour"]
_PARTS: tuple[DatePart, ...] = get_args(DatePart)


def parse_dates(block: Block, name: str, date_format: str) -> ParsedCells:
    """Return a column's cells as Datetime, or as Time if the format has no day.

    Args:
        block: Some rows of a table.
        name: The column.
        date_format: One of FORMATS.

    Returns:
        Faulty cells are `missing`, or are of another format (`other_format`).
    """
    texts = block.texts(name)
    dates = to_dates(texts, date_format)
    other_format = dates.is_null() & texts.is_not_null()
    return ParsedCells(dates, texts, {"other_format": other_format, "missing": texts.is_null()})


def to_dates(texts: pl.Series, date_format: str) -> pl.Series:
    """Return texts as Datetime, or as Time if the format has no day; null if not of this format."""
    if "%d" not in date_format:
        times: pl.Series = texts.str.to_time(date_format, strict=False)
        return times
    dates: pl.Series = texts.str.to_datetime(date_format, strict=False, time_unit="us")
    return dates.set(dates.dt.year() < FIRST_YEAR, None)


def fitting_formats(texts: pl.Series, formats: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of the formats that all texts are of."""
    for sample in (texts.head(20), texts):  # most formats fail at once
        formats = tuple(f for f in formats if not to_dates(sample, f).null_count())
    return formats


def date_parts(date_format: str | None) -> tuple[DatePart, ...]:
    """Return which numbers a column of dates or times holds; none if its format is unknown."""
    if date_format not in FORMATS:
        return ()
    days = _PARTS[:4] if "%d" in date_format else ()
    times = _PARTS[4:] if "%H" in date_format else ()
    return (*days, *times)


def take_part(dates: pl.Series, part: DatePart) -> pl.Series:
    """Return one number of each date as Float64; weekdays are 1, Monday, to 7."""
    numbers: pl.Series = getattr(dates.dt, part)()  # polars names its methods so
    return numbers.cast(pl.Float64)
