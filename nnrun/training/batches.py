"""The rows of a part, gathered ahead in blocks of tensors."""

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import cycle
from typing import NamedTuple

import numpy as np

from nnrun.features.dataset import Arrays
from nnrun.features.matrix_store import new_matrix
from nnrun.runs.arrays import Array
from nnrun.tables.prefetch import ahead
from nnrun.training.backend import tf
from nnrun.training.distributed.team import ALONE, Team
from nnrun.training.keras_types import Tensor

ALIGNMENT = 64  # bytes: Eigen, which computes on the CPU, wants memory so aligned
BLOCK_BYTES = 32 << 20  # of rows that are gathered together, while those before are trained on
CHUNK_BYTES = 1 << 19  # of a memory-mapped table that are read together, so that the disk keeps up
RESIDENT_CHUNKS = 128  # chunks whose rows are shuffled together, drawn from all over the table

Order = np.ndarray[tuple[int], np.dtype[np.int32]]
Tensors = tuple[Tensor, ...]


class TensorBlock(NamedTuple):
    """Rows to take batches from.

    Attributes:
        tensors: float32 tensors x, y and perhaps sample_weight, which begin with the rows.
        rows: The number of rows that all workers take together.
    """

    tensors: Tensors
    rows: int


def row_order(seed: int, epoch: int, rows: int, *, chunk: int = 1) -> Order:
    """Return the order of an epoch's rows, int32 (rows,).

    Args:
        seed: The config's seed.
        epoch: The epoch, from 0: each has an order of its own.
        rows: The number of rows.
        chunk: The number of rows that are read together. Where it is more than 1,
            RESIDENT_CHUNKS chunks at a time are shuffled with each other.
    """
    generator = np.random.default_rng([seed, epoch])
    if chunk == 1:
        return generator.permutation(rows).astype(np.int32)
    starts = generator.permutation(rows // chunk) * chunk
    of_chunks = starts[:, None] + np.arange(chunk)
    rest = np.arange(rows - rows % chunk, rows)
    order = np.append(of_chunks, rest).astype(np.int32)
    for start in range(0, rows, RESIDENT_CHUNKS * chunk):
        generator.shuffle(order[start : start + RESIDENT_CHUNKS * chunk])
    return order


class RowBlocks:
    """The rows of a part, in memory or memory-mapped, as blocks of tensors.

    Attributes:
        arrays: x, y and perhaps sample_weight.
        count: The number of rows.
        chunk: The number of rows that every order keeps together.
        blocks_per_order: The number of blocks that hold all rows.
    """

    def __init__(self, arrays: Arrays, batch_size: int, team: Team = ALONE) -> None:
        given = (arrays.x, arrays.y, arrays.sample_weight)
        self.arrays = [array for array in given if array is not None]
        self.count = len(arrays.x)
        self._batch_size = batch_size
        self._team = team
        self._is_mapped = isinstance(arrays.x, np.memmap)
        self._row_bytes = 4 * (arrays.x.shape[1] + arrays.y.shape[1])
        self.chunk = self._rows_of_batches(CHUNK_BYTES) if self._is_mapped else 1
        self._block_rows = min(max(1, self.count), self._rows_of_batches(BLOCK_BYTES))
        self.blocks_per_order = math.ceil(self.count / self._block_rows)

    def in_order(self) -> Iterator[TensorBlock]:
        """Yield blocks of all rows as they stand."""
        if self._is_mapped or self._team.workers > 1:
            return self.blocks([np.arange(self.count, dtype=np.int32)])
        return iter([TensorBlock(self._whole, self.count)])

    def blocks(self, orders: Iterable[Order]) -> Iterator[TensorBlock]:
        """Yield blocks of all rows in each order.

        Two buffers hold them in turn, so that a block serves until the next one is asked for.
        """
        return ahead(self._gathered(orders))

    def _rows_of_batches(self, size: int) -> int:
        """Return the rows of as many whole batches as fit in `size` bytes, of one at least."""
        return max(1, size // self._row_bytes // self._batch_size) * self._batch_size

    @cached_property
    def _whole(self) -> Tensors:
        return tuple(map(to_tensor, self.arrays))

    def _gathered(self, orders: Iterable[Order]) -> Iterator[TensorBlock]:
        """Copy the rows of each block into a buffer, and yield it as tensors."""
        for of_all, buffers in zip(self._parts(orders), cycle(self._buffers), strict=False):
            mine = self._team.share(of_all, self._batch_size)
            for array, buffer in zip(self.arrays, buffers, strict=True):
                np.take(array, mine, axis=0, out=buffer[: len(mine)], mode="clip")
            yield TensorBlock(tuple(map(to_tensor, buffers)), len(of_all))

    def _parts(self, orders: Iterable[Order]) -> Iterator[Order]:
        for order in orders:
            for start in range(0, self.count, self._block_rows):
                yield order[start : start + self._block_rows]

    @cached_property
    def _buffers(self) -> list[list[Array]]:
        """Two buffers for each array, all as long as the longest block: XLA compiles each shape."""
        of_all = np.arange(self._block_rows, dtype=np.int32)
        longest = len(self._team.share(of_all, self._batch_size))
        return [self._new_buffers(longest) for _ in range(2)]

    def _new_buffers(self, rows: int) -> list[Array]:
        return [new_matrix((rows, *array.shape[1:])) for array in self.arrays]


def to_tensor(array: Array) -> Tensor:
    """Return an array as a tensor that shares its memory where it can.

    A copy of a large array takes twice its size while TensorFlow makes it.
    """
    flags = array.flags
    is_aligned = array.ctypes.data % ALIGNMENT == 0
    if not (flags.writeable and flags.c_contiguous and is_aligned):
        return tf.constant(array)
    if tf.config.list_logical_devices("GPU"):
        return tf.constant(array)
    return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
