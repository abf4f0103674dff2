"""Cells that are wrong, with their places."""

import re
from dataclasses import dataclass, field

import polars as pl

from nnrun.tables.block import Block
from nnrun.wording import received

SHOWN = 3  # how many lines or cells a message names
MISSING = "the cell is missing; fill it in, or say missing: mean or missing: drop under data"


@dataclass
class Fault:
    """Cells that are wrong in one way: how many, the first places (`file:line`) and the first distinct texts."""

    what: str
    count: int = 0
    name: str = ""
    places: list[str] = field(default_factory=list)
    cells: list[str | None] = field(default_factory=list)

    def add(self, block: Block, mask: pl.Series, texts: pl.Series) -> None:
        """Count the cells of a block that `mask` is true of."""
        rows = mask.fill_null(value=False).arg_true()
        if (
            len(rows) and len(self.places) < SHOWN and self.name in ("", block.name)
        ):  # lines of one file
            self.name = block.name
            self.places += block.places(rows.head(SHOWN - len(self.places)).to_list())
        if len(rows) and len(self.cells) < SHOWN:
            cells = [*self.cells, *texts.gather(rows).unique(maintain_order=True).head(SHOWN)]
            self.cells = list(dict.fromkeys(cells))[:SHOWN]
        self.count += len(rows)

    def message(self, column: str) -> str:
        """Return a line that names the first cell, and the lines of the others."""
        cell, lines = self.cells[0], "lines " * self.places[0].isdigit() + ", ".join(self.places)
        dots = ", ..." * (self.count > len(self.places))
        more = f" ({self.count} such cells: {lines}{dots})" * (self.count > 1)
        shown = "" if cell is None else f"{received(cell)} "
        return f"{self.name}:{self.places[0]}: column {column!r}: {shown}{self.what}{number_hint(cell or '')}{more}"


def number_hint(cell: str) -> str:
    if re.fullmatch(r"\s*[+-]?\d{1,3}(,\d{3})+(\.\d*)?\s*", cell):
        return "; numbers are written without separators of thousands and with a decimal point, as in 1234.5"
    if re.fullmatch(r"\s*[+-]?[\d.]*,\d+\s*", cell):
        return "; decimals are written with a point, as in 1.5"
    return "; it holds a NUL byte" if "\0" in cell else ""


OWED = "the cell is missing, in a row that is owed a prediction; fill it in, or train with missing: mean"
NO_TARGET = "the target is missing; fill it in, or leave the row out with missing: drop (or mean) under data"
