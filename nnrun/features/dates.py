"""Dates and times in the cells of a column."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import polars as pl

from nnrun.features.cells import ParsedCells
from nnrun.tables.block import Block

TIMES = ("%H:%M", "%H:%M:%S%.f", "%I:%M %p", "%I:%M:%S %p")
"""%.f may be absent, and so may the space before AM or PM, in letters of any case."""

ZONES = ("Z", "%:z")  # a space in a format may be absent too, and so may the colon of a zone

DateOrder = Literal["year first", "month first", "day first", "dots", "words", "time"]
"""In which order a date is written. All dates of a column are of one order."""

DATES: dict[DateOrder, tuple[str, ...]] = {
    "year first": ("%Y-%m-%d", "%Y/%m/%d"),
    "month first": ("%m/%d/%Y", "%m/%d/%y", "%m-%d-%Y", "%m-%d-%y"),
    "day first": ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d-%m-%y"),
    "dots": ("%d.%m.%Y", "%d.%m.%y"),
    "words": (
        "%B %d %Y",  # %B reads short names too
        "%d %B %Y",
        "%d-%B-%Y",
        "%B %d, %Y",
        "%d %B %y",
        "%d-%B-%y",
    ),
}


def _formats_of(order: DateOrder) -> Iterator[str]:
    """Yield the dates of an order, alone and with times behind them."""
    yield from DATES[order]
    for date in DATES[order]:
        for time in TIMES:
            yield f"{date} {time}"
    if order == "year first":
        for date in DATES[order]:
            for separator in ("T", " "):
                yield from _iso_formats(f"{date}{separator}")


def _iso_formats(date: str) -> Iterator[str]:
    """Yield a date with the times of ISO 8601, in UTC or with a zone."""
    for time in ("%H:%M", "%H:%M:%S%.f"):
        if date.endswith("T"):  # with a space, the format is there already
            yield date + time
        for zone in ZONES:
            yield f"{date}{time}{zone}"


FORMATS_BY_ORDER: dict[DateOrder, tuple[str, ...]] = {}
"""The dates and times that are recognised, as C's strftime writes them."""

for _order in DATES:
    FORMATS_BY_ORDER[_order] = tuple(_formats_of(_order))
FORMATS_BY_ORDER["time"] = TIMES

ORDERS: dict[str, DateOrder] = {}
"""The order of each format."""

for _order, _formats in FORMATS_BY_ORDER.items():
    for _format in _formats:
        ORDERS[_format] = _order

FORMATS = tuple(ORDERS)

FIRST_YEAR = 1000  # earlier ones are versions such as 1.2.3

SHORT_YEAR = r"^\w+\W+\w+\W+\d{2}(?:\s|$)"
"""A date whose year has two digits. A format's %y reads one too, as in the version 1.2.3."""

DatePart = Literal["year", "month", "day", "weekday", "hour"]
_PARTS_OF_DAYS: tuple[DatePart, ...] = ("year", "month", "day", "weekday")


class DateReading(NamedTuple):
    """Texts read as dates.

    Attributes:
        dates: Datetime, or Time where no format has a day; null where no format fits.
        formats: Those that read any, in the order of the formats that were tried.
    """

    dates: pl.Series
    formats: list[str]


def parse_dates(
    block: Block,
    name: str,
    date_format: str,
    more_formats: Sequence[str] = (),
) -> ParsedCells:
    """Return a column's cells as Datetime, or as Time if the format has no day.

    A cell of another known form is read too, unless day and month could be told in two ways.

    Args:
        block: Some rows of a table.
        name: The column.
        date_format: One of FORMATS, in which training had dates.
        more_formats: Other formats of training.

    Returns:
        Faulty cells are `missing`, or are of no known form (`other_format`).
    """
    texts = block.texts(name)
    formats = dict.fromkeys([date_format, *more_formats, *_readable_as_well(date_format)])
    dates = read_dates(texts, formats).dates
    return ParsedCells(
        dates,
        texts,
        {
            "other_format": dates.is_null() & texts.is_not_null(),
            "missing": texts.is_null(),
        },
    )


def _readable_as_well(date_format: str) -> Iterator[str]:
    """Yield the known formats that cannot be mistaken in a column of dates of a format."""
    order = ORDERS[date_format]
    yield from FORMATS_BY_ORDER[order]
    if order == "time":
        return
    for other in ("year first", "dots", "words"):
        yield from FORMATS_BY_ORDER[other]


def read_dates(texts: pl.Series, formats: Iterable[str]) -> DateReading:
    """Return texts as dates, each read by the first of the formats that fits it.

    Args:
        texts: Cells as text, null where they are missing.
        formats: Some of FORMATS, all with a day or all without.
    """
    first, *others = formats
    dates = to_dates(texts, first)
    used = [first] if dates.null_count() < len(dates) else []
    for date_format in others:
        is_unread = dates.is_null() & texts.is_not_null()
        unread_rows = is_unread.arg_true()
        if not len(unread_rows):
            break
        further_dates = to_dates(texts.gather(unread_rows), date_format)
        if further_dates.null_count() < len(further_dates):
            dates = dates.scatter(unread_rows, further_dates)
            used.append(date_format)
    return DateReading(dates, used)


def to_dates(texts: pl.Series, date_format: str) -> pl.Series:
    """Return texts as Datetime, or as Time if the format has no day.

    Args:
        texts: Cells as text, null where they are missing.
        date_format: One of FORMATS.

    Returns:
        A series of shape (rows,), null where a text is not of this format.
    """
    if "%d" not in date_format:
        times: pl.Series = texts.str.to_time(date_format, strict=False)
        return times
    dates: pl.Series = texts.str.to_datetime(date_format, strict=False, time_unit="us")
    if date_format.endswith("%:z"):
        dates = dates.dt.replace_time_zone(None)  # they are in UTC
    if "%y" in date_format:
        has_short_year = texts.str.contains(SHORT_YEAR)
        return dates.set(~has_short_year, None)
    is_too_early = dates.dt.year() < FIRST_YEAR
    return dates.set(is_too_early, None)


def date_parts(date_format: str | None) -> tuple[DatePart, ...]:
    """Return which numbers a column of dates or times holds; none if its format is unknown.

    Args:
        date_format: A format as C's strftime writes it, or None.
    """
    if date_format not in FORMATS:
        return ()
    parts: list[DatePart] = []
    if "%d" in date_format:
        parts += _PARTS_OF_DAYS
    if "%H" in date_format or "%I" in date_format:
        parts.append("hour")
    return tuple(parts)


def take_part(dates: pl.Series, part: DatePart) -> pl.Series:
    """Return one number of each date as Float64; weekdays are 1, Monday, to 7.

    Args:
        dates: The dates, of a type of polars for dates or times.
        part: Which number is wanted.
    """
    numbers: pl.Series = getattr(dates.dt, part)()  # polars names its methods so
    return numbers.cast(pl.Float64)
