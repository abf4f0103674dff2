"""The bytes of a CSV file, unzipped, in pieces of whole records."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from nnrun.ordinary_files import open_named
from nnrun.tables.dialect import PLAIN_DIALECT, Dialect
from nnrun.tables.gunzip import GZIP, PACKED, GunzipStream
from nnrun.tables.stored_file import StoredFile
from nnrun.tables.table_file import TableSource
from nnrun.tables.text_encoding import Utf8Stream

BLOCK = 4 << 20  # bytes of a piece: larger ones are hardly faster, and take memory
FIRST = 64 << 10
"""Bytes of a pipe's first piece, whose rows need not wait for more. Each next one doubles."""
LONGEST = 16 << 20  # bytes of a record, beyond which a quote was left open
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_pieces(
    source: TableSource | StoredFile,
    dialect: Dialect = PLAIN_DIALECT,
    name: str = "",
) -> Iterator[bytes]:
    """Yield the text of a file as UTF-8 in pieces of whole records, unzipped, from its header on.

    Args:
        source: A path, a stored file, the bytes of a file, or a buffered stream, which is closed
            at its end.
        dialect: The encoding of the text, and how many lines stand before the header.
        name: The file, as messages call it.

    Raises:
        OSError, EOFError, zlib.error: The file cannot be read, or is damaged gzip.
        TableError: The text is of another encoding, or the gzip file is padded.
    """
    size = BLOCK if isinstance(source, Path | StoredFile) else FIRST
    with _open_bytes(source) as stream:
        unzipped = _unzipped(stream, name)
        file = _as_utf_8(unzipped, dialect, name)
        first_bytes = file.read(len(BYTE_ORDER_MARK))
        pending = first_bytes.removeprefix(BYTE_ORDER_MARK)
        if dialect.skip_rows:
            pending = _skip_lines(file, pending, dialect.skip_rows)
        data = file.read1(size)  # of a pipe, the bytes that are at hand
        while data:
            pending += data
            end = _end_of_records(pending)
            if end:
                yield pending[:end]
                pending = pending[end:]
            data = file.read(max(size, len(pending)))
            size = min(2 * size, BLOCK)
    if pending:
        yield pending


def _open_bytes(source: TableSource | StoredFile) -> io.BufferedReader:
    """Return a stream of the bytes as they are stored; a stream is returned itself."""
    if isinstance(source, StoredFile):
        return source.open()
    if isinstance(source, Path):
        return io.BufferedReader(open_named(source))
    if isinstance(source, bytes):
        return io.BufferedReader(io.BytesIO(source))
    return cast(io.BufferedReader, source)


def _unzipped(stream: io.BufferedReader, name: str) -> io.BufferedIOBase:
    if stream.peek(len(GZIP)).startswith(GZIP):
        return io.BufferedReader(GunzipStream(stream, name), PACKED)
    return stream


def _as_utf_8(
    file: io.BufferedIOBase,
    dialect: Dialect,
    name: str,
) -> io.BufferedIOBase:
    if dialect.is_utf_8:
        return file
    return io.BufferedReader(Utf8Stream(file, dialect.encoding, name))


def _skip_lines(file: io.BufferedIOBase, pending: bytes, count: int) -> bytes:
    """Read so many lines, and return the bytes at hand of the next; `pending` is read already.

    These lines are not records: a quote in them encloses nothing.
    """
    while count:
        _, line_end, pending = pending.partition(b"\n")
        if line_end:
            count -= 1
            continue
        pending = file.readline(LONGEST)
        if not pending:
            break
    return pending


def _end_of_records(data: bytes) -> int:
    """Return where the last line end stands that no quotes enclose; 0 where there is none."""
    if len(data) > LONGEST:
        return len(data)
    end = data.rfind(b"\n") + 1
    if b'"' not in data:
        return end
    ends_inside_quotes = data.count(b'"', 0, end) % 2 == 1
    if not ends_inside_quotes:
        return end
    without_cells = re.sub(rb'"[^"]*"?', lambda cell: bytes(len(cell[0])), data)
    return without_cells.rfind(b"\n") + 1
