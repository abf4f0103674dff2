"""An Excel workbook (.xlsx): a sheet as blocks of rows, whose cells are text as in a CSV of it."""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
import polars.selectors as cs

from nnrun.errors import TableError
from nnrun.installation import how_to_install
from nnrun.tables.block import Block, NullValues
from nnrun.tables.dialect import Dialect
from nnrun.tables.sheet_extent import most_cells
from nnrun.tables.stored_file import StoredFile
from nnrun.tables.table_file import ReadingPlan, TableFile
from nnrun.wording import counted, did_you_mean, first_line, listed

if TYPE_CHECKING:
    from fastexcel import ExcelReader

ROWS = 131_072  # of a block
LARGEST = 1 << 30
"""Bytes of a workbook once it is unpacked: about 20 million cells, which take some GiB."""
MOST_CELLS = 1 << 26
"""Cells of a sheet at the most, empty ones between others too: each takes 32 bytes."""

NO_DATE = r"^1899-12-3[01] "  # Excel's time of a day is one of its first days
MIDNIGHT = r" 00:00:00(?:\.000)?$"  # Excel's date is a time on that day


class Sheet(NamedTuple):
    """A sheet read whole.

    Attributes:
        columns: The names of its columns.
        texts: The rows below the header, as text.
        header_line: The row of the sheet, counted from 1, that has the names.
        numbers: Those of the columns that the workbook itself holds as numbers, if it was asked.
    """

    columns: list[str]
    texts: pl.DataFrame
    header_line: int
    numbers: list[str]


def open_excel(
    source: StoredFile | bytes,
    name: str,
    null_values: NullValues,
    dialect: Dialect,
) -> TableFile:
    """Read a sheet of a workbook: the first one, or the one that the dialect names.

    What the workbook holds as numbers are plain ones, however the dialect says that text writes
    them.

    Args:
        source: The workbook.
        name: The file, as messages call it.
        null_values: What missing cells look like.
        dialect: Says which sheet, and how many rows stand before the header.

    Raises:
        TableError: It is not a workbook, is too large, or lacks the sheet; or fastexcel is missing.
    """
    _check_archive(source, name)
    with _as_workbook(name):
        sheet = _read_sheet(_content(source), name, dialect)
    numbers = cs.by_name(sheet.numbers).cast(pl.Float64, strict=False)
    cells = sheet.texts.with_columns(numbers)

    def blocks(_: ReadingPlan) -> Iterator[Block]:
        for start in range(0, len(cells), ROWS):
            block = Block(
                name=name,
                frame=cells.slice(start, ROWS),
                places=partial(_name_rows, sheet.header_line + 1 + start),
                read_texts=partial(sheet.texts.slice, start, ROWS),
                null_values=null_values,
                number_format=dialect.numbers,
            )
            yield block.without_blank_rows()

    return TableFile(name, sheet.columns, blocks, sheet.header_line)


def first_rows(source: StoredFile | bytes, name: str, most: int) -> list[list[str]]:
    """Return the first rows of the first sheet, from its first row on, with empty texts for cells.

    Args:
        source: The workbook.
        name: The file, as messages call it.
        most: The most rows.

    Raises:
        TableError: As `open_excel` does.
    """
    _check_archive(source, name)
    content = _content(source)
    reader = _open_workbook(content, name)
    sheet_name = _choose_sheet(reader.sheet_names, name, wanted=None)
    with _as_workbook(name):
        cells = _read_cells(content, sheet_name, skip_rows=0).head(most)
    return [_stripped(row) for row in cells.rows()]


def _name_rows(first: int, rows: Sequence[int]) -> list[str]:
    return [str(first + row) for row in rows]


def _content(source: StoredFile | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    with source.open() as file:
        return file.read()


def _check_archive(source: StoredFile | bytes, name: str) -> None:
    """Raise a TableError unless a zip archive is a workbook of which memory has room."""
    file = io.BytesIO(source) if isinstance(source, bytes) else source.path
    try:
        with zipfile.ZipFile(file) as archive:
            _check_entries(archive.infolist(), name)
            cells = most_cells(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        problem = "is a workbook or an archive cut short or damaged"
        raise TableError(f"{name}: {problem}; copy or download it again") from None
    if cells > MOST_CELLS:
        received = f"a sheet has room for {cells:,} cells from its first to its last one"
        rule = f"at most {MOST_CELLS:,} are read"
        remedy = "delete what stands far from the table, or save it as CSV"
        raise TableError(f"{name}: {received}; {rule}: {remedy}")


def _check_entries(entries: list[zipfile.ZipInfo], name: str) -> None:
    """Raise a TableError unless a zip archive has the files of a workbook, of a size to unpack."""
    names = [entry.filename for entry in entries]
    if not any(entry.startswith("xl/") for entry in names):
        kind = "an OpenDocument spreadsheet" if "content.xml" in names else "a zip archive"
        remedy = "save the table as CSV in UTF-8, or as .xlsx"
        raise TableError(f"{name}: is {kind}; {remedy}")
    size = sum(entry.file_size for entry in entries)
    if size > LARGEST:
        received = f"unpacks to {size:,} bytes"
        rule = f"a workbook of at most {LARGEST:,} bytes is read"
        raise TableError(f"{name}: {received}; {rule}: save the table as CSV")


def _read_sheet(content: bytes, name: str, dialect: Dialect) -> Sheet:
    """Return the sheet, with its names from the first row that has a cell, or from the dialect."""
    reader = _open_workbook(content, name)
    sheet_name = _choose_sheet(reader.sheet_names, name, dialect.sheet)
    cells = _read_cells(content, sheet_name, dialect.skip_rows)
    every_cell_is_null = pl.all_horizontal(pl.all().is_null())
    is_empty = cells.select(every_cell_is_null).to_series()
    if is_empty.all():  # also where there is no row
        problem = f"sheet {sheet_name!r} is empty"
        raise TableError(f"{name}: {problem}; a table has a header and rows")
    if dialect.columns:
        header_line = dialect.skip_rows
        columns = _stated_columns(cells.width, name, dialect)
    else:
        header = int(is_empty.arg_min() or 0)
        header_line = dialect.skip_rows + header + 1
        columns = _names_in(cells.row(header))
        cells = cells[header + 1 :]
    numbers: list[str] = []
    if dialect.tells_numbers or not dialect.numbers.is_plain:
        numbers = _columns_of_numbers(content, sheet_name, header_line, cells.columns)
    texts, numbers = _named(cells, columns, numbers)
    return Sheet(columns, texts, header_line, numbers)


def _names_in(header: Sequence[str | None]) -> list[str]:
    """Return the names that a row has."""
    columns = _stripped(header)
    if not columns[0] and len(columns) > 1:
        columns[0] = "Unnamed: 0"  # as in a CSV
    return columns


def _stripped(row: Sequence[str | None]) -> list[str]:
    """Return cells without the spaces around them, and an empty text for each that is null."""
    return [(cell or "").strip() for cell in row]


def _read_cells(content: bytes, sheet_name: str, skip_rows: int) -> pl.DataFrame:
    """Return the cells of a sheet from a row on as text, without columns that have none."""
    cells = pl.read_excel(
        io.BytesIO(content),
        sheet_name=sheet_name,
        has_header=False,
        infer_schema_length=0,  # all cells as text: fastexcel would turn wrong ones to null
        drop_empty_rows=False,
        drop_empty_cols=True,
        raise_if_empty=False,
        read_options={"skip_rows": skip_rows},  # by default it skips empty rows, uncounted
    )
    return cells.with_columns(_as_in_csv(pl.all()))


def _columns_of_numbers(
    content: bytes,
    sheet_name: str,
    skip_rows: int,
    columns: Sequence[str],
) -> list[str]:
    """Return those of a sheet's columns, as fastexcel names them, that hold nothing but numbers."""
    cells = pl.read_excel(
        io.BytesIO(content),
        sheet_name=sheet_name,
        has_header=False,
        infer_schema_length=None,  # every row tells of what type its cells are
        drop_empty_rows=False,
        drop_empty_cols=False,
        raise_if_empty=False,
        read_options={"skip_rows": skip_rows},
    )
    numeric = set(cells.select(cs.numeric()).columns)
    return [name for name in columns if name in numeric]


def _named(
    cells: pl.DataFrame,
    columns: list[str],
    numbers: list[str],
) -> tuple[pl.DataFrame, list[str]]:
    """Return cells with the names of their columns, and those of numbers by these names.

    Where two columns have the same name, which is refused, cells keep those of fastexcel.
    """
    if len(set(columns)) < len(columns):
        return cells, numbers
    names = dict(zip(cells.columns, columns, strict=True))
    names_of_numbers = [names[column] for column in numbers]
    return cells.rename(names), names_of_numbers


def _stated_columns(width: int, name: str, dialect: Dialect) -> list[str]:
    """Return the names that the config states; the targets may be absent."""
    inputs = [column for column in dialect.columns if column not in dialect.targets]
    for columns in (list(dialect.columns), inputs):
        if len(columns) == width:
            return columns
    received = f"the sheet has {counted(width, 'column')}"
    rule = f"data.columns names {counted(len(dialect.columns), 'column')}"
    raise TableError(f"{name}: {received}, where {rule}")


def _as_in_csv(cells: pl.Expr) -> pl.Expr:
    """Return cells as a CSV has them: dates and times alone, and nothing in place of empty text."""
    texts = cells.str.replace(NO_DATE, "").str.replace(MIDNIGHT, "")
    return texts.replace("", None)


def _open_workbook(content: bytes, name: str) -> "ExcelReader":
    """Return a reader of the workbook's sheets, or raise a TableError."""
    try:
        import fastexcel
    except ImportError:
        command = how_to_install("excel")
        rule = "to read Excel's workbooks takes fastexcel"
        raise TableError(f"{name}: {rule}: {command}, or save the table as CSV") from None
    with _as_workbook(name):
        return fastexcel.read_excel(content)


@contextmanager
def _as_workbook(name: str) -> Iterator[None]:
    """Raise a TableError where fastexcel cannot read a workbook."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in ("_fastexcel", "fastexcel"):
            raise
        reason = f"cannot be read as a workbook: {first_line(error)}"
        raise TableError(f"{name}: {reason}; save it anew, or the table as CSV") from None


def _choose_sheet(sheets: list[str], name: str, wanted: str | None) -> str:
    """Return the wanted sheet, or the first one."""
    if wanted is None and sheets:
        return sheets[0]
    if wanted in sheets:
        return wanted
    hint = did_you_mean(wanted or "", sheets)
    problem = f"has no sheet {wanted!r}{hint}"
    shown = listed(sheets, 12)
    raise TableError(f"{name}: {problem}; its sheets are {shown}")
