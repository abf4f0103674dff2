"""One file opened as a table: its content says of which format it is."""

import csv
import gzip
import io
import signal
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import IO, cast

import polars as pl

from nnrun.errors import TableError
from nnrun.ordinary_files import NotOrdinaryError, refuse_too_many_files
from nnrun.tables.block import NullValues
from nnrun.tables.csv_pieces import read_pieces
from nnrun.tables.csv_reader import open_csv
from nnrun.tables.dialect import PLAIN_DIALECT, Dialect
from nnrun.tables.excel_reader import open_excel
from nnrun.tables.parquet_reader import open_parquet
from nnrun.tables.prefetch import ahead
from nnrun.tables.stored_file import StoredFile
from nnrun.tables.table_file import TableFile, TableSource
from nnrun.wording import first_line

PARQUET = b"PAR1"  # how a Parquet file begins
ZIP = b"PK\x03\x04"  # how a zip archive begins, which a workbook is

if hasattr(signal, "siginterrupt"):  # polars's handler would let a blocked read go on
    signal.siginterrupt(signal.SIGINT, True)  # noqa: FBT003 - it takes no keywords


def open_file(
    source: TableSource,
    name: str,
    null_values: NullValues,
    dialect: Dialect = PLAIN_DIALECT,
) -> TableFile:
    """Open a file. The rows of a pipe or a stream can be read once, those of others again.

    Args:
        source: A path, the bytes of a file, or a buffered stream.
        name: The file, as messages call it.
        null_values: What missing cells look like.
        dialect: How the file is written.

    Raises:
        TableError: It cannot be read, or has no header.
    """
    if isinstance(source, Path) and source.is_dir():
        raise TableError(f"{name}: is a folder; give a .csv file")
    with readable(name):
        if isinstance(source, bytes):
            return _open_again(source, name, null_values, dialect)
        if isinstance(source, Path):
            return _open_path(source, name, null_values, dialect)
        return _open_stream(source, name, null_values, dialect)


def _open_path(
    path: Path,
    name: str,
    null_values: NullValues,
    dialect: Dialect,
) -> TableFile:
    stored = StoredFile(path, name)
    if stored.is_pipe:
        file = _open_stream(stored.open(), name, null_values, dialect)
    else:
        file = _open_again(stored, name, null_values, dialect)
    return replace(file, stored=stored)


def _open_again(
    source: StoredFile | bytes,
    name: str,
    null_values: NullValues,
    dialect: Dialect,
) -> TableFile:
    """Open what can be read again; a thread reads ahead."""
    start = next(read_pieces(source, name=name), b"")
    if start.startswith(PARQUET):
        return open_parquet(source, name, null_values, dialect.numbers)
    if start.startswith(ZIP):
        return open_excel(source, name, null_values, dialect)
    pieces = partial(read_pieces, source, dialect, name)
    first_piece = next(pieces(), b"")
    file = open_csv(name, first_piece, pieces, null_values, dialect)
    return replace(file, blocks=lambda plan: ahead(file.blocks(plan)))


def _open_stream(
    stream: IO[bytes],
    name: str,
    null_values: NullValues,
    dialect: Dialect,
) -> TableFile:
    """Open what gives its rows once, as they come.

    No thread reads ahead: nobody could end it while it waits for more.
    """
    buffered = cast(io.BufferedReader, stream)
    if buffered.peek(len(PARQUET)).startswith(PARQUET):
        return open_parquet(buffered.read(), name, null_values, dialect.numbers)
    if buffered.peek(len(ZIP)).startswith(ZIP):
        return open_excel(buffered.read(), name, null_values, dialect)
    pieces = read_pieces(stream, dialect, name)
    start = next(pieces, b"")
    pieces = chain([start], pieces)
    if start.startswith(PARQUET):  # it was zipped
        return open_parquet(b"".join(pieces), name, null_values, dialect.numbers)
    return open_csv(name, start, lambda: pieces, null_values, dialect)


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Raise a TableError that names the file where its bytes cannot be read.

    Args:
        name: The file, as messages call it.

    Raises:
        TableError: The bytes cannot be read, are cut short or damaged.
    """
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        reason = "the gzip file is cut short, damaged or followed by other bytes"
        remedy = "download or compress it again"
        raise TableError(f"{name}: cannot be read: {reason}; {remedy}") from None
    except NotOrdinaryError as error:
        raise TableError(f"{name}: {error.strerror}; save the table as a file") from None
    except OSError as error:
        refuse_too_many_files(name, error)
        raise TableError(f"{name}: cannot be read: {first_line(error)}") from None
    except pl.exceptions.PanicException as error:
        reason = f"the file is damaged, so that polars failed: {first_line(error)}"
        raise TableError(f"{name}: cannot be read: {reason}; copy or write it again") from None
    except (csv.Error, pl.exceptions.PolarsError) as error:
        raise TableError(f"{name}: cannot be read: {first_line(error)}") from None
