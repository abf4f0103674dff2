"""The compiled epoch: Keras's own steps, looped inside one `tf.function`.

Keras's `fit` spends 1 ms of Python on every step, a small network's arithmetic 0.02 ms. Here a graph loop takes each
batch of rows and calls the model's own `train_step`, so that all is Keras's bit for bit.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import cycle
from typing import Any, NamedTuple

import numpy as np

from nnrun.backend import tf
from nnrun.data import ahead
from nnrun.dataset import Arrays
from nnrun.distribution import ALONE, Team
from nnrun.model import Model
from nnrun.storage import Matrix, new_matrix

SECONDS_PER_CALL = 0.4  # a graph loop cannot be interrupted: Ctrl-C and progress wait this long
GROWTH = 8  # how much longer than the last one a call may be
ALIGNMENT = 64  # bytes: what Eigen, which computes on the CPU, wants of memory
PREDICTION_ROWS = 16_384  # rows per call: some MB of activations, and no cost per row to speak of
ACTIVATIONS = 1 << 24  # of a layer at most: 64 MiB
BLOCK_BYTES = 32 << 20  # rows that are gathered together, while those before are trained on
CHUNK_BYTES = 1 << 19  # rows of a memory-mapped table that are read together, so the disk keeps up
RESIDENT_CHUNKS = 128  # chunks whose rows are shuffled together, drawn from all over the table

Logs = dict[str, float]
Order = np.ndarray[tuple[int], np.dtype[np.int32]]
Tensors = tuple[Any, ...]


class Block(NamedTuple):
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


class Rows:
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

    def in_order(self) -> Iterator[Block]:
        """Yield blocks of all rows as they stand."""
        if self._mapped or self._team.workers > 1:
            return self.blocks([np.arange(self.count, dtype=np.int32)])
        return iter([Block(self._whole, self.count)])

    def blocks(self, orders: Iterable[Order]) -> Iterator[Block]:
        """Yield blocks of all rows in each order; two buffers hold them, so one serves until the next is asked for."""
        return ahead(self._gathered(orders))

    @cached_property
    def _whole(self) -> Tensors:
        return tuple(map(_tensor, self.arrays))

    def _gathered(self, orders: Iterable[Order]) -> Iterator[Block]:
        parts = (
            order[i : i + self._block]
            for order in orders
            for i in range(0, self.count, self._block)
        )
        for every, buffers in zip(parts, cycle(self._buffers), strict=False):
            rows = self._team.share(every, self._batch_size)
            for array, buffer in zip(self.arrays, buffers, strict=True):
                np.take(array, rows, axis=0, out=buffer[: len(rows)], mode="clip")
            yield Block(tuple(map(_tensor, buffers)), len(every))

    @cached_property
    def _buffers(self) -> list[list[Any]]:
        """Two for each array, both as long as the longest block, since XLA compiles every shape anew."""
        longest = len(self._team.share(np.arange(self._block, dtype=np.int32), self._batch_size))
        return [
            [new_matrix((longest, *array.shape[1:])) for array in self.arrays] for _ in range(2)
        ]


def _tensor(array: Any) -> Any:
    """Return the array as a tensor: sharing its memory where it can be shared, since a copy takes twice its size."""
    shareable = (
        array.flags.writeable and array.flags.c_contiguous and array.ctypes.data % ALIGNMENT == 0
    )
    if shareable and not tf.config.list_logical_devices("GPU"):
        return tf.experimental.dlpack.from_dlpack(array.__dlpack__())
    return tf.constant(array)


class Loop:
    """A model's train_step or test_step, run over batches of rows, of which `rows` says more where all are known."""

    def __init__(
        self,
        model: Model,
        batch_size: int,
        rows: Rows | None = None,
        *,
        training: bool,
        team: Team = ALONE,
    ) -> None:
        self._model, self._batch_size, self._team = model, batch_size, team
        count = rows.count if rows else 0
        self.steps, self._rest = -(-count // batch_size), count % batch_size
        # Keras fixes a batch's number of rows where all have the same, which rounds differently; XLA needs it fixed.
        xla = model.jit_compile and rows is not None
        self._fixed = team.count == 1 and rows is not None and (xla or not self._rest)
        options = {"jit_compile": xla, "autograph": False, "reduce_retracing": True}
        self._step = model.train_step if training else model.test_step
        self._batch = self._own_batch
        if team.count > 1 and rows:  # traced alike on all workers, or their messages would not meet
            self._batch = team.step(model, batch_size, training=training)
            columns = tuple(
                tf.TensorSpec([None, *array.shape[1:]], tf.float32) for array in rows.arrays
            )
            options = {
                "autograph": False,
                "input_signature": [columns, tf.TensorSpec([4], tf.int32)],
            }
        self._run = tf.function(self._batches, **options)
        self._results = tf.function(model.get_metrics_result, autograph=False)
        self._steps_per_call = 1

    def run(
        self,
        blocks: Iterable[Block],
        report: Callable[[int], None] = lambda _: None,
        start: int = 0,
    ) -> Logs:
        """Return the metrics of every step over the rows of each block; `report` gets the steps done.

        The first `start` steps were run before, by a process whose variables, metrics included, were restored.
        """
        results, before = None, 0
        for tensors, rows in blocks:
            steps = -(-rows // self._batch_size)
            done = min(max(start - before, 0), steps)
            while done < steps:
                stop, began = min(done + self._steps_per_call, steps), time.perf_counter()
                results = self._run(
                    tensors, tf.constant((rows, done, stop, before + done), tf.int32)
                )
                fitting = int(
                    (stop - done) * SECONDS_PER_CALL / max(time.perf_counter() - began, 1e-6)
                )
                fitting = max(1, min(fitting, (stop - done) * GROWTH))
                self._steps_per_call = int(
                    self._team.gather(fitting).min()
                )  # which must be one for all
                done = stop
                report(before + done)
            before += steps
        if results is None or self._team.workers > 1:
            self._team.add_up(self._model.metrics_variables)
            results = self._results()
        return {name: value.numpy().item() for name, value in results.items()}

    def _batches(self, tensors: Tensors, numbers: Any) -> Any:
        """Run some steps, the first of all on metrics that are reset; return the metrics: a call costs 0.2 ms.

        `numbers`, int32 (4,), in one tensor since each takes its time: rows, start, stop, and the steps done before.
        """
        rows, start, stop, before = tf.unstack(numbers)

        def one(step: Any) -> list[Any]:
            self._batch(tensors, rows, step)
            return [step + 1]

        tf.cond(before == 0, self._model.reset_metrics, lambda: None)
        whole = tf.minimum(stop, rows // self._batch_size) if self._fixed else stop
        tf.while_loop(lambda step: step < whole, one, [start])
        if self._fixed and self._rest:
            begin = whole * self._batch_size
            tf.cond(stop > whole, lambda: self._take(tensors, begin, self._rest), lambda: None)
        return self._model.get_metrics_result()

    def _own_batch(self, tensors: Tensors, rows: Any, step: Any) -> None:
        begin, size = step * self._batch_size, self._batch_size
        self._take(tensors, begin, size if self._fixed else tf.minimum(size, rows - begin))

    def _take(self, tensors: Tensors, begin: Any, size: Any) -> None:
        rows = begin + tf.range(
            size
        )  # as fast as a slice, which in a branch XLA would compile for each place
        self._step(tuple(tf.gather(tensor, rows) for tensor in tensors))


def build_variables(model: Model, targets: int) -> None:
    """Make every variable of the optimizer, the loss and the metrics, since none can be made in a graph."""
    model.optimizer.build(model.trainable_variables)
    model.test_step(
        (tf.zeros((1, *model.input_shape[1:])), tf.zeros((1, targets)))
    )  # leaves the weights as they are
    model.reset_metrics()


def predictor(model: Model) -> Callable[[Matrix], Matrix]:
    """Return a function from float32 (rows, inputs) to the model's float32 (rows, outputs), in blocks of rows."""
    signature = [tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)]
    call = tf.function(lambda block: model(block, training=False), input_signature=signature)

    widest = max(layer.output.shape[-1] for layer in model.layers)
    rows = max(1, min(PREDICTION_ROWS, ACTIVATIONS // widest))

    def predict(x: Matrix) -> Matrix:
        starts = range(0, max(1, len(x)), rows)
        return np.concatenate([call(x[start : start + rows]).numpy() for start in starts])

    return predict
