"""Which of day and month comes first in the dates of a table, where their cells do not tell it."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.wording import joined


class DayOrderGuess(NamedTuple):
    """A guess that the user has to confirm, since every cell fits both orders.

    Attributes:
        day_first: Whether the day is taken to come first.
        columns: The columns of such dates.
    """

    day_first: bool
    columns: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """The order, as a table of columns tells it."""
        if self.day_first:
            return "day first (a guess)"
        return "month first (a guess)"

    def about(self, inputs: Collection[str]) -> str:
        """Return a comment on those of the columns that are inputs, or an empty text.

        Args:
            inputs: The names of the columns that are inputs.
        """
        names = [repr(name) for name in self.columns if name in inputs]
        if not names:
            return ""
        shown_names = joined(names, 3)
        return f"a guess, please confirm it: the cells of {shown_names} fit both orders"


def guess_day_order(
    profiles: Iterable[ColumnProfile], *, has_decimal_comma: bool
) -> DayOrderGuess | None:
    """Return which order to read dates in that fit two, or None where nothing is to be guessed.

    The other dates of the table tell it. Where there are none, the month is taken to come first,
    as pandas takes it; but not where the table writes decimals with a comma, as Europe does.

    Args:
        profiles: What is known of the columns, of which no config says which order they have.
        has_decimal_comma: Whether the table writes numbers as in 1,5.
    """
    columns = []
    orders = set()
    for profile in profiles:
        if kind_of(profile) != "date":
            continue
        if len(profile.dates) > 1:
            columns.append(profile.name)
        else:
            orders.add(profile.dates[0].order)
    orders &= {"day first", "month first"}
    if not columns or len(orders) > 1:  # one key cannot say two orders
        return None
    day_first = "day first" in orders
    if not orders:
        day_first = has_decimal_comma
    return DayOrderGuess(day_first, tuple(columns))
