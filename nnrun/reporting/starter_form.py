"""How a table's files are written, told by their bytes: encoding, title lines, a missing header."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nnrun.errors import TableError
from nnrun.tables.csv_header import OTHER_FILES, SEPARATORS
from nnrun.tables.csv_pieces import read_pieces
from nnrun.tables.csv_records import parse_records
from nnrun.tables.dialect import Dialect
from nnrun.tables.excel_reader import first_rows
from nnrun.tables.number_format import PLAIN_NUMBERS, NumberFormat
from nnrun.tables.opening import PARQUET, ZIP, readable
from nnrun.tables.stored_file import StoredFile
from nnrun.tables.table import find_files
from nnrun.tables.text_encoding import LIKELY, likely_encoding
from nnrun.wording import counted, listed, short_path

SAMPLE_LINES = 200
"""Lines that are looked at for a header: more title lines than a tenth of them stand nowhere."""

LONGEST_LINE = 1 << 20
"""Characters of a line that is looked at: to divide 200 longer ones takes seconds."""

MOST_TITLE_LINES = 20
FEWEST_ROWS = 3
"""Fewer lines with as many cells tell nothing of those above them."""

NUMBER = re.compile(r"\s*[-+]?(\d+[.,]?\d*|[.,]\d+)([eE][-+]?\d+)?\s*")
MOSTLY = 0.9
"""The share of a column's cells that are numbers in a column of numbers: others may be marks."""

Rows = list[list[str]]


class TableForm(NamedTuple):
    """How the files of a table are written.

    Attributes:
        encoding: The name of a text encoding of Python.
        skip_rows: How many title lines stand before the header.
        columns: The names that columns get where the table has no header, else none.
        numbers: How numbers are written.
        marked: The columns whose numbers are not plain ones.
        is_workbook: Whether it is a workbook, which tells numbers from text itself.
    """

    encoding: str = "utf-8"
    skip_rows: int = 0
    columns: tuple[str, ...] = ()
    numbers: NumberFormat = PLAIN_NUMBERS
    marked: tuple[str, ...] = ()
    is_workbook: bool = False

    @property
    def dialect(self) -> Dialect:
        """The form as those read it that open tables."""
        return Dialect(
            numbers=self.numbers,
            encoding=self.encoding,
            skip_rows=self.skip_rows,
            columns=self.columns,
            tells_numbers=self.is_workbook,
        )

    def notes(self) -> list[str]:
        """Return a sentence for each way in which the table is not written as most are."""
        notes = []
        if self.encoding != "utf-8":
            notes.append(f"The text is in {self.encoding}, not in UTF-8.")
        if self.skip_rows:
            lines = counted(self.skip_rows, "line")
            notes.append(f"The header follows {lines} of other text, which the config skips.")
        if self.columns:
            names = listed(self.columns, 3)
            notes.append(f"The table has no header; its columns are named {names}.")
        return notes


def find_form(data: Path) -> TableForm:
    """Return how the files at a path are written, as far as their first lines tell it.

    The numbers are taken to be plain.

    Args:
        data: The table, or the pattern of its parts.

    Raises:
        TableError: A file cannot be read, or not twice.
    """
    files = find_files(data)
    if not files or files[0].is_dir():
        return TableForm()  # who opens it says why it cannot be read
    for file in files:
        _refuse_a_pipe(file)
    name = short_path(str(files[0]))
    with readable(name):
        start = next(read_pieces(files[0], name=name), b"")
        if start.startswith(ZIP):
            return _form_of_workbook(files[0], name)
        if not _is_text(start):
            return TableForm()
        encoding = _find_encoding(files, start)
        pieces = read_pieces(files[0], Dialect(encoding=encoding), name)
        text = next(pieces, b"")
    all_lines = text.decode(errors="replace").splitlines()
    lines = all_lines[:SAMPLE_LINES]
    longest = max(map(len, lines), default=0)
    if longest > LONGEST_LINE:
        return TableForm(encoding)
    skip_rows = _count_title_lines(lines)
    if skip_rows:
        return TableForm(encoding, skip_rows)
    records = _records(lines)
    return TableForm(encoding, columns=_names_without_header(records))


def _form_of_workbook(file: Path, name: str) -> TableForm:
    """Return how the first sheet of a workbook is laid out: it has no encoding."""
    rows = first_rows(StoredFile(file, name), name, SAMPLE_LINES)
    skip_rows = _find_header(rows)
    if skip_rows:
        return TableForm(skip_rows=skip_rows, is_workbook=True)
    filled_rows = [row for row in rows if any(row)]
    return TableForm(columns=_names_without_header(filled_rows), is_workbook=True)


def _refuse_a_pipe(file: Path) -> None:
    is_ordinary = file.is_file() or file.is_dir()
    if file.exists() and not is_ordinary:
        name = short_path(str(file))
        rule = "is not an ordinary file; a config names a file that can be read again"
        raise TableError(f"{name}: {rule}: save the table as one")


def _is_text(start: bytes) -> bool:
    """Tell whether a file that begins so is text, of whatever encoding."""
    if start.startswith(PARQUET):
        return False
    for beginning, kind in OTHER_FILES.items():
        is_of_kind = re.match(beginning, start) is not None
        if is_of_kind and not kind.startswith("UTF"):
            return False
    return True


def _find_encoding(files: Iterable[Path], start: bytes) -> str:
    """Return the encoding that reads every line of the files; utf-8 where none is likely."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    widest = -1  # the place in LIKELY: each encoding reads what those before it read
    for file in files:
        for line in _lines_in_other_encodings(file):
            likely = likely_encoding(line)
            if likely is None:
                return "utf-8"
            widest = max(widest, LIKELY.index(likely))
    if widest < 0:
        return "utf-8"
    return LIKELY[widest]


def _lines_in_other_encodings(file: Path) -> Iterator[bytes]:
    """Yield the lines that are not UTF-8."""
    for piece in read_pieces(file, name=short_path(str(file))):
        if _is_utf_8(piece):
            continue
        for line in piece.split(b"\n"):
            if not _is_utf_8(line):
                yield line


def _is_utf_8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _count_title_lines(lines: Sequence[str]) -> int:
    """Return how many lines stand above the header, by the separator that finds it first."""
    headers = []
    for separator in SEPARATORS:
        rows = [_split(line, separator) for line in lines]
        header = _find_header(rows)
        if header is not None:
            headers.append(header)
    return min(headers, default=0)


def _find_header(rows: Rows) -> int | None:
    """Return the first of the rows that has as many cells as most rows, where it may be a header.

    Rows above it are titles, which have at most half of the cells, or two less: a header of R may
    have one less.
    """
    widths = Counter(len(row) for row in rows if any(row))
    if not widths:
        return None
    width, count = widths.most_common(1)[0]
    fewest_rows = max(FEWEST_ROWS, len(rows) / 2)
    if width < 2 or count < fewest_rows:
        return None
    most_cells_of_title = max(1, width / 2, width - 2)
    for line, row in enumerate(rows[: MOST_TITLE_LINES + 1]):
        filled = [cell for cell in row if cell]
        is_mostly_filled = len(filled) > width / 2
        if len(row) == width and is_mostly_filled:
            has_numbers = any(map(NUMBER.fullmatch, filled))
            is_header = line == 0 or not has_numbers
            return line if is_header else None
        if len(filled) > most_cells_of_title:
            return None
    return None


def _records(lines: Sequence[str]) -> Rows:
    """Return the cells of lines that are not blank, or none where no separator fits them all."""
    filled = [line for line in lines if line.strip()]
    for separator in reversed(SEPARATORS):  # the comma, which may mark decimals, comes last
        rows = [_split(line, separator) for line in filled]
        widths = {len(row) for row in rows}
        are_even = len(widths) == 1
        if are_even and widths != {1}:
            return rows
    return []


def _split(line: str, separator: str) -> list[str]:
    records = parse_records(line.encode(errors="replace"), separator, strict=False)
    cells = next(records, [])
    return [cell.strip() for cell in cells]


def _names_without_header(rows: Rows) -> tuple[str, ...]:
    """Return names for the columns where the first row is like the others, or none."""
    if len(rows) <= FEWEST_ROWS:
        return ()
    first, *others = rows
    columns = list(zip(*others, strict=True))
    numbers = []
    for cell, cells in zip(first, columns, strict=True):
        if cell and _are_numbers(cells):
            numbers.append(cell)
    if not numbers or not all(map(NUMBER.fullmatch, numbers)):
        return ()
    has_twice = len(set(first)) < len(first)
    is_like_others = has_twice or _has_text_again(first, columns) or _are_values(numbers)
    if not is_like_others:
        return ()
    names = []
    for number in range(1, len(first) + 1):
        names.append(f"column_{number}")
    return tuple(names)


def _has_text_again(first: Sequence[str], columns: Sequence[Sequence[str]]) -> bool:
    """Tell whether a text of the first row stands in its column again."""
    for cell, cells in zip(first, columns, strict=True):
        if cell in cells and not NUMBER.fullmatch(cell):
            return True
    return False


def _are_numbers(cells: Sequence[str]) -> bool:
    """Tell whether most of the cells that are not empty are numbers."""
    filled = list(filter(None, cells))
    if not filled:
        return False
    numbers = list(filter(NUMBER.fullmatch, filled))
    return len(numbers) >= MOSTLY * len(filled)


def _are_values(numbers: Sequence[str]) -> bool:
    """Tell whether numbers cannot be names, which are whole, and rise as years and counts do."""
    if not all(map(str.isdecimal, numbers)):
        return True
    values = list(map(int, numbers))
    return values != sorted(set(values))
