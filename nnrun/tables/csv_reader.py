"""A CSV file as blocks of whole records: polars reads the cells; of mistakes, Python's csv module says where."""

import csv
import io
import re
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from nnrun.errors import TableError
from nnrun.tables.table_file import Blocks, TableFile
from nnrun.wording import counted, first_line

LISTED = 10  # how many bad lines a message names
OTHER_FILES = {  # how they begin
    rb"PK\x03\x04|\xd0\xcf\x11\xe0": "a spreadsheet or an archive",
    rb"\xff\xfe\0\0|\0\0\xfe\xff": "UTF-32",
    rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]": "UTF-16",
    rb"BZh\d": "compressed with bzip2",
    rb"\x1f\x8b": "compressed with gzip twice",
    rb"\x93NUMPY": "a NumPy array",
    rb"\x89PNG|\xff\xd8\xff": "a picture",
    rb"(?i)\s*<(!doctype|html)": "a web page",
}
LF = ord("\n")
NUL = "\ue000"  # stands for it, from the private use area: the csv module refuses it before Python 3.11
csv.field_size_limit(2**31 - 1)  # a cell may be longer than the module's 128 KiB


class CsvBlock(NamedTuple):
    """Some whole records of a CSV file: their bytes, and the line (counted from 1) at which the first begins."""

    name: str
    header: list[str]
    separator: str
    line: int
    data: bytes

    def frame(self, numbers: Container[str] = ()) -> pl.DataFrame:
        """Return the cells as text (pl.String), empty ones null, blank lines left out; or raise a TableError.

        The columns of `numbers` are pl.Float64 where polars takes all their cells for numbers, which is faster than to
        cast text; it takes none for another number than the cast, with spaces around it or without.
        """
        schema = {name: pl.Float64 if name in numbers else pl.String for name in self.header}
        if pl.Float64 in schema.values():
            with suppress(pl.exceptions.PolarsError):
                frame = pl.read_csv(
                    self.data, separator=self.separator, has_header=False, schema=schema
                )
                if self._is_whole(frame):
                    return frame
        data = self.separator.join(map(str, range(len(self.header)))).encode() + b"\n" + self.data
        try:
            frame = pl.read_csv(
                data, separator=self.separator, new_columns=self.header, infer_schema=False
            )
        except pl.exceptions.PolarsError as error:
            _check_utf8(self.data, self.name, self.line, self.separator)
            if problems := self._ragged():
                raise TableError(problems) from None
            quoted = next((line for line, cells in self._records() if '"' in "".join(cells)), None)
            reason = (
                "a quote stands inside a cell; leave it out, or quote the cell and write it twice"
            )
            reason = reason if quoted else "cannot be read as CSV: " + first_line(error)
            raise TableError(f"{self.name}:{quoted or self.line}: {reason}") from None
        if self._is_whole(frame):
            return frame
        if problems := self._ragged():
            raise TableError(problems)
        return frame.filter(
            pl.Series([bool(cells) for _, cells in self._records()], dtype=pl.Boolean)
        )

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return the line in the file at which each of the frame's rows begins, for rows in ascending order."""
        lines = (line for line, cells in self._records() if cells)
        return [str(line) for row, line in enumerate(islice(lines, max(rows) + 1)) if row in rows]

    def _is_whole(self, frame: pl.DataFrame) -> bool:
        """Whether no line is blank or too short, whose missing cells polars makes null; else count separators."""
        separators = len(frame) * (len(self.header) - 1)
        full = not frame[:, -1].null_count() and (
            separators > 0 or b"\r\r" not in self.data
        )  # which ends a blank line
        return full or (
            b'"' not in self.data and 0 < separators == self.data.count(self.separator.encode())
        )

    def _ragged(self) -> list[str]:
        problems, width = [], len(self.header)
        try:
            for line, cells in self._records():
                if len(cells) not in (0, width):
                    problems.append(
                        f"{self.name}:{line}: {counted(len(cells), 'cell')}, where the header has {width}"
                    )
        except TableError as error:
            problems += error.problems
        more = [f"{self.name}: and {len(problems) - LISTED} more such lines"]
        return problems[:LISTED] + more * (len(problems) > LISTED)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        reader, line = _reader(self.data, self.separator), self.line
        try:
            for cells in reader:
                yield line, cells
                line = self.line + reader.line_num
        except csv.Error as error:
            bare = "new-line" in str(
                error
            )  # or "unexpected end of data", or text after a quoted cell
            reason = (
                "a CR stands inside the line; quote the cell"
                if bare
                else f"{error}; is a quote left open here?"
            )
            raise TableError(f"{self.name}:{line}: {reason}") from None


def open_csv(name: str, start: bytes, pieces: Callable[[], Iterator[bytes]]) -> TableFile:
    """Read the header of a CSV file in `pieces`, of which `start` is the first, or raise a TableError."""
    if kind := next((kind for magic, kind in OTHER_FILES.items() if re.match(magic, start)), None):
        raise TableError(f"{name}: is {kind}; save the table as CSV in UTF-8")
    first, end, _ = re.split(rb"(\r\n|\r|\n|$)", start, maxsplit=1)
    if not first.strip():
        what = ":1: the first line is blank" if start else ": the file is empty"
        raise TableError(f"{name}{what}; a table has a header and rows")
    separator = max(
        ",;\t", key=lambda separator: len(next(_reader(first, separator, strict=False)))
    )
    if end == b"\r":
        _check_utf8(first, name, 1, separator)
        raise TableError(f"{name}:1: lines end in CR alone; end them in LF or CRLF")
    reader = _reader(start, separator)
    try:
        header = [cell.replace(NUL, "\0").strip() for cell in next(reader)]
    except csv.Error as error:
        raise TableError(
            f"{name}:1: the header cannot be read: {error}; is a quote left open here?"
        ) from None
    if not header[0] and len(header) > 1:
        header[0] = "Unnamed: 0"  # what pandas calls the index that it and R write without a name
    above = b"\n".join(start.split(b"\n", reader.line_num)[: reader.line_num])
    _check_utf8(above, name, 1, separator)

    def blocks(numbers: Container[str]) -> Blocks:
        line, skip = reader.line_num + 1, len(above) + 1
        for piece in pieces():
            block = CsvBlock(name, header, separator, line, piece[skip:])
            if block.data:
                yield block.frame(numbers), block.places, block.frame
            line, skip = (
                line + np.count_nonzero(np.frombuffer(block.data, np.uint8) == LF),
                0,
            )  # faster than count

    return TableFile(name, header, blocks)


def _check_utf8(data: bytes, name: str, line: int, separator: str) -> None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        above = data[: error.end].split(b"\n")
        text = (
            data[error.end - len(above[-1]) :].split(b"\n")[0].decode(errors="replace").rstrip("\r")
        )
        cell = len(next(_reader(above[-1], separator, strict=False)))
        what = f"cell {cell} is not UTF-8 ({text[:40]!r}); save the table as UTF-8"
        raise TableError(f"{name}:{line + len(above) - 1}: {what}") from None


def _reader(data: bytes, separator: str, *, strict: bool = True) -> Any:
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="replace", newline="\n")
    return csv.reader(
        (line.replace("\0", NUL) for line in text), delimiter=separator, strict=strict
    )
