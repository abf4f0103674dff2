"""How the dates of a column are written, and which cells among them are none, block by block."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from nnrun.features.dates import FORMATS_BY_ORDER, DateOrder, date_parts, read_dates
from nnrun.features.faults import NO_FAULT, Fault
from nnrun.tables.block import Block

SAMPLE = 20  # cells: most columns hold no dates, and are told by so few

BEGINNINGS: dict[DateOrder, str] = {
    "year first": r"^\d{4}[-/]\d{1,2}[-/]\d{1,2}",
    "month first": r"^\d{1,2}[-/]\d{1,2}[-/]\d{2}",
    "day first": r"^\d{1,2}[-/]\d{1,2}[-/]\d{2}",
    "dots": r"^\d{1,2}\.\d{1,2}\.\d{2}",
    "words": r"^(?:\d{1,2}[- ]*[A-Za-z]{3,9}|[A-Za-z]{3,9} *\d{1,2}),?[- ]*\d{2}",
    "time": r"^\d{1,2}:\d{2}",
}
"""How dates of each order begin: to try all formats takes a hundred times as long."""


@dataclass(frozen=True)
class DateProfile:
    """Dates that are written in one order.

    Attributes:
        order: Whether day, month or year comes first.
        formats: The formats of the cells, first the one with the most parts.
        example: The first date.
        others: The cells that are not dates of that order.
    """

    order: DateOrder
    formats: tuple[str, ...] = ()
    example: str = ""
    others: Fault = NO_FAULT


class DateSurvey:
    """Gathers how dates are written.

    A column is one of dates as long as most of its cells are. What else stands there is a mistake.

    Args:
        day_first: Whether the day comes first where day and month are numbers before a year; None
            where the cells tell.
    """

    def __init__(self, *, day_first: bool | None = None) -> None:
        self._candidates = [DateProfile(order) for order in possible_orders(day_first=day_first)]
        self._rows = 0

    @property
    def may_be_dates(self) -> bool:
        """Whether most cells so far are dates of one order."""
        return bool(self._candidates)

    def refuse(self) -> None:
        """Take the column for one of something else."""
        self._candidates = []

    def add(self, block: Block, texts: pl.Series, distinct: pl.Series) -> None:
        """Take a block into account.

        Args:
            block: Some rows of a table.
            texts: The cells of the column as text, null where they are missing.
            distinct: Those that are not null, each once.
        """
        if not self._candidates or not len(distinct):
            return
        if not self._rows:
            sample = texts.drop_nulls().head(SAMPLE)
            self._candidates = [dates for dates in self._candidates if _fits(dates, sample)]
        self._rows += len(texts) - texts.null_count()
        most_others = self._rows / 2
        candidates = []
        for dates in self._candidates:
            extended = _extended(dates, block, texts, distinct)
            if extended.others.count < most_others:
                candidates.append(extended)
        self._candidates = candidates

    def result(self) -> list[DateProfile]:
        """Return the orders in which the fewest cells are not dates: two, one or none."""
        if not self._rows or not self._candidates:
            return []
        fewest = min(dates.others.count for dates in self._candidates)
        return [dates for dates in self._candidates if dates.others.count == fewest]


def possible_orders(*, day_first: bool | None) -> list[DateOrder]:
    """Return the orders in which dates may be written.

    Args:
        day_first: What the config says of day and month.
    """
    orders = list(FORMATS_BY_ORDER)
    if day_first is not None:
        orders.remove("month first" if day_first else "day first")
    return orders


def _fits(dates: DateProfile, sample: pl.Series) -> bool:
    """Tell whether most of the texts begin as dates of an order do."""
    begins_so = sample.str.contains(BEGINNINGS[dates.order])
    return int(begins_so.sum()) > len(sample) / 2


def _extended(
    dates: DateProfile,
    block: Block,
    texts: pl.Series,
    distinct: pl.Series,
) -> DateProfile:
    """Return the dates of an order with those in the cells of another block."""
    reading = read_dates(distinct, _formats_to_try(dates))
    formats = sorted({*dates.formats, *reading.formats}, key=_by_parts)
    others = dates.others
    example = dates.example
    if reading.formats and not example:
        example = distinct.filter(reading.dates.is_not_null())[0]
    if reading.dates.null_count():
        no_dates = distinct.filter(reading.dates.is_null())
        is_no_date = texts.is_in(no_dates.implode())
        others = others.with_cells(block, is_no_date, texts)
    return DateProfile(dates.order, tuple(formats), example, others)


def _formats_to_try(dates: DateProfile) -> Sequence[str]:
    """Return the formats of an order, first those that cells had before."""
    of_order = FORMATS_BY_ORDER[dates.order]
    return list(dict.fromkeys([*dates.formats, *of_order]))


def _by_parts(date_format: str) -> tuple[int, str]:
    """Return what sorts formats, those with a time first."""
    parts = date_parts(date_format)
    return -len(parts), date_format
