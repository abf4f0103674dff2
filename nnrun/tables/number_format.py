"""How a table writes its numbers: with which decimal mark, and between groups of three digits."""

import re
from dataclasses import dataclass
from functools import cached_property

import polars as pl


@dataclass(frozen=True)
class NumberFormat:
    """How a table writes its numbers.

    Attributes:
        decimal: The mark before the decimals.
        thousands: What stands between groups of three digits, or an empty text.
    """

    decimal: str = "."
    thousands: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether numbers are written as in 1234.5, as polars reads them."""
        return self == PLAIN_NUMBERS

    def to_plain(self, texts: pl.Series) -> pl.Series:
        """Return numbers as polars reads them. What is not a number of this format becomes null.

        Args:
            texts: Cells as text, without the spaces around them, null where they are missing.

        Returns:
            A pl.String series of the same length, of numbers such as 1234.5, inf or NaN.
        """
        is_number = texts.str.contains(self._pattern)
        plain = texts.str.replace_all(self.thousands, "", literal=True)
        plain = plain.str.replace(self.decimal, ".", literal=True)
        return plain.set(~is_number, None)

    def matches(self, text: str) -> bool:
        """Tell whether a text without spaces around it is a number of this format.

        Args:
            text: The text. Those for infinity and for no number (NaN) are numbers too.
        """
        return re.fullmatch(self._pattern, text) is not None

    @property
    def finite_pattern(self) -> str:
        """A finite number in whole, grouped or not.

        Groups must be whole: 1.5 is not 15 thousandths.
        """
        digits = r"\d+"
        if self.thousands:
            digits = rf"(?:\d{{1,3}}(?:{re.escape(self.thousands)}\d{{3}})+|\d+)"
        decimal = re.escape(self.decimal)
        return rf"[-+]?(?:{digits}(?:{decimal}\d*)?|{decimal}\d+)(?:[eE][-+]?\d+)?"

    @cached_property
    def _pattern(self) -> str:
        """A number in whole, which may be infinite or no number (NaN) too."""
        return rf"^(?:{self.finite_pattern}|[-+]?(?i:inf|infinity|nan))$"


PLAIN_NUMBERS = NumberFormat()
"""The format of numbers such as 1234.5."""
