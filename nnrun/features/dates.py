"""Dates and times in text."""

from typing import Literal, get_args

import polars as pl

_DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%B %d %Y",
    "%d %B %Y",
)  # %B: short names too
_TIMES = ("%H:%M", "%H:%M:%S%.f")  # %.f may be absent
_ISO = (
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.fZ",
    "%Y-%m-%dT%H:%M:%S%.f%:z",
    "%Y-%m-%d %H:%M:%S%.f%:z",
)
# the dates and times that are recognised, in the letters of C's strftime
FORMATS = (*_DATES, *_TIMES, *_ISO, *(f"{date} {time}" for date in _DATES for time in _TIMES))


def parse_dates(texts: pl.Series, form: str) -> pl.Series:
    if "%d" in form:
        dates: pl.Series = texts.str.to_datetime(form, strict=False, time_unit="us")
        return dates.set(dates.dt.year() < 1000, None)  # versions such as 1.2.3
    return texts.str.to_time(form, strict=False)


DatePart = Literal["year", "month", "day", "weekday", "hour"]


def date_parts(form: str | None) -> tuple[DatePart, ...]:
    """Return what a column of dates in one of FORMATS tells, or of times."""
    parts: tuple[DatePart, ...] = get_args(DatePart)
    return (parts[:4] * ("%d" in form) + parts[4:] * ("%H" in form)) if form in FORMATS else ()
