"""The compiled epoch: Keras's own steps, looped inside one `tf.function`.

Keras's `fit` spends 1 ms of Python on every step, a small network's arithmetic 0.02 ms. Here a graph loop takes each
batch of rows and calls the model's own `train_step`, so that all is Keras's bit for bit.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from nnrun.features.matrix_store import Matrix
from nnrun.training.backend import tf
from nnrun.training.batches import RowBlocks, TensorBlock, Tensors
from nnrun.training.build_model import Model
from nnrun.training.distributed.team import ALONE, Team

SECONDS_PER_CALL = 0.4  # a graph loop cannot be interrupted: Ctrl-C and progress wait this long
GROWTH = 8  # how much longer than the last one a call may be
PREDICTION_ROWS = 16_384  # rows per call: some MB of activations, and no cost per row to speak of
ACTIVATIONS = 1 << 24  # of a layer at most: 64 MiB

Logs = dict[str, float]


class EpochLoop:
    """A model's train_step or test_step, run over batches of rows, of which `rows` says more where all are known."""

    def __init__(
        self,
        model: Model,
        batch_size: int,
        rows: RowBlocks | None = None,
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
        blocks: Iterable[TensorBlock],
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
