"""The rows of a part, gathered ahead in blocks."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np

from nnrun.features.dataset import Arrays
from nnrun.features.matrix_store import new_matrix
from nnrun.tables.prefetch import ahead
from nnrun.training.backend import tf
from nnrun.training.distributed.team import ALONE, Team

ALIGNMENT = 64  # bytes: what Eigen, which computes on the CPU, wants of memory
BLOCK_BYTES = 32 << 20  # rows that are gathered together, while those before are trained on
CHUNK_BYTES = 1 << 19  # rows of a memory-mapped table that are read together, so the disk keeps up
RESIDENT_CHUNKS = 128  # chunks whose rows are shuffled together, drawn from all over the table
Order = np.ndarray[tuple[int], np.dtype[np.int32]]
Tensors = tuple[Any, ...]


class TensorBlock(NamedTuple):
    """Tensors that begin with the rows to take, and how many rows all workers take."""

    tensors: Tensors
    rows: int


def row_order(seed: int, epoch: int, rows: int, *, chunk: int = 1) -> Order:
    """Return the order of an epoch's rows; RESIDENT_CHUNKS chunks of rows at a time are shuffled with each other."""
    generator = np.random.default_rng([seed, epoch])
    if chunk == 1:
        return generator.permutation(rows).astype(np.int32)
    starts = generator.permutation(rows // chunk) * chunk
    order = np.append(
        starts[:, None] + np.arange(chunk), np.arange(rows - rows % chunk, rows)
    ).astype(np.int32)
    for start in range(0, rows, RESIDENT_CHUNKS * chunk):
        generator.shuffle(order[start : start + RESIDENT_CHUNKS * chunk])
    return order


class RowBlocks:
    """The rows of a part, in memory or memory-mapped."""

    def __init__(self, arrays: Arrays, batch_size: int, team: Team = ALONE) -> None:
        self.arrays = [
            array for array in (arrays.x, arrays.y, arrays.sample_weight) if array is not None
        ]
        self.count, self._batch_size, self._team = len(arrays.x), batch_size, team
        self._mapped, row_bytes = (
            isinstance(arrays.x, np.memmap),
            4 * (arrays.x.shape[1] + arrays.y.shape[1]),
        )

        def batches(size: int) -> int:
            return max(1, size // row_bytes // batch_size) * batch_size

        self.chunk = batches(CHUNK_BYTES) if self._mapped else 1  # rows that are kept together
        self._block = min(max(1, self.count), batches(BLOCK_BYTES))
        self.blocks_per_order = -(-self.count // self._block)

    def in_order(self) -> Iterator[TensorBlock]:
        """Yield blocks of all rows as they stand."""
        if self._mapped or self._team.workers > 1:
            return self.blocks([np.arange(self.count, dtype=np.int32)])
        return iter([TensorBlock(self._whole, self.count)])

    def blocks(self, orders: Iterable[Order]) -> Iterator[TensorBlock]:
        """Yield blocks of all rows in each order; two buffers hold them, so one serves until the next is asked for."""
        return ahead(self._gathered(orders))

    @cached_property
    def _whole(self) -> Tensors:
        return tuple(map(to_tensor, self.arrays))

    def _gathered(self, orders: Iterable[Order]) -> Iterator[TensorBlock]:
        parts = (
            order[i : i + self._block]
            for order in orders
            for i in range(0, self.count, self._block)
        )
        for every, buffers in zip(parts, cycle(self._buffers), strict=False):
            rows = self._team.share(every, self._batch_size)
            for array, buffer in zip(self.arrays, buffers, strict=True):
                np.take(array, rows, axis=0, out=buffer[: len(rows)], mode="clip")
            yield TensorBlock(tuple(map(to_tensor, buffers)), len(every))

    @cached_property
    def _buffers(self) -> list[list[Any]]:
        """Two for each array, both as long as the longest block, since XLA compiles every shape anew."""
        longest = len(self._team.share(np.arange(self._block, dtype=np.int32), self._batch_size))
        return [
            [new_matrix((longest, *array.shape[1:])) for array in self.arrays] for _ in range(2)
        ]


def to_tensor(array: Any) -> Any:
    """Return the array as a tensor: sharing its memory where it can be shared, since a copy takes twice its size."""
    shareable = (
        array.flags.writeable and array.flags.c_contiguous and array.ctypes.data % ALIGNMENT == 0
    )
    if shareable and not tf.config.list_logical_devices("GPU"):
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)
