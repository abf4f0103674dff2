"""A table's file once it is opened: the names of its columns, and a way to its rows."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nnrun.tables.block import Block
from nnrun.tables.stored_file import StoredFile
from nnrun.wording import received

TableSource = Path | bytes | IO[bytes]


@dataclass
class ReadingPlan:
    """What a pass over a table reads of it.

    The pass owns the plan, and may change the numbers between two blocks.

    Attributes:
        numbers: Which columns of a CSV file the blocks still to be read may hold as numbers. To
            read numbers is faster than to cast text, and gives the same values; but a block is
            read a second time once somebody asks for a cell's text.
        columns: Which columns are wanted; None for all. Of a Parquet file no others are read.
    """

    numbers: frozenset[str] = frozenset()
    columns: frozenset[str] | None = None

    def wants(self, column: str) -> bool:
        """Tell whether a column is wanted.

        Args:
            column: The name of a column.
        """
        return self.columns is None or column in self.columns


@dataclass(frozen=True)
class TableFile:
    """An opened file.

    Attributes:
        name: The file, as messages call it.
        header: The names of its columns.
        blocks: The function that reads its rows.
        header_line: The line of a text file or the row of a sheet, counted from 1, at which the
            header begins; None for a Parquet file or a frame, which have no lines.
        stored: The file on the disk or the pipe, of which the rows come; None for bytes in memory.
    """

    name: str
    header: list[str]
    blocks: Callable[[ReadingPlan], Iterator[Block]]
    header_line: int | None = None
    stored: StoredFile | None = None

    @property
    def header_place(self) -> str:
        """The place of the header, as messages name it: `table.csv:1`, or the name alone."""
        if self.header_line is None:
            return self.name
        return f"{self.name}:{self.header_line}"


def wrong_names(header: list[str]) -> Iterator[str]:
    """Yield a message for each mistake in the names of columns.

    Args:
        header: The names of all columns, in order.
    """
    if not header:
        yield "the table has no columns"
    counts = Counter(header)
    for number, column in enumerate(header, start=1):
        if not column:
            yield f"column {number} has no name; give it one in the header"
            continue
        if "\0" in column:
            yield f"{received(column)} holds a NUL byte"
            continue
        count = counts.pop(column, 1)  # so that the name is told once
        if count > 1:
            hint = _header_hint(header)
            yield f"{count} columns are named {column!r}; names must differ{hint}"


def _header_hint(header: list[str]) -> str:
    """Return the question whether the header is missing, where it looks like a row of numbers."""
    looks_like_a_row = all(re.fullmatch(r"[-+.\deE]+", cell) for cell in header)
    return "; is the header missing?" if looks_like_a_row else ""
