"""A CSV file as blocks of rows: its header and separator are read first."""

from collections.abc import Callable, Iterator

import numpy as np

from nnrun.errors import TableError
from nnrun.tables.block import Block, NullValues
from nnrun.tables.csv_header import CsvHeader, read_header
from nnrun.tables.csv_records import CsvRecords
from nnrun.tables.dialect import Dialect
from nnrun.tables.table_file import ReadingPlan, TableFile

LF = ord("\n")


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
    header = read_header(name, start, dialect)
    numbers = dialect.numbers

    def blocks(plan: ReadingPlan) -> Iterator[Block]:
        for records in _whole_records(name, header, pieces()):
            columns_of_numbers = plan.numbers if numbers.is_plain else ()
            block = Block(
                name=name,
                frame=records.frame(columns_of_numbers),
                places=records.places,
                read_texts=records.frame,
                null_values=null_values,
                number_format=numbers,
            )
            if header.nameless:
                _refuse_cells_without_name(block, header)
            yield block.without_blank_rows()

    return TableFile(name, header.columns, blocks, header.line)


def _whole_records(
    name: str,
    header: CsvHeader,
    pieces: Iterator[bytes],
) -> Iterator[CsvRecords]:
    """Yield the records below the header, with the lines at which they begin."""
    line = header.line + header.lines
    start = header.size + 1
    for piece in pieces:
        data = piece[start:]
        if data:
            yield CsvRecords(name, header.cells, header.separator, line, data)
        is_line_end = np.frombuffer(data, np.uint8) == LF
        line += int(np.count_nonzero(is_line_end))  # faster than bytes.count
        start = 0


def _refuse_cells_without_name(block: Block, header: CsvHeader) -> None:
    """Raise a TableError if a cell stands in one of the columns without a name, the last ones."""
    named = len(header.columns)
    nameless = header.cells[named:]
    for number, column in enumerate(nameless, start=named + 1):
        rows = block.column(column).is_not_null().arg_true()
        if not len(rows):
            continue
        line = block.places([rows[0]])[0]
        place = f"{block.name}:{line}"
        rule = f"there is a cell in column {number}, which has no name"
        raise TableError(f"{place}: {rule}; give it one in the header")
