"""Excel workbooks: their cells are what a CSV of the sheet has, and their lines are its rows."""

import io
import sys
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from support.workbooks import workbook

from nnrun.installation import how_to_install
from nnrun.tables import excel_reader, sheet_extent
from nnrun.tables.dialect import Dialect
from nnrun.tables.table import Table, open_table

NULLS = ["", "NA"]


def open_sheet(content: bytes, **dialect: Any) -> Table:
    return open_table(content, NULLS, "t.xlsx", dialect=Dialect(**dialect))


def cells(table: Table) -> dict[str, list[str | None]]:
    frame = pl.concat(block.frame for block in table.blocks())
    return frame.to_dict(as_series=False)


ROWS = [
    ["name", "size", "share", "day", "seen", "at", "ok"],
    [
        "007",
        1,
        1.5,
        date(2024, 1, 5),
        datetime.fromisoformat("2024-01-05T10:30"),
        time(10, 30),
        True,
    ],
    [
        " York ",
        12345678901,
        1e-7,
        None,
        datetime.fromisoformat("2024-01-06T00:00"),
        time(0, 0),
        False,
    ],
    [None, -3, 0.125, date(2024, 2, 29), None, None, None],
]


def test_cells_are_what_a_csv_of_the_sheet_has():
    assert cells(open_sheet(workbook(ROWS))) == {
        "name": ["007", " York ", None],
        "size": ["1", "12345678901", "-3"],
        "share": ["1.5", "0.0000001", "0.125"],
        "day": ["2024-01-05", None, "2024-02-29"],
        "seen": ["2024-01-05 10:30:00", "2024-01-06", None],
        "at": ["10:30:00", "00:00:00", None],
        "ok": ["true", "false", None],
    }


@pytest.mark.parametrize("first_row", [0, 3])
@pytest.mark.parametrize("skip_rows", [0, 1], ids=["no title", "a title"])
def test_lines_are_rows_of_the_sheet(first_row, skip_rows):
    rows = [["a", "b"], [1, 2], [None, None], [3, 4], [5, 6]]
    if skip_rows:
        rows.insert(0, ["A title"])
    table = open_sheet(workbook(rows, first_row=first_row), skip_rows=skip_rows and first_row + 1)
    (block,) = table.blocks()
    assert block.frame.rows() == [("1", "2"), ("3", "4"), ("5", "6")]
    assert (block.blank_rows, block.number_format.is_plain) == (1, True)
    header = first_row + skip_rows + 1
    assert table.files[0].header_line == header
    assert block.places([0, 1, 2]) == [str(header + line) for line in (1, 3, 4)]


def test_columns_without_name_and_cells_are_none_and_an_index_has_its_name():
    rows = [[None, "a", None, None], ["x", 1, None, None]]
    assert cells(open_sheet(workbook(rows))) == {"Unnamed: 0": ["x"], "a": ["1"]}


def test_the_first_sheet_is_read_or_the_one_that_is_named(problems):
    content = workbook([["a"], [1]], "Other", "Notes")
    assert cells(open_sheet(content)) == {"a": ["1"]}
    assert open_sheet(workbook(ROWS), sheet="Data").columns == ROWS[0]
    assert open_sheet(content, sheet="Other").columns == ["Other"]
    (line,) = problems(open_sheet, content, sheet="other ")
    assert line == (
        "t.xlsx: has no sheet 'other '; did you mean 'Other'?; "
        "its sheets are 'Data', 'Other', 'Notes'"
    )


def test_text_may_write_numbers_in_another_way_than_the_workbook(project):
    texts = ["1.234,5", "2,25", "1.000.000", None]
    rows = [[0.125, texts[row % 4], "nj"[row % 2]] for row in range(40)]
    project.table(workbook([["share", "price", "label"], *rows]), "book.xlsx")
    options = {"data.train": "book.xlsx", "data.decimal": ",", "data.thousands": "."}
    share, price = project.dataset({**options, "data.missing": "drop"}).train.x.T
    assert set(share) == {0.125}
    assert set(price) == {1234.5, 2.25, 1e6}


def test_columns_of_a_sheet_without_a_header_are_named_by_the_config():
    content = workbook([[1, "x"], [2, "y"]])
    table = open_sheet(content, columns=("a", "b"))
    assert cells(table) == {"a": ["1", "2"], "b": ["x", "y"]}
    assert next(iter(table.blocks())).places([1]) == ["2"]


def zipped(**entries: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name.replace("_", "/"), content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (workbook([]), "sheet 'Data' is empty; a table has a header and rows"),
        (workbook(ROWS)[:-400], "is a workbook or an archive cut short or damaged"),
        (zipped(xl_workbook=b"none"), "cannot be read as a workbook"),
        (zipped(mimetype=b"x", **{"content.xml": b"x"}), "is an OpenDocument spreadsheet"),
        (zipped(a=b"1,2"), "is a zip archive; save the table as CSV in UTF-8, or as .xlsx"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "is a workbook of Excel before 2007 (.xls), or one with"),
        (workbook([["a", "a"], [1, 2]]), "2 columns are named 'a'"),
    ],
    ids=["empty", "cut short", "no workbook", "ods", "zip", "xls", "names twice"],
)
def test_what_cannot_be_read_is_named(content, said, problems):
    (line,) = problems(open_sheet, content)
    assert said in line


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read(monkeypatch, problems):
    monkeypatch.setattr(excel_reader, "LARGEST", 1_000_000)
    monkeypatch.setattr(excel_reader, "_read_sheet", lambda *_: pytest.fail("it is read"))
    bomb = zipped(xl_workbook=bytes(2_000_000))
    assert len(bomb) < 10_000
    (line,) = problems(open_sheet, bomb)
    assert "unpacks to 2,000,000 bytes; a workbook of at most 1,000,000 bytes is read" in line


def with_cell(content: bytes, cell: str) -> bytes:
    """Return a workbook with another row of XML at the end of its first sheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    sheet = entries["xl/worksheets/sheet1.xml"]
    entries["xl/worksheets/sheet1.xml"] = sheet.replace(b"</sheetData>", cell.encode())
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, entry in entries.items():
            archive.writestr(name, entry)
    return file.getvalue()


FAR = {
    "the last cell of all": '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
    "a row that says where it is": '<row r="99999999"><c><v>1</v></c></row></sheetData>',
    "a number that is too large": '<row r="9"><c r="B99999999999999999"><v>1</v></c></row></sheetData>',
    "a prefix and other quotes": "<x:row r = '1048576'><x:c r = 'xfd1048576'><v>1</v></x:c></x:row>",
    "cells that do not say where they are": '<row r="40000">'
    + "<c><v>1</v></c>" * 2_000
    + "</row></sheetData>",
}


@pytest.mark.parametrize("cell", FAR.values(), ids=FAR.keys())
def test_a_cell_far_from_the_others_is_refused_before_room_is_made(monkeypatch, problems, cell):
    monkeypatch.setattr(excel_reader, "_read_sheet", lambda *_: pytest.fail("it is read"))
    (line,) = problems(open_sheet, with_cell(workbook(ROWS), cell))
    assert "cells from its first to its last one; at most 67,108,864 are read" in line


def test_a_tag_without_end_is_refused(monkeypatch, problems):
    monkeypatch.setattr(sheet_extent, "PIECE", 1_000)
    monkeypatch.setattr(sheet_extent, "LONGEST_TAG", 2_000)
    cell = f'<row r="9"><c {" " * 5_000} r="XFD9"><v>1</v></c></row></sheetData>'
    (line,) = problems(open_sheet, with_cell(workbook(ROWS), cell))
    assert "is a workbook or an archive cut short or damaged" in line


def test_a_cell_below_the_others_is_read():
    cell = '<row r="900"><c r="B900"><v>1</v></c></row></sheetData>'
    table = open_sheet(with_cell(workbook([["a", "b"], [1, 2]]), cell))
    assert cells(table) == {"a": ["1", None], "b": ["2", "1"]}


def test_a_sheet_that_fastexcel_cannot_read_is_refused(problems):
    cell = '<row r="9"><c r="A9" t="inlineStr"><is><t>&c;</t></is></c></row></sheetData>'
    (line,) = problems(open_sheet, with_cell(workbook(ROWS), cell))
    assert "t.xlsx: cannot be read as a workbook: " in line


def test_without_fastexcel_the_message_says_what_to_install(monkeypatch, problems):
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    (line,) = problems(open_sheet, workbook(ROWS))
    assert how_to_install("excel") in line


@pytest.fixture
def book(project, frame) -> Path:
    """The default table as a workbook, beside the CSV."""
    rows = [frame.columns, *map(list, frame.rows())]
    return project.table(workbook(rows), "book.xlsx")


def test_a_workbook_gives_the_matrices_of_its_csv(project, book):
    ours, theirs = project.dataset({"data.train": "book.xlsx"}), project.dataset()
    assert (ours.train.x == theirs.train.x).all()
    assert (ours.train.y == theirs.train.y).all()
    assert ours.encoder == theirs.encoder


def test_commands_take_a_workbook(project, nnrun, shared_run, book):
    ours, theirs = (nnrun("predict", shared_run, path) for path in ("book.xlsx", "table.csv"))
    assert (ours.code, ours.out) == (0, theirs.out)
    assert nnrun("evaluate", shared_run, "book.xlsx").code == 0
    assert nnrun("check", project.config({"data.train": "book.xlsx"})).code == 0
    made = nnrun("init", "book.xlsx", "--target", "label", "-o", "book.yaml")
    assert made.code == 0
    assert nnrun("check", "book.yaml").code == 0
    assert "this is a table" in nnrun("train", "book.xlsx").err
    assert "did you mean 'book.xlsx'" in nnrun("predict", shared_run, "bock.xlsx").err


def test_a_wrong_cell_is_told_with_the_row_of_the_sheet(project, problems):
    rows = [["age", "label"], *([age, age % 2] for age in range(30))]
    rows[7][0] = "old"
    project.table(workbook(rows), "book.xlsx")
    (line, *_) = problems(project.dataset, {"data.train": "book.xlsx"})
    assert "book.xlsx:8: column 'age': 'old' is not a number" in line
