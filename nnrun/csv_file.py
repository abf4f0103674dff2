"""A CSV file as a person sees it: its header, and the line of every record.

polars reads the cells; where it meets a mistake, Python's csv module walks the file to say where.
"""

import csv
import gzip
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from nnrun.errors import TableError

LISTED = 10  # how many bad lines a message names
OTHER_FILES = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"PAR1": "Parquet",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
GZIP = b"\x1f\x8b"
NUL = "\ue000"  # stands for it, from the private use area
csv.field_size_limit(2**31 - 1)  # a cell may be longer than the module's 128 KiB


@dataclass(frozen=True)
class CsvFile:
    """A CSV file with a header, plain or gzipped, given by its path or as bytes.

    `separator` is comma, semicolon or tab, whichever gives the header the most cells.
    """

    name: str
    source: Path | bytes
    separator: str
    header: list[str]

    def lines(self, rows: Sequence[int]) -> list[int]:
        """Return the line, counted from 1, at which each record begins; record 0 follows the header."""
        found = dict.fromkeys(rows, 0)
        for row, (line, _) in enumerate(_records(self.source, self.separator), start=-1):
            if row in found:
                found[row] = line
            if row == max(rows):
                break
        return [found[row] for row in rows]

    def blank_rows(self) -> list[int]:
        """Return the records that are blank lines."""
        records = enumerate(_records(self.source, self.separator), start=-1)
        return [row for row, (_, cells) in records if not cells]

    def ragged(self) -> list[str]:
        """Return a line for each record with more or fewer cells than the header, ten at most."""
        problems: list[str] = []
        line = 1
        try:
            for line, cells in _records(self.source, self.separator):
                if cells and len(cells) != len(self.header):
                    cell = "cell" if len(cells) == 1 else "cells"
                    expected = f"where the header has {len(self.header)}"
                    problems.append(f"{self.name}:{line}: {len(cells)} {cell}, {expected}")
        except csv.Error as error:
            problems.append(f"{self.name}:{line + 1}: {error}; is a quote left open here?")
        more = [f"{self.name}: and {len(problems) - LISTED} more such lines"]
        return problems[:LISTED] + more * (len(problems) > LISTED)

    def stray_quote(self) -> str:
        """Return the name, with the line of the first cell that holds a quote if there is one."""
        quoted = (line for line, cells in _records(self.source, self.separator) if '"' in "".join(cells))
        return ":".join(map(str, [self.name, *itertools.islice(quoted, 1)]))


def open_csv(source: Path | bytes, name: str) -> CsvFile:
    """Read the header of a CSV file; raise a TableError where there is none, or its names are wrong."""
    if isinstance(source, Path):
        check_is_file(source, name)
    with _open(source) as raw:
        start = raw.read(4)
    if kind := next((kind for magic, kind in OTHER_FILES.items() if start.startswith(magic)), None):
        raise TableError(f"{name}: is {kind}; save the table as CSV in UTF-8")
    with io.TextIOWrapper(_open(source), encoding="utf-8-sig", newline="") as text:
        first = text.readline()
        rest = text.read(1)
    if not first.strip():
        what = ":1: the first line is blank" if rest else ": the file is empty"
        raise TableError(f"{name}{what}; a table has a header and rows")
    if first.endswith("\r"):
        raise TableError(f"{name}:1: lines end in CR alone; end them in LF or CRLF")
    separator = _separator(first)
    try:
        header = [cell.strip() for cell in next(_records(source, separator))[1]]
    except csv.Error as error:
        raise TableError(f"{name}:1: the header cannot be read: {error}") from None
    if problems := [f"{name}:1: {problem}" for problem in _wrong_names(header)]:
        raise TableError(problems)
    return CsvFile(name, source, separator, header)


def not_utf8(source: Path | bytes) -> str:
    """Return the line and cell with the first byte that is not UTF-8, and the advice."""
    with _open(source) as file:
        lines = enumerate(file, start=1)
        number, line = next((n, x) for n, x in lines if x.decode(errors="replace").encode() != x)
    text = line.decode(errors="replace").strip()
    cells = next(csv.reader([text], delimiter=_separator(text)))
    cell = next(i for i, cell in enumerate(cells, start=1) if "\ufffd" in cell)
    return f"{number}: cell {cell} is not UTF-8 ({text[:40]!r}); save the table as UTF-8"


def _separator(line: str) -> str:
    return max(",;\t", key=lambda separator: len(next(csv.reader([line.replace("\0", NUL)], delimiter=separator))))


def _wrong_names(header: list[str]) -> Iterator[str]:
    hint = "; is the header missing?" if all(re.fullmatch(r"[-+.\deE]+", cell) for cell in header) else ""
    for i, column in enumerate(header, start=1):
        if not column:
            yield f"column {i} has no name; give it one in the header"
        elif "\0" in column:
            yield f"{column!r} holds a NUL byte"
        elif column.startswith("^") and column.endswith("$"):
            yield f"{column!r} reads as a pattern to polars; name the column without ^ and $"
        elif header.index(column) != i - 1 and header[: i - 1].count(column) == 1:
            yield f"{header.count(column)} columns are named {column!r}; names must differ{hint}"


def check_is_file(path: Path, name: str) -> None:
    """Raise a TableError unless a file stands at `path`, which messages call `name`."""
    if path.is_dir():
        raise TableError(f"{name}: is a folder; give a .csv file")
    if not path.exists():
        raise TableError(f"{name}: there is no such file")


def _open(source: Path | bytes) -> IO[bytes]:
    if isinstance(source, bytes):
        return io.BytesIO(gzip.decompress(source) if source.startswith(GZIP) else source)
    with source.open("rb") as file:
        is_gzip = file.read(2) == GZIP
    return gzip.open(source) if is_gzip else source.open("rb")  # type: ignore[return-value]


def _records(source: Path | bytes, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the line at which each record begins, and its cells; the header is the first."""
    with io.TextIOWrapper(_open(source), encoding="utf-8-sig", newline="") as text:
        lines = (line.replace("\0", NUL) for line in text)  # which the module refuses before Python 3.11
        reader = csv.reader(lines, delimiter=separator, strict=True)
        line = 1
        for cells in reader:
            yield line, [cell.replace(NUL, "\0") for cell in cells]
            line = reader.line_num + 1
