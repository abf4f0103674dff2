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
            self._candidates = [found for found in self._candidates if _fits(found, sample)]
        self._rows += len(texts) - texts.null_count()
        extended = [_extended(found, block, texts, distinct) for found in self._candidates]
        self._candidates = [found for found in extended if found.others.count < self._rows / 2]

    def result(self) -> list[DateProfile]:
        """Return the orders in which the fewest cells are not dates: two, one or none."""
        if not self._rows:
            return []
        fewest = min((found.others.count for found in self._candidates), default=0)
        return [found for found in self._candidates if found.others.count == fewest]


def possible_orders(*, day_first: bool | None) -> list[DateOrder]:
    """Return the orders in which dates may be written.

    Args:
        day_first: What the config says of day and month.
    """
    orders = list(FORMATS_BY_ORDER)
    if day_first is not None:
        orders.remove("month first" if day_first else "day first")
    return orders


def _fits(found: DateProfile, sample: pl.Series) -> bool:
    """Tell whether most of the texts begin as dates of an order do."""
    fitting = int(sample.str.contains(BEGINNINGS[found.order]).sum())
    return fitting > len(sample) / 2


def _extended(
    found: DateProfile, block: Block, texts: pl.Series, distinct: pl.Series
) -> DateProfile:
    """Return what was found with the cells of another block."""
    reading = read_dates(distinct, _formats_to_try(found))
    formats = tuple(sorted({*found.formats, *reading.formats}, key=_by_parts))
    others = found.others
    example = found.example
    if reading.formats and not example:
        example = distinct.filter(reading.dates.is_not_null())[0]
    if reading.dates.null_count():
        no_dates = distinct.filter(reading.dates.is_null())
        others = others.with_cells(block, texts.is_in(no_dates.implode()), texts)
    return DateProfile(found.order, formats, example, others)


def _formats_to_try(found: DateProfile) -> Sequence[str]:
    """Return the formats of an order, first those that cells had before."""
    return list(dict.fromkeys([*found.formats, *FORMATS_BY_ORDER[found.order]]))


def _by_parts(date_format: str) -> tuple[int, str]:
    """Return what sorts formats, those with a time first."""
    return -len(date_parts(date_format)), date_format
