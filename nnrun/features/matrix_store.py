"""Where the matrices of a table are kept: in memory, or in files that are memory-mapped where they would not fit."""

import mmap
import os
import re
from contextlib import suppress
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float32]]
FILL_ROWS = 65_536  # rows filled at a time


class Store:
    """A float32 matrix (rows, columns) to be filled block by block, in memory or in the file at `path`."""

    def __init__(self, rows: int, columns: int, path: Path | None) -> None:
        self.rows, size = 0, max(4, 4 * rows * columns)
        if path:
            with (
                path.open("wb") as file,
                suppress(AttributeError),
            ):  # only Linux has it: else a full disk kills us
                os.posix_fallocate(file.fileno(), 0, size)
            self.matrix: Matrix = np.memmap(path, np.float32, "r+", shape=(rows, columns))
        else:
            self.matrix = new_matrix((rows, columns))

    def append(self, block: "np.ndarray[Any, Any]") -> None:
        """Add rows of any float type."""
        self.matrix[self.rows : self.rows + len(block)] = block
        self.rows += len(block)

    def finish(self, fill: "np.ndarray[Any, Any] | None" = None) -> Matrix:
        """Return the matrix of the rows that were added, with `fill` (columns,) in place of NaN."""
        matrix = self.matrix[: self.rows]
        for start in range(0, len(matrix) if fill is not None else 0, FILL_ROWS):
            rows = matrix[start : start + FILL_ROWS]
            np.copyto(rows, fill, where=np.isnan(rows), casting="same_kind")  # type: ignore[arg-type]
        if isinstance(self.matrix, np.memmap):
            self.matrix.flush()
            if self.rows < len(self.matrix):  # which Windows refuses while it is mapped
                os.truncate(self.matrix.filename, matrix.nbytes)  # type: ignore[arg-type]
        return matrix


def new_matrix(shape: tuple[int, ...]) -> Any:
    """Return float32 zeros that begin on a page, so that TensorFlow can share their memory."""
    return np.frombuffer(mmap.mmap(-1, max(4, 4 * prod(shape))), np.float32, prod(shape)).reshape(
        shape
    )


def map_matrix(path: Path, columns: int) -> Matrix:
    """Return the float32 matrix that a file holds, memory-mapped."""
    return np.memmap(path, np.float32, "r").reshape(-1, columns)


def memory_bytes() -> int:
    """Return the bytes of memory that this process may still use: of the machine, its control group and its limits."""
    known = [64 << 30]
    with suppress(OSError):  # only Linux has these files
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        known += [
            int(kib) << 10 for kib in re.findall(r"^MemAvailable: *(\d+)", text, re.MULTILINE)
        ]
        text = Path("/proc/self/cgroup").read_text(encoding="utf-8")
        for kind, path in re.findall(r"^\d+:(.*?):/(.*)$", text, re.MULTILINE):
            for folder, name in product((path, ""), ("memory.max", "memory.limit_in_bytes")):
                with suppress(OSError, ValueError):  # "max" where there is none
                    known.append(
                        int(Path("/sys/fs/cgroup", kind, folder, name).read_text(encoding="ascii"))
                    )
    with suppress(ImportError):  # Windows has none
        import resource

        known += [
            resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)
        ]
    return min(limit for limit in known if limit >= 0)  # no limit is -1 on Linux
