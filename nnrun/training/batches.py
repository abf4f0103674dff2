"""The rows of a part, gathered in blocks of tensors, large ones ahead."""

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
SMALL_BLOCK_BYTES = 2 << 20  # gathered in 0.1 ms; to wake a thread for it takes longer
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


def row_order(
    seed: int,
    epoch: int,
    rows: int,
    *,
    chunk: int = 1,
) -> Order:
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
    chunks = generator.permutation(rows // chunk)
    starts = chunks * chunk
    of_chunks = starts[:, None] + np.arange(chunk)
    rest = np.arange(rows - rows % chunk, rows)
    order = np.append(of_chunks, rest).astype(np.int32)
    together = RESIDENT_CHUNKS * chunk
    for start in range(0, rows, together):
        generator.shuffle(order[start : start + together])
    return order


class RowBlocks:
    """The rows of a part, in memory or memory-mapped, as blocks of tensors.

    Args:
        arrays: float32 x (rows, inputs), y (rows, targets) and perhaps sample_weight (rows,).
        batch_size: The rows of a batch, of all workers together; a block has whole batches.
        team: The workers that share each batch.

    Attributes:
        arrays: x, y and perhaps sample_weight.
        count: The number of rows.
        chunk: The number of rows that every order keeps together.
        blocks_per_order: The number of blocks that hold all rows.
    """

    def __init__(self, arrays: Arrays, batch_size: int, team: Team = ALONE) -> None:
        self.arrays: list[Array] = [arrays.x, arrays.y]
        if arrays.sample_weight is not None:
            self.arrays.append(arrays.sample_weight)
        self.count = len(arrays.x)
        self._batch_size = batch_size
        self._team = team
        self._is_mapped = isinstance(arrays.x, np.memmap)
        numbers = arrays.x.shape[1] + arrays.y.shape[1]  # of a row
        self._row_bytes = 4 * numbers
        self.chunk = 1
        if self._is_mapped:
            self.chunk = self._rows_of_batches(CHUNK_BYTES)
        rows_of_batches = self._rows_of_batches(BLOCK_BYTES)
        self._block_rows = min(max(1, self.count), rows_of_batches)
        self.blocks_per_order = math.ceil(self.count / self._block_rows)

    def in_order(self) -> Iterator[TensorBlock]:
        """Yield blocks of all rows as they stand."""
        if self._is_mapped or self._team.workers > 1:
            as_they_stand = np.arange(self.count, dtype=np.int32)
            return self.blocks([as_they_stand])
        block = TensorBlock(self._whole, self.count)
        return iter([block])

    def blocks(self, orders: Iterable[Order]) -> Iterator[TensorBlock]:
        """Yield blocks of all rows in each order.

        Two buffers hold them in turn, so that a block serves until the next one is asked for.

        Args:
            orders: Permutations of the rows, int32 (rows,), each of which is read to its end.
        """
        gathered = self._gathered(orders)
        size = self._block_rows * self._row_bytes
        if size <= SMALL_BLOCK_BYTES and not self._is_mapped:
            return gathered
        return ahead(gathered)

    def _rows_of_batches(self, size: int) -> int:
        """Return the rows of as many whole batches as fit in `size` bytes, of one at least."""
        rows = size // self._row_bytes
        batches = max(1, rows // self._batch_size)
        return batches * self._batch_size

    @cached_property
    def _whole(self) -> Tensors:
        return tuple(map(to_tensor, self.arrays))

    def _gathered(self, orders: Iterable[Order]) -> Iterator[TensorBlock]:
        """Copy the rows of each block into a buffer, and yield it as tensors."""
        buffers_in_turn = cycle(self._buffers)
        for of_all, buffers in zip(self._parts(orders), buffers_in_turn, strict=False):
            own_rows = self._team.share(of_all, self._batch_size)
            for array, buffer in zip(self.arrays, buffers, strict=True):
                np.take(
                    array,
                    own_rows,
                    axis=0,
                    out=buffer[: len(own_rows)],
                    mode="clip",
                )
            tensors = tuple(map(to_tensor, buffers))
            yield TensorBlock(tensors, rows=len(of_all))

    def _parts(self, orders: Iterable[Order]) -> Iterator[Order]:
        """Cut each order into the rows of its blocks."""
        for order in orders:
            for start in range(0, self.count, self._block_rows):
                yield order[start : start + self._block_rows]

    @cached_property
    def _buffers(self) -> list[list[Array]]:
        """Two buffers for each array, all as long as the longest block: XLA compiles each shape."""
        of_all = np.arange(self._block_rows, dtype=np.int32)
        own_rows = self._team.share(of_all, self._batch_size)
        longest = len(own_rows)
        return [self._new_buffers(longest), self._new_buffers(longest)]

    def _new_buffers(self, rows: int) -> list[Array]:
        buffers = []
        for array in self.arrays:
            shape = (rows, *array.shape[1:])
            buffers.append(new_matrix(shape))
        return buffers


def to_tensor(array: Array) -> Tensor:
    """Return an array as a tensor that shares its memory where it can.

    A copy of a large array takes twice its size while TensorFlow makes it.

    Args:
        array: The array, which must not change as long as the tensor is used.
    """
    flags = array.flags
    is_aligned = array.ctypes.data % ALIGNMENT == 0
    can_be_shared = flags.writeable and flags.c_contiguous and is_aligned
    if not can_be_shared:
        return tf.constant(array)
    if tf.config.list_logical_devices("GPU"):
        return tf.constant(array)
    capsule = array.__dlpack__()
    return tf.experimental.dlpack.from_dlpack(capsule)
