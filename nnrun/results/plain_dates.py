"""A date of ISO 8601 read without polars, which takes milliseconds to read a single one."""

import re
from datetime import datetime

from nnrun.features.dates import FIRST_YEAR, DatePart

_DAY = r"\d{4}-\d\d-\d\d"
_MINUTE = r"(?:[01]\d|2[0-3]):\d\d"  # Python 3.14 reads 24:00 too, and polars does not
_SHAPES = {
    "%Y-%m-%d": _DAY,
    "%Y-%m-%d %H:%M": f"{_DAY} {_MINUTE}",
    "%Y-%m-%d %H:%M:%S%.f": f"{_DAY} {_MINUTE}:\\d\\d",
    "%Y-%m-%dT%H:%M": f"{_DAY}T{_MINUTE}",
    "%Y-%m-%dT%H:%M:%S%.f": f"{_DAY}T{_MINUTE}:\\d\\d",
}
PLAIN_FORMATS = {name: re.compile(shape, re.ASCII) for name, shape in _SHAPES.items()}
"""The formats of dates that are read here, and how their texts look."""


def plain_date(text: str, date_format: str) -> datetime | None:
    """Return the date that a text is, or None where it is not a plain one of this format.

    Args:
        text: A cell.
        date_format: One of PLAIN_FORMATS.
    """
    if not PLAIN_FORMATS[date_format].fullmatch(text):
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:  # such as a month 13, or a leap second, which polars knows
        return None
    return date if date.year >= FIRST_YEAR else None


def part_of(date: datetime, part: DatePart) -> int:
    """Return one number of a date; weekdays are 1, Monday, to 7.

    Args:
        date: The date, with or without a time.
        part: Which number is wanted.
    """
    if part == "weekday":
        return date.isoweekday()
    return int(getattr(date, part))  # datetime has attributes of these names
