"""How the files of a table are written, as far as their content alone does not tell it."""

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat

if TYPE_CHECKING:
    from nnrun.config.schema import Data

UTF_8 = ("utf-8", "utf-8-sig", "ascii")  # of these the bytes are taken as they are


@dataclass(frozen=True)
class Dialect:
    """How the files of a table are written.

    Attributes:
        numbers: How numbers are written.
        encoding: The name of a text encoding of Python.
        skip_rows: How many lines stand before the header.
        columns: The names of the columns where no header names them, else none.
        targets: Those of the columns that a table to predict may lack.
        sheet: The sheet of a workbook, or None for the first one.
        tells_numbers: Whether a workbook's numbers are told from its text where both are written
            alike, which takes a second reading.
    """

    numbers: NumberFormat = PLAIN_NUMBERS
    encoding: str = "utf-8"
    skip_rows: int = 0
    columns: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    sheet: str | None = None
    tells_numbers: bool = False

    @classmethod
    def of(cls, data: "Data") -> "Dialect":
        """Return the dialect that a config states.

        Args:
            data: The section `data` of a config.
        """
        numbers = NumberFormat(data.decimal, data.thousands)
        return cls(
            numbers=numbers,
            encoding=data.encoding,
            skip_rows=data.skip_rows,
            columns=tuple(data.columns or ()),
            targets=tuple(data.target),
            sheet=data.sheet,
        )

    @property
    def is_utf_8(self) -> bool:
        """Whether the bytes of a file are UTF-8 as they are."""
        return codecs.lookup(self.encoding).name in UTF_8


PLAIN_DIALECT = Dialect()
"""A table in UTF-8 that begins with its header and has numbers such as 1234.5."""
