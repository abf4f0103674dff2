"""Excel workbooks for tests."""

import io
from typing import Any

import xlsxwriter


def workbook(rows: list[list[Any]], *more: str, first_row: int = 0, sheet: str = "Data") -> bytes:
    """Return a workbook with the rows in its first sheet, and further sheets of one cell."""
    file = io.BytesIO()
    options = {"in_memory": True, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(file, options) as book:
        first = book.add_worksheet(sheet)
        for number, row in enumerate(rows, start=first_row):
            for column, cell in enumerate(row):
                if cell is not None:
                    first.write(number, column, cell)
        for name in more:
            book.add_worksheet(name).write(0, 0, name)
    return file.getvalue()
