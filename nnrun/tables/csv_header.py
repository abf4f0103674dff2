"""The header of a CSV file: the names of its columns, and the separator between cells."""

import csv
import re
from typing import NamedTuple

from nnrun.errors import TableError
from nnrun.tables.csv_records import parse_records, utf8_problem
from nnrun.tables.dialect import Dialect
from nnrun.wording import counted

SEPARATORS = ",;\t"
"""The characters that may stand between two cells."""

OTHER_FILES = {
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
"""How files begin that are no CSV in UTF-8, and what they are."""

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
        nameless = [f"{NAMELESS}{number}" for number in range(self.nameless)]
        return [*self.columns, *nameless]


def read_header(name: str, start: bytes, dialect: Dialect) -> CsvHeader:
    """Return the header of a CSV file, or the one that the dialect states.

    Args:
        name: The file, as messages call it.
        start: The first bytes of the file, whole records, behind the lines that are skipped.
        dialect: How the file is written.

    Raises:
        TableError: The file is of another kind, or its header cannot be read.
    """
    if dialect.columns:
        return _stated_header(name, start, dialect)
    return _header_of_file(name, start, dialect.skip_rows + 1)


def _header_of_file(name: str, start: bytes, line: int) -> CsvHeader:
    """Read the header, which begins at this line of the file, or raise a TableError."""
    stated = STATED_SEPARATOR.match(start) if line == 1 else None
    if stated is None:
        separator = _find_separator(name, start, line)
        return _read_header_below(name, start, line, separator)
    separator = stated[1].decode()
    below = start[stated.end() :]
    header = _read_header_below(name, below, line + 1, separator)
    return header._replace(size=header.size + stated.end())


def _read_header_below(
    name: str,
    start: bytes,
    line: int,
    separator: str,
) -> CsvHeader:
    """Read the header with which the text begins, or raise a TableError."""
    reader = parse_records(start, separator)
    try:
        cells = next(reader)
    except csv.Error as error:
        reason = f"the header cannot be read: {error}; is a quote left open here?"
        raise TableError(f"{name}:{line}: {reason}") from None
    _refuse_too_many(len(cells), name, line)
    columns = [cell.strip() for cell in cells]
    if not columns[0] and len(columns) > 1:
        columns[0] = "Unnamed: 0"  # as pandas calls the index, which it and R write without a name
    lines = reader.line_num
    header_lines = start.split(b"\n", lines)[:lines]
    header = b"\n".join(header_lines)
    problem = utf8_problem(header, name, line, separator)
    if problem:
        raise TableError(problem)
    named = _count_named(columns)
    return CsvHeader(
        columns=columns[:named],
        separator=separator,
        line=line,
        lines=lines,
        size=len(header),
        nameless=len(columns) - named,
    )


def _count_named(columns: list[str]) -> int:
    """Return how many columns there are before those without a name at the end; at least one.

    A separator at the end of every line makes a column without a name.
    """
    named = len(columns)
    while named > 1 and not columns[named - 1]:
        named -= 1
    return named


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
    place = f"{name}:{line}"
    received = counted(cells, "cell")
    names = counted(len(columns), "column")
    raise TableError(f"{place}: {received}, but data.columns names {names}")


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


def _refuse_what_is_no_csv(
    name: str,
    start: bytes,
    first_line: bytes,
    line: int,
) -> None:
    """Raise a TableError where a file is of another kind, is empty, or has too many columns."""
    for beginning, kind in OTHER_FILES.items():
        if re.match(beginning, start):
            remedy = f"save the table as CSV in UTF-8{_or_say(kind)}"
            raise TableError(f"{name}: is {kind}; {remedy}")
    rule = "a table has a header and rows"
    if not start:
        raise TableError(f"{name}: the file is empty; {rule}")
    if not first_line.strip():
        raise TableError(f"{name}:{line}: the first line is blank; {rule}")
    most_marks = max(map(first_line.count, SEPARATORS.encode()))
    _refuse_too_many(most_marks + 1, name, line)


def _refuse_too_many(columns: int, name: str, line: int) -> None:
    """Raise a TableError where a header has more columns than a table may have."""
    if columns <= MOST_COLUMNS:
        return
    place = f"{name}:{line}"
    received = f"{columns:,} columns"
    rule = f"a table may have at most {MOST_COLUMNS:,}"
    remedy = "divide it, or transpose it"
    raise TableError(f"{place}: {received}; {rule}: {remedy}")


def _or_say(kind: str) -> str:
    """Return which key reads a file in another encoding, or an empty text."""
    if not kind.startswith("UTF"):
        return ""
    encoding = kind.lower()
    return f", or set `encoding: {encoding}` under data"


def _count_cells(line: bytes, separator: str) -> int:
    records = parse_records(line, separator, strict=False)
    return len(next(records))
