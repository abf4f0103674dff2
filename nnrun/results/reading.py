"""How strictly a table is read that a run is applied to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nnrun.errors import TableError

if TYPE_CHECKING:
    from nnrun.features.encoded_reader import BadCells, EncodedReader


@dataclass(frozen=True)
class Reading:
    """How strictly a table is read.

    Attributes:
        null_values: What missing cells look like besides what the config says.
        bad_cells: Whether a cell that is not a number or date is a mistake, or is missing.
        strict: Whether cells unlike those of training are mistakes.
    """

    null_values: tuple[str, ...] = ()
    bad_cells: BadCells = "error"
    strict: bool = False

    def check(self, reader: EncodedReader) -> None:
        """Refuse a table that is unlike training's, where the reading is strict.

        Args:
            reader: The table, which was read to its end.

        Raises:
            TableError: With all notes on how it differs.
        """
        if self.strict and reader.differences():
            raise TableError(reader.differences())
