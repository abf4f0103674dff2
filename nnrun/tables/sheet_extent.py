"""How far the cells of a workbook's sheets are apart, before anything is read into memory.

fastexcel makes room for every cell of the rectangle that a sheet's cells lie in. A workbook of some
kilobytes whose last cell is XFD1048576 would take 512 GiB, for want of which the process ends.
"""

import re
import zipfile
from collections.abc import Iterator
from typing import IO

PIECE = 1 << 20
"""Bytes of a sheet that are looked at together."""

LONGEST_TAG = 1 << 16
"""Bytes of a tag at the most: that of a row or a cell has some tens."""

DIGITS = 11
"""Of a number of a row, that are looked at: fastexcel takes a number that is too large for another
one."""

LETTERS = 8
"""Of a column, that are looked at."""

_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]*)([0-9]+)[\"']")  # of a cell, or of a row
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_USUAL_CELL = re.compile(rb'<c r="([A-Za-z]+)([0-9]+)"')
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")


def most_cells(archive: zipfile.ZipFile) -> int:
    """Return how many cells the largest sheet of a workbook has room for.

    Any entry may be a sheet, whatever its name.

    Args:
        archive: The workbook.

    Raises:
        zipfile.BadZipFile, OSError, zlib.error, EOFError: An entry cannot be unpacked.
        NotImplementedError, RuntimeError: It is compressed in an unknown way, or encrypted.
    """
    most = 0
    for entry in archive.infolist():
        with archive.open(entry) as file:
            most = max(most, _cells_of_sheet(file))
    return most


def _cells_of_sheet(file: IO[bytes]) -> int:
    """Return the cells of the rectangle that a sheet's cells lie in."""
    rows: set[int] = set()
    columns = {1}
    begun = 0  # cells of the row that a piece begins in
    for piece in _pieces(file):
        places = _USUAL_CELL.findall(piece)
        if len(_CELL.findall(piece)) > len(places):
            places = _PLACE.findall(piece)
            counts = _cells_of_rows(piece, begun)
            columns.update(counts)
            begun = counts[-1]
        digits = {digits for _, digits in places}
        letters = {letters for letters, _ in places}
        rows.update(int(number[:DIGITS]) for number in digits)
        columns.update(_column(name[:LETTERS]) for name in letters)
    if not rows:
        return max(columns)
    height = max(rows) - min(rows) + 1
    return height * max(columns)


def _cells_of_rows(piece: bytes, begun: int) -> list[int]:
    """Return how many cells each row has: one need not say in which column it is.

    Args:
        piece: A piece of a sheet.
        begun: How many cells the row has that it begins in.
    """
    counts = [len(_CELL.findall(row)) for row in _ROW.split(piece)]
    counts[0] += begun
    return counts


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a file in pieces that end where no tag is open."""
    rest = b""
    while content := file.read(PIECE):
        content = rest + content
        end = content.rfind(b"<")
        if len(content) - end > LONGEST_TAG:
            if b">" not in content[end:]:
                raise zipfile.BadZipFile("a tag is too long")
            end = len(content)  # it is a text
        rest = content[end:]
        yield content[:end]
    yield rest


def _column(letters: bytes) -> int:
    """Return the number of a column, counted from 1; 0 of a row, which has no letters."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
