"""Where the matrices of a table are kept: in memory, or in files that are memory-mapped."""

import mmap
import os
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]
AnyFloats = np.ndarray[Any, np.dtype[np.floating[Any]]]
FILL_ROWS = 65_536  # rows filled at a time
FLOAT32_BYTES = 4


class Store:
    """A float32 matrix to be filled block by block.

    Args:
        rows: How many rows may come.
        columns: How many columns each has.
        path: The file to keep it in, or None for memory.

    Attributes:
        rows: How many rows were added so far.
        capacity: How many rows may come.
        matrix: All rows, shape (capacity, columns); those that did not come yet are zeros.
    """

    def __init__(self, rows: int, columns: int, path: Path | None) -> None:
        self.rows = 0
        self.capacity = rows
        shape = (rows, columns)
        if path is None:
            self.matrix: Matrix = new_matrix(shape)
        else:
            _allocate(path, _byte_size(shape))
            self.matrix = np.memmap(path, np.float32, "r+", shape=shape)

    def append(self, block: AnyFloats) -> None:
        """Add rows of any float type.

        Args:
            block: The rows, shape (rows, columns); at most as many as there is room for.
        """
        end = self.rows + len(block)
        self.matrix[self.rows : end] = block
        self.rows = end

    def finish(self, fill: AnyFloats | None = None) -> Matrix:
        """Return the matrix of the rows that were added.

        Args:
            fill: What stands in place of NaN, shape (columns,); by default NaN stays.

        Returns:
            A float32 matrix of shape (rows, columns), which shares the memory of the store.
        """
        matrix = self.matrix[: self.rows]
        if fill is not None:
            _fill_missing(matrix, fill)
        if isinstance(self.matrix, np.memmap):
            self.matrix.flush()
            if self.rows < len(self.matrix):  # Windows refuses it while the file is mapped
                os.truncate(self.matrix.filename, matrix.nbytes)  # type: ignore[arg-type]
        return matrix


def new_matrix(shape: tuple[int, ...]) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Return float32 zeros that begin on a page, so that TensorFlow can share their memory.

    Args:
        shape: The shape of the array. It may be without elements.
    """
    memory = mmap.mmap(-1, _byte_size(shape))
    numbers = np.frombuffer(memory, np.float32, count=prod(shape))
    return numbers.reshape(shape)


def map_matrix(source: Path | IO[bytes], columns: int) -> Matrix:
    """Return the float32 matrix that a file holds, memory-mapped.

    Args:
        source: The file, or its path: rows of float32, one behind another.
        columns: How many numbers a row has.
    """
    numbers = np.memmap(source, np.float32, "r")
    return numbers.reshape(-1, columns)


def _byte_size(shape: tuple[int, ...]) -> int:
    numbers = max(1, prod(shape))  # nothing can be mapped of no byte
    return numbers * FLOAT32_BYTES


def _allocate(path: Path, size: int) -> None:
    """Create a file of zeros. Its blocks are reserved: a full disk would kill the process later."""
    with path.open("wb") as file:
        if hasattr(os, "posix_fallocate"):  # not on macOS and Windows
            os.posix_fallocate(file.fileno(), 0, size)


def _fill_missing(matrix: Matrix, fill: AnyFloats) -> None:
    """Put `fill` in place of NaN, some rows at a time, since masks take memory."""
    for start in range(0, len(matrix), FILL_ROWS):
        end = start + FILL_ROWS
        rows = matrix[start:end]
        np.copyto(rows, fill, where=np.isnan(rows), casting="same_kind")
