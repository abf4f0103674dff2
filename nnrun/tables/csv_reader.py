"""A CSV file as blocks of rows: its header and separator are read first."""

import csv
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from nnrun.errors import TableError
from nnrun.tables.block import Block, NullValues
from nnrun.tables.csv_records import CsvRecords, parse_records, utf8_problem
from nnrun.tables.dialect import Dialect
from nnrun.tables.table_file import ReadingPlan, TableFile
from nnrun.wording import counted

SEPARATORS = ",;\t"
OTHER_FILES = {  # how they begin
    rb"PK\x03\x04": "a workbook or an archive, compressed with gzip",
    rb"\xd0\xcf\x11\xe0": "a workbook of Excel before 2007 (.xls), or one with a password",
    rb"\xff\xfe\0\0|\0\0\xfe\xff": "UTF-32",
    rb"\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]": "UTF-16",
    rb"BZh\d": "compressed with bzip2",
    rb"\x1f\x8b": "compressed with gzip twice",
    rb"\x93NUMPY": "a NumPy array",
    rb"\x89PNG|\xff\xd8\xff": "a picture",
    rb"(?i)\s*<(!doctype|html)": "a web page",
}
LF = ord("\n")
MOST_COLUMNS = 500_000
"""The columns of the widest table that is read. It takes seconds to name so many."""
STATED_SEPARATOR = re.compile(rb'"?sep=([,;\t])"?\r?\n')  # Excel's own first line
NAMELESS = "\0"  # with its number, a name that no column of a file has


class CsvHeader(NamedTuple):
    """The header of a CSV file.

    Attributes:
        columns: The names of the columns.
        separator: The character between two cells.
        line: The line of the file, counted from 1, at which it begins.
        lines: How many lines of the file it takes.
        size: How many bytes it takes, and what stands before it, without the line end; -1 where
            the file has no header.
        nameless: How many columns without a name stand behind the others.
    """

    columns: list[str]
    separator: str
    line: int
    lines: int
    size: int
    nameless: int = 0

    @property
    def cells(self) -> list[str]:
        """A name for each cell of a record."""
        return [*self.columns, *(f"{NAMELESS}{number}" for number in range(self.nameless))]


def open_csv(
    name: str,
    start: bytes,
    pieces: Callable[[], Iterator[bytes]],
    null_values: NullValues,
    dialect: Dialect,
) -> TableFile:
    """Read the header of a CSV file.

    Args:
        name: The file, as messages call it.
        start: The first of its pieces.
        pieces: Reads the file in pieces of whole records.
        null_values: What missing cells look like.
        dialect: How the file is written. The pieces begin at the header.

    Raises:
        TableError: The file is of another kind, or its header cannot be read.
    """
    if dialect.columns:
        header = _stated_header(name, start, dialect)
    else:
        header = _read_header(name, start, dialect.skip_rows + 1)
    numbers = dialect.numbers

    def blocks(plan: ReadingPlan) -> Iterator[Block]:
        for records in _whole_records(name, header, pieces()):
            frame = records.frame(plan.numbers if numbers.is_plain else ())
            block = Block(name, frame, records.places, records.frame, null_values, numbers)
            if header.nameless:
                _refuse_cells_without_name(block, header)
            yield block.without_blank_rows()

    return TableFile(name, header.columns, blocks, header.line)


def _whole_records(name: str, header: CsvHeader, pieces: Iterator[bytes]) -> Iterator[CsvRecords]:
    """Yield the records below the header, with the lines at which they begin."""
    line = header.line + header.lines
    start = header.size + 1
    for piece in pieces:
        data = piece[start:]
        if data:
            yield CsvRecords(name, header.cells, header.separator, line, data)
        line += int(
            np.count_nonzero(np.frombuffer(data, np.uint8) == LF)
        )  # faster than bytes.count
        start = 0


def _read_header(name: str, start: bytes, line: int) -> CsvHeader:
    """Read the header, which begins at this line of the file, or raise a TableError."""
    stated = STATED_SEPARATOR.match(start) if line == 1 else None
    if stated:
        separator = stated[1].decode()
        header = _read_header_below(name, start[stated.end() :], line + 1, separator)
        return header._replace(size=header.size + stated.end())
    return _read_header_below(name, start, line, _find_separator(name, start, line))


def _read_header_below(name: str, start: bytes, line: int, separator: str) -> CsvHeader:
    """Read the header with which the text begins, or raise a TableError."""
    reader = parse_records(start, separator)
    try:
        columns = [cell.strip() for cell in next(reader)]
    except csv.Error as error:
        reason = f"the header cannot be read: {error}; is a quote left open here?"
        raise TableError(f"{name}:{line}: {reason}") from None
    _refuse_too_many(len(columns), name, line)
    if not columns[0] and len(columns) > 1:
        columns[0] = "Unnamed: 0"  # as pandas calls the index, which it and R write without a name
    lines = start.split(b"\n", reader.line_num)[: reader.line_num]
    header = b"\n".join(lines)
    problem = utf8_problem(header, name, line, separator)
    if problem:
        raise TableError(problem)
    named = len(columns)
    while named > 1 and not columns[named - 1]:  # a separator at each line's end
        named -= 1
    nameless = len(columns) - named
    return CsvHeader(columns[:named], separator, line, reader.line_num, len(header), nameless)


def _refuse_cells_without_name(block: Block, header: CsvHeader) -> None:
    """Raise a TableError if a cell stands in one of the columns without a name, the last ones."""
    named = len(header.columns)
    for number, column in enumerate(header.cells[named:], named + 1):
        rows = block.column(column).is_not_null().arg_true()
        if len(rows):
            place = block.places([rows[0]])[0]
            rule = f"there is a cell in column {number}, which has no name"
            raise TableError(f"{block.name}:{place}: {rule}; give it one in the header")


def _stated_header(name: str, start: bytes, dialect: Dialect) -> CsvHeader:
    """Return the header that the config states, which takes no line and no byte of the file.

    The targets may be absent, as in a table to predict.

    Raises:
        TableError: The first row has more or fewer cells.
    """
    line = dialect.skip_rows + 1
    likely_separator = _find_separator(name, start, line)
    first_line = re.split(rb"[\r\n]", start, maxsplit=1)[0]
    columns = list(dialect.columns)
    for separator in reversed(SEPARATORS):  # the comma, which may mark decimals, comes last
        if _count_cells(first_line, separator) == len(columns):
            return CsvHeader(columns, separator, line, lines=0, size=-1)
    cells = _count_cells(first_line, likely_separator)
    inputs = [column for column in columns if column not in dialect.targets]
    if cells == len(inputs):
        return CsvHeader(inputs, likely_separator, line, lines=0, size=-1)
    rule = f"data.columns names {counted(len(columns), 'column')}"
    raise TableError(f"{name}:{line}: {counted(cells, 'cell')}, but {rule}")


def _find_separator(name: str, start: bytes, line: int) -> str:
    """Return the character that makes most cells of the header, or raise a TableError."""
    first_line, end, _ = re.split(rb"(\r\n|\r|\n|$)", start, maxsplit=1)
    _refuse_what_is_no_csv(name, start, first_line, line)
    separator = max(SEPARATORS, key=lambda character: _count_cells(first_line, character))
    if end == b"\r":
        problem = utf8_problem(first_line, name, line, separator)
        lines_end_in_cr = f"{name}:{line}: lines end in CR alone; end them in LF or CRLF"
        raise TableError(problem or lines_end_in_cr)
    return separator


def _refuse_what_is_no_csv(name: str, start: bytes, first_line: bytes, line: int) -> None:
    for beginning, kind in OTHER_FILES.items():
        if re.match(beginning, start):
            raise TableError(f"{name}: is {kind}; save the table as CSV in UTF-8{_or_say(kind)}")
    if not start:
        raise TableError(f"{name}: the file is empty; a table has a header and rows")
    if not first_line.strip():
        raise TableError(f"{name}:{line}: the first line is blank; a table has a header and rows")
    most_marks = max(map(first_line.count, SEPARATORS.encode()))
    _refuse_too_many(most_marks + 1, name, line)


def _refuse_too_many(columns: int, name: str, line: int) -> None:
    if columns > MOST_COLUMNS:
        rule = f"a table may have at most {MOST_COLUMNS:,}"
        raise TableError(f"{name}:{line}: {columns:,} columns; {rule}: divide it, or transpose it")


def _or_say(kind: str) -> str:
    """Return which key reads a file in another encoding, or an empty text."""
    return f", or set `encoding: {kind.lower()}` under data" if kind.startswith("UTF") else ""


def _count_cells(line: bytes, separator: str) -> int:
    return len(next(parse_records(line, separator, strict=False)))
