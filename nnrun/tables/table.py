"""Tables of one or several files, read block by block."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from nnrun.errors import TableError
from nnrun.near_files import as_written, missing_file_hint
from nnrun.tables.block import Block, NullValues
from nnrun.tables.dialect import PLAIN_DIALECT, Dialect
from nnrun.tables.missing_columns import missing_columns
from nnrun.tables.opening import open_file, readable
from nnrun.tables.stored_file import combined_sha256
from nnrun.tables.table_file import ReadingPlan, TableFile, TableSource, wrong_names
from nnrun.wording import listed, short_path


@dataclass(frozen=True)
class Table:
    """A table of one or several files with the same columns.

    Attributes:
        name: The table, as messages call it.
        columns: Their names, in the order of the first file.
        files: The files, in the order of their rows.
        keep: How many bytes of blocks are kept in memory for a second reading.
    """

    name: str
    columns: list[str]
    files: list[TableFile]
    keep: int
    _kept: list[Block] = field(default_factory=list)

    def blocks(
        self,
        plan: ReadingPlan | None = None,
        *,
        may_be_empty: bool = False,
    ) -> Iterator[Block]:
        """Yield the rows block by block.

        Args:
            plan: Which columns are read, and which may be numbers; by default all are read, and
                those of a CSV file are text.
            may_be_empty: Whether a table without rows is a block without rows, and no mistake.

        Raises:
            TableError: A file cannot be read, or there are no rows.
        """
        rows = 0
        size = 0.0
        kept: list[Block] = []
        for block in self._blocks(plan or ReadingPlan()):
            rows += len(block.frame)
            size += block.frame.estimated_size()
            if size <= self.keep:
                kept.append(block)
            else:
                kept.clear()
            yield block
        if not rows and not may_be_empty:
            raise TableError(f"{self.name}: there is only a header; a table needs rows")
        if not rows:
            yield self._without_rows()
        self._kept[:] = kept

    @property
    def size(self) -> int:
        """The bytes of the files on the disk."""
        stored_files = [file.stored for file in self.files if file.stored]
        return sum(stored.size for stored in stored_files)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the file, or of those of all parts, in hexadecimal.

        A table that was read in full has it at hand. It is an empty text where there is none: of
        bytes, and of a pipe that was not read to its end.
        """
        sums = []
        for file in self.files:
            sha256 = file.stored.fingerprint() if file.stored else ""
            sums.append(sha256)
        return combined_sha256(sums)

    def height(self) -> int:
        """Return the number of rows."""
        return sum(len(block.frame) for block in self.blocks())

    def require(self, names: Iterable[str]) -> None:
        """Refuse a table that lacks columns.

        Args:
            names: The columns that it must have.

        Raises:
            TableError: With every column that is missing, and the line of the header.
        """
        missing = missing_columns(list(names), self.columns)
        if not missing:
            return
        nouns = "columns are" if len(missing) > 1 else "column is"
        problem = f"{len(missing)} {nouns} missing"
        shown = ", ".join(missing)
        place = self.files[0].header_place
        raise TableError(f"{place}: {problem}: {shown}")

    def with_blocks(self, blocks: Sequence[Block]) -> "Table":
        """Return the table of these blocks alone, which stay in memory.

        Args:
            blocks: At least one block of this table's rows. A pass that wants a column which they
                lack reads the files instead.
        """
        return replace(self, keep=sys.maxsize, _kept=list(blocks))

    def _without_rows(self) -> Block:
        """Return a block that has the columns alone."""
        frame = pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String))
        return Block(
            name=self.name,
            frame=frame,
            places=lambda _: [],
            read_texts=lambda: frame,
            null_values=NullValues((), ()),
        )

    def _blocks(self, plan: ReadingPlan) -> Iterable[Block]:
        """Return the blocks that are kept, if they hold what is wanted, or read them."""
        wanted = [name for name in self.columns if plan.wants(name)]
        if self._kept and self._kept[0].has(wanted):
            return self._kept
        return self._read(plan)

    def _read(self, plan: ReadingPlan) -> Iterator[Block]:
        for file in self.files:
            with readable(file.name):
                yield from file.blocks(plan)


def open_table(
    source: TableSource,
    null_values: Sequence[str],
    name: str | None = None,
    *,
    keep: int = 0,
    dialect: Dialect = PLAIN_DIALECT,
) -> Table:
    """Open a CSV (plain or gzipped; comma, semicolon or tab) or Parquet file, known by its content.

    Args:
        source: A path, the bytes of a file or a stream; or a pattern as in `part-*.csv`, which
            names a table in parts.
        null_values: What missing cells look like.
        name: The table, as messages call it; by default its source.
        keep: How many bytes of blocks are kept in memory for a second reading.
        dialect: How the files are written.

    Raises:
        TableError: There is no file; or one cannot be read, or has a header that is wrong or
            unlike that of the first.
    """
    name = name or str(source)
    parts: Sequence[TableSource] = [source]
    if isinstance(source, Path):
        parts = find_files(source)
        if not parts:
            hint = missing_file_hint(source)
            raise TableError(f"{as_written(name)}: there is no such file{hint}")
    nulls = NullValues.of(null_values)
    files = []
    for part in parts:
        part_name = name if part is source else short_path(str(part))
        files.append(open_file(part, part_name, nulls, dialect))
    _check_headers(files)
    return Table(name, files[0].header, files, keep)


def find_files(path: Path) -> list[Path]:
    """Return the file at the path, or the sorted ones that it matches as a pattern, or none.

    Args:
        path: A path, or a pattern as in `part-*.csv`. A file whose own name looks like a pattern is
            that file.
    """
    is_there = os.path.exists  # of a name that is too long Path.exists raises an error
    if is_there(path):
        return [path]
    matches = sorted(glob.glob(str(path)))  # noqa: PTH207 - the pattern may be absolute
    return [Path(match) for match in matches if is_there(match)]


def _check_headers(files: list[TableFile]) -> None:
    """Raise a TableError if a column has no good name, or parts have different columns."""
    problems = []
    for file in files:
        for problem in wrong_names(file.header):
            problems.append(f"{file.header_place}: {problem}")
    if problems:
        raise TableError(problems)
    for file in files[1:]:
        difference = _difference(file.header, files[0].header)
        if difference:
            first = files[0].name
            rule = "parts have the same columns"
            raise TableError(f"{file.name}: {difference}, unlike {first}; {rule}")


def _difference(columns: list[str], expected: list[str]) -> str:
    """Return which columns are missing and which are there besides, in words, or an empty text."""
    missing = sorted(set(expected) - set(columns))
    besides = sorted(set(columns) - set(expected))
    differences = []
    if missing:
        shown = listed(missing, 5)
        differences.append(f"lacks {shown}")
    if besides:
        shown = listed(besides, 5)
        differences.append(f"has {shown} besides")
    return " and ".join(differences)
