"""Tables of one or several files, read block by block, cells of a CSV as text; rows held out; predictions written."""

import csv
import glob
import gzip
import os
import signal
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import polars as pl

from nnrun.errors import TableError
from nnrun.tables.block import Block
from nnrun.tables.csv_pieces import read_pieces
from nnrun.tables.csv_reader import open_csv
from nnrun.tables.parquet_reader import open_parquet
from nnrun.tables.prefetch import ahead
from nnrun.tables.table_file import TableFile, TableSource, wrong_names
from nnrun.wording import first_line, listed, short_path

if hasattr(signal, "siginterrupt"):
    signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003 - or polars's handler lets a blocked read go on


@dataclass(frozen=True)
class Table:
    """A table of one or several files with the same columns."""

    name: str
    columns: list[str]  # their names, as the first file has them
    files: list[TableFile]
    null_values: list[str]
    keep: int  # how many bytes of blocks are kept for a second reading
    _blocks: list[Block] = field(default_factory=list)

    def blocks(self, numbers: Iterable[str] = ()) -> Iterator[Block]:
        """Yield the rows block by block; raise a TableError at a mistake, or where there are none."""
        kept: list[Block] = []
        rows, size = 0, 0.0
        for block in self._blocks or self._read(set(numbers)):
            rows, size = rows + len(block.frame), size + block.frame.estimated_size()
            kept = [*kept, block] if size <= self.keep else []
            yield block
        if not rows:
            raise TableError(f"{self.name}: the header stands alone; a table needs rows")
        self._blocks[:] = kept

    def height(self) -> int:
        """Return the number of rows."""
        return sum(len(block.frame) for block in self.blocks())

    def require(self, names: Iterable[str]) -> None:
        """Raise a TableError that lists every column of `names` that the table lacks."""
        if missing := [name for name in names if name not in self.columns]:
            s = "s are" if len(missing) > 1 else " is"
            raise TableError(
                f"{self.name}:1: {len(missing)} column{s} missing: {', '.join(map(repr, missing))}"
            )

    def _read(self, numbers: set[str]) -> Iterator[Block]:
        nulls = pl.Series(self.null_values, dtype=pl.String).cast(pl.Float64, strict=False)
        null_numbers = list(nulls.filter(nulls.is_finite()))
        for file in self.files:
            with _readable(file.name):
                for found in file.blocks(numbers):
                    yield Block(file.name, *found, self.null_values, null_numbers, numbers)


def open_table(
    source: TableSource, null_values: Sequence[str], name: str | None = None, *, keep: int = 0
) -> Table:
    """Open a CSV (plain or gzipped; comma, semicolon or tab) or Parquet file, known by its content.

    `source` is a path, a pattern as in `part-*.csv` for a table in parts, the bytes of a file or a stream;
    `null_values` are what missing cells look like; `name` is what messages call the table. Raises TableError.
    """
    name = name or str(source)
    found: list[TableSource] = [*find_files(source)] if isinstance(source, Path) else [source]
    if not found:
        raise TableError(f"{name}: there is no such file")
    files = [_open_file(part, name if part is source else short_path(str(part))) for part in found]
    if problems := [
        f"{file.name}:1: {problem}" for file in files for problem in wrong_names(file.header)
    ]:
        raise TableError(problems)
    first = files[0].header
    for file in files[1:]:
        lacks, more = sorted(set(first) - set(file.header)), sorted(set(file.header) - set(first))
        differ = [f"lacks {listed(lacks, 5)}"] * bool(lacks) + [
            f"has {listed(more, 5)} besides"
        ] * bool(more)
        if differ:
            what = f"{' and '.join(differ)}, unlike {files[0].name}; parts have the same columns"
            raise TableError(f"{file.name}: {what}")
    return Table(name, first, files, list(null_values), keep)


def find_files(path: Path) -> list[Path]:
    """Return the file at the path, or those that it matches as a pattern, sorted; empty where there is none."""
    is_there = os.path.exists  # of a name that is too long Path.exists raises an error
    found = [path] if is_there(path) else map(Path, sorted(glob.glob(str(path))))  # noqa: PTH207
    return list(filter(is_there, found))


def _open_file(source: TableSource, name: str) -> TableFile:
    if isinstance(source, Path) and source.is_dir():
        raise TableError(f"{name}: is a folder; give a .csv file")
    with _readable(name):
        if isinstance(source, Path) and not source.is_file():
            source = source.open("rb")  # a pipe, which can be read only once
        pieces = read_pieces(source)
        start = next(pieces, b"")
        once = None if isinstance(source, Path | bytes) else chain([start], pieces)
        if start.startswith(b"PAR1"):
            return open_parquet(b"".join(once) if once else source, name)
        file = open_csv(name, start, lambda: once or read_pieces(source))
        # a pipe gives its rows as they come, and a thread that waits for more could not be ended
        return file if once else file._replace(blocks=lambda numbers: ahead(file.blocks(numbers)))


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        what = "the gzip file is cut short, damaged or followed by other bytes; download or compress it again"
        raise TableError(f"{name}: cannot be read: {what}") from None
    except (OSError, csv.Error, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise TableError(f"{name}: cannot be read: {first_line(error)}") from None
