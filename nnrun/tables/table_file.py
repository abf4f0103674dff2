"""What a reader makes of a table's file: the names of its columns, and blocks of its rows."""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

import polars as pl

from nnrun.wording import received

TableSource = Path | bytes | IO[bytes]
Places = Callable[[Sequence[int]], list[str]]  # of rows of a block
Texts = Callable[[], pl.DataFrame]  # a block's cells as its file has them
Blocks = Iterator[tuple[pl.DataFrame, Places, Texts]]


class TableFile(NamedTuple):
    """A table's file: the names of its columns, and a function that reads it in blocks, given those to be numbers."""

    name: str
    header: list[str]
    blocks: Callable[[Container[str]], Blocks]


def wrong_names(header: list[str]) -> Iterator[str]:
    """Yield what is wrong with the names of columns."""
    hint = (
        "; is the header missing?"
        if all(re.fullmatch(r"[-+.\deE]+", cell) for cell in header)
        else ""
    )
    counts = Counter(header)
    if not header:
        yield "the table has no columns"
    for i, column in enumerate(header, start=1):
        if not column:
            yield f"column {i} has no name; give it one in the header"
        elif "\0" in column:
            yield f"{received(column)} holds a NUL byte"
        elif column.startswith("^") and column.endswith("$"):
            yield f"{column!r} reads as a pattern to polars; name the column without ^ and $"
        elif (count := counts.pop(column, 1)) > 1:
            yield f"{count} columns are named {column!r}; names must differ{hint}"
