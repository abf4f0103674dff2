"""Some whole records of a CSV file.

polars reads the cells. Python's csv module tells where they stand, and which of them are wrong.
"""

import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import polars as pl

from nnrun.errors import TableError
from nnrun.tables.text_encoding import likely_encoding
from nnrun.wording import counted, first_line

if TYPE_CHECKING:
    from _csv import Reader

LISTED = 10  # how many bad lines a message names
SHOWN = 40  # how many characters of a bad line a message shows
csv.field_size_limit(2**31 - 1)  # a cell may be longer than the module's 128 KiB


@dataclass(frozen=True)
class CsvRecords:
    """Some whole records of a CSV file.

    Attributes:
        name: The file, as messages call it.
        header: The names of its columns.
        separator: The character between two cells.
        line: The line of the file, counted from 1, at which the first record begins.
        data: The bytes of the records.
    """

    name: str
    header: list[str]
    separator: str
    line: int
    data: bytes

    def frame(self, numbers: Collection[str] = ()) -> pl.DataFrame:
        """Return the cells, empty ones null; blank lines are left out.

        Args:
            numbers: Columns to be pl.Float64, if polars takes all their cells for numbers. This is
                faster than to cast text, and gives the same, with spaces around a number or not.

        Raises:
            TableError: A record is not UTF-8 or not CSV, or is longer or shorter than the header.
        """
        frame = self._read_numbers(numbers)
        return self._read_texts() if frame is None else frame

    def places(self, rows: Sequence[int]) -> list[str]:
        """Return the line of the file at which each of these rows begins.

        Args:
            rows: Rows of the frame, in ascending order.
        """
        if not rows:
            return []
        wanted = set(rows)
        lines = (line for line, cells in self._records() if cells)
        lines_to_the_last = islice(lines, rows[-1] + 1)
        places = []
        for row, line in enumerate(lines_to_the_last):
            if row in wanted:
                places.append(str(line))
        return places

    def _read_numbers(self, numbers: Collection[str]) -> pl.DataFrame | None:
        """Return the frame with columns of numbers, or None where polars cannot read it so."""
        if not any(name in numbers for name in self.header):
            return None
        schema = {}
        for place, name in enumerate(self.header):  # named by their places, as in `_first_line`
            schema[str(place)] = pl.Float64 if name in numbers else pl.String
        data = self.data
        has_header = self._may_mislead_polars()
        if has_header:
            data = self._first_line() + data
        try:
            frame = pl.read_csv(
                data,
                separator=self.separator,
                has_header=has_header,
                schema=schema,
            )
        except pl.exceptions.PolarsError:  # it stops at the first cell that is not a number
            return None
        frame.columns = self.header
        return frame if self._is_whole(frame) else None

    def _read_texts(self) -> pl.DataFrame:
        """Return the frame with every column as text."""
        try:
            frame = pl.read_csv(
                self._first_line() + self.data,
                separator=self.separator,
                new_columns=self.header,
                infer_schema=False,
            )
        except pl.exceptions.PolarsError as error:
            raise TableError(self._explain(first_line(error))) from None
        return frame if self._is_whole(frame) else self._without_blank_lines(frame)

    def _first_line(self) -> bytes:
        """Return a line with as many cells as the header has, and the end of the line.

        polars takes the number of columns from the first line, whatever it holds: where a stranger
        put millions of separators there, it makes room for as many columns.
        """
        places = map(str, range(len(self.header)))
        line = self.separator.join(places) + "\n"
        return line.encode()

    def _may_mislead_polars(self) -> bool:
        """Tell whether polars might count other cells in the first record than the header has."""
        line = self.data[: self.data.find(b"\n")]
        if b'"' in line:
            return True
        separators = line.count(self.separator.encode())
        return separators >= len(self.header)

    def _is_whole(self, frame: pl.DataFrame) -> bool:
        """Tell whether no line is blank or too short, whose missing cells polars makes null."""
        last_cells_are_there = not frame[:, -1].null_count()
        expected_separators = len(frame) * (len(self.header) - 1)
        if not expected_separators:
            return last_cells_are_there and b"\r\r" not in self.data  # it ends a blank line
        if last_cells_are_there:
            return True
        if b'"' in self.data:  # a separator in quotes separates nothing
            return False
        return self.data.count(self.separator.encode()) == expected_separators

    def _without_blank_lines(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that have cells, or raise a TableError if a record is too short."""
        problems = self._wrong_lengths()
        if problems:
            raise TableError(problems)
        has_cells = [bool(cells) for _, cells in self._records()]
        return frame.filter(pl.Series(has_cells, dtype=pl.Boolean))

    def _explain(self, reason: str) -> list[str]:
        """Return why polars could not read the records, and at which lines.

        Args:
            reason: The reason that polars gives, for want of a better one.
        """
        not_utf8 = utf8_problem(self.data, self.name, self.line, self.separator)
        if not_utf8:
            return [not_utf8]
        problems = self._wrong_lengths()
        if problems:
            return problems
        for line, cells in self._records():
            if '"' in "".join(cells):
                place = self._place(line)
                remedy = "leave it out, or quote the cell and write it twice"
                return [f"{place}: a quote stands inside a cell; {remedy}"]
        place = self._place(self.line)
        return [f"{place}: cannot be read as CSV: {reason}"]

    def _wrong_lengths(self) -> list[str]:
        """Return a message for each record that is longer or shorter than the header."""
        width = len(self.header)
        problems = []
        every_row_has_one_more = True
        try:
            for line, cells in self._records():
                if not cells:  # a blank line
                    continue
                if len(cells) != width + 1:
                    every_row_has_one_more = False
                if len(cells) != width:
                    place = self._place(line)
                    received = counted(len(cells), "cell")
                    problems.append(f"{place}: {received}, but the header has {width}")
        except TableError as error:
            problems += error.problems
        if every_row_has_one_more and len(problems) > 1:
            return [self._explain_one_more()]
        unlisted = len(problems) - LISTED
        if unlisted > 0:
            last = f"{self.name}: and {unlisted} more such lines"
            return [*problems[:LISTED], last]
        return problems

    def _explain_one_more(self) -> str:
        """Return one message for all rows, which have one cell more than the header."""
        rule = f"every row has one cell more than the header, which has {len(self.header)}"
        causes = (
            "names of rows without a name in the header, as R writes them, "
            "or a separator at each line's end"
        )
        remedy = "name the first column in the header, or remove that separator"
        place = self._place(self.line)
        return f"{place}: {rule}: {causes}; {remedy}"

    def _place(self, line: int) -> str:
        """Return a line of the file, as messages call it."""
        return f"{self.name}:{line}"

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the line at which each record begins, and its cells. A blank line has no cells."""
        reader = parse_records(self.data, self.separator)
        line = self.line
        try:
            for cells in reader:
                yield line, cells
                line = self.line + reader.line_num
        except csv.Error as error:
            reason = _explain_csv_error(error)
            raise TableError(f"{self._place(line)}: {reason}") from None


def parse_records(data: bytes, separator: str, *, strict: bool = True) -> "Reader":
    """Return Python's own reader of the records in `data`, which yields lists of cells.

    Args:
        data: Records of a CSV file, in UTF-8.
        separator: What separates cells.
        strict: Whether a quote that is left open is an error.
    """
    text = io.TextIOWrapper(
        io.BytesIO(data),
        encoding="utf-8",
        errors="replace",
        newline="\n",
    )
    return csv.reader(text, delimiter=separator, strict=strict)


def utf8_problem(
    data: bytes,
    name: str,
    line: int,
    separator: str,
) -> str | None:
    """Return a message that names the first cell that is not UTF-8, or None.

    Args:
        data: Some lines of a file.
        name: The file, as messages call it.
        line: The line of the file, counted from 1, at which they begin.
        separator: The character between two cells.
    """
    try:
        data.decode()
    except UnicodeDecodeError as error:
        end = error.end
    else:
        return None
    *lines_before, start_of_line = data[:end].split(b"\n")
    start = end - len(start_of_line)
    line_with_end, _, _ = data[start:].partition(b"\n")
    bad_line = line_with_end.rstrip(b"\r")
    cells = next(parse_records(start_of_line, separator, strict=False))
    shown = bad_line.decode(errors="replace")[:SHOWN]
    place = f"{name}:{line + len(lines_before)}"
    problem = f"cell {len(cells)} is not UTF-8 ({shown!r})"
    remedy = f"save the table as UTF-8{_or_say_encoding(bad_line)}"
    return f"{place}: {problem}; {remedy}"


def _or_say_encoding(line: bytes) -> str:
    """Return which key would read the line, and as what, or an empty text."""
    encoding = likely_encoding(line)
    if encoding is None:
        return ""
    shown = line.decode(encoding)[:SHOWN]
    key = f"`encoding: {encoding}` under data"
    return f", or set {key}, which reads {shown!r}"


def _explain_csv_error(error: csv.Error) -> str:
    if "new-line" in str(error):
        return "a CR stands inside the line; quote the cell"
    # the data ends inside quotes, or text stands behind a quoted cell
    return f"{error}; is a quote left open here?"
