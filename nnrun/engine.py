"""The compiled epoch: Keras's own steps, looped inside one `tf.function`.

Keras's `fit` spends about 1 ms of Python and tf.data on every step, where a small network's arithmetic
takes 0.02 ms. Here a graph loop gathers each batch by index from the resident matrix and calls the
model's own `train_step`, which Keras documents as its override point, so losses, optimizers, metrics
and weights are Keras's bit for bit.
"""

import time
from collections.abc import Callable

import numpy as np

from nnrun.backend import tf
from nnrun.dataset import Arrays
from nnrun.encoding import Matrix
from nnrun.model import Model

SECONDS_PER_CALL = 0.4  # a graph loop cannot be interrupted: Ctrl-C and progress wait this long
GROWTH = 8  # how much longer than the last one a call may be
PREDICTION_ROWS = 8_192  # rows per call: some MB of activations, and no cost per row to speak of

Report = Callable[[int], None]
Step = Callable[[tuple[object, ...]], object]
Logs = dict[str, float]
Order = np.ndarray[tuple[int], np.dtype[np.int32]]


class Loop:
    """A model's train_step or test_step, run over batches of resident rows in calls of about half a second.

    A step takes `batch_size` rows; the last batch may be smaller, and counts as Keras counts it.
    """

    def __init__(self, step: Step, model: Model, arrays: Arrays, batch_size: int) -> None:
        if not model.optimizer.built:
            build_variables(model, arrays)
        jit_compile = model.jit_compile
        given = (arrays.x, arrays.y, arrays.sample_weight)
        self._tensors = [tf.constant(array) for array in given if array is not None]
        self._step = step
        self._rows = len(arrays.x)
        self._batch_size = batch_size
        self.steps = -(-self._rows // batch_size)
        # Keras traces batches with a fixed number of rows where every batch has it, and with an open
        # one elsewhere; the two round differently. XLA needs fixed ones: the last batch goes alone.
        self._fixed = jit_compile or self._rows % batch_size == 0
        self._looped = self._rows // batch_size if self._fixed else self.steps
        self._run = tf.function(self._batches, jit_compile=jit_compile, autograph=False)
        self._last = tf.function(self._batch, jit_compile=jit_compile, autograph=False)
        # A metric's reset and result are some dozen small operations each, run once or twice an epoch.
        self._reset = tf.function(model.reset_metrics, autograph=False)
        self._results = tf.function(model.get_metrics_result, autograph=False)
        self._calls = 0
        self._steps_per_call = 1

    def run(self, order: Order | None = None, report: Report | None = None) -> Logs:
        """Run every step, over the rows as they stand or in this order, and return the metrics.

        `report` is called with the number of steps done.
        """
        report = report or (lambda _: None)
        indices = tf.constant(np.arange(self._rows, dtype=np.int32) if order is None else order)
        self._reset()
        done = 0
        while done < self._looped:
            stop = min(done + self._steps_per_call, self._looped)
            began = time.perf_counter()
            self._run(indices, tf.constant(done), tf.constant(stop))
            self._adapt(stop - done, time.perf_counter() - began)
            done = stop
            report(done)
        if done < self.steps:
            self._last(indices[done * self._batch_size :])
            report(self.steps)
        return {name: value.numpy().item() for name, value in self._results().items()}

    def _adapt(self, steps: int, seconds: float) -> None:
        """Choose how many steps the next call takes; the first call's time is mostly tracing."""
        self._calls += 1
        if self._calls > 1:
            fitting = int(steps * SECONDS_PER_CALL / max(seconds, 1e-6))
            self._steps_per_call = max(1, min(fitting, steps * GROWTH))

    def _batches(self, order: object, start: object, stop: object) -> None:
        tf.while_loop(lambda step: step < stop, lambda step: self._one(order, step), [start])

    def _one(self, order: object, step: object) -> list[object]:
        begin = step * self._batch_size  # type: ignore[operator]
        if self._fixed:
            rows = tf.slice(order, [begin], [self._batch_size])
        else:
            rows = order[begin : tf.minimum(begin + self._batch_size, self._rows)]  # type: ignore[index]
        self._batch(rows)
        return [step + 1]  # type: ignore[operator]

    def _batch(self, rows: object) -> None:
        self._step(tuple(tf.gather(tensor, rows) for tensor in self._tensors))


def evaluate(model: Model, arrays: Arrays, batch_size: int) -> Logs:
    """Return the loss and metrics of the rows, as `model.evaluate` does."""
    return Loop(model.test_step, model, arrays, batch_size).run()


def build_variables(model: Model, arrays: Arrays) -> None:
    """Make every variable of the optimizer, the loss and the metrics: none can be made in a graph.

    One `test_step` leaves the weights as they are.
    """
    model.optimizer.build(model.trainable_variables)
    model.test_step((tf.constant(arrays.x[:1]), tf.constant(arrays.y[:1])))
    model.reset_metrics()


def predict(model: Model, x: Matrix) -> Matrix:
    """Return the model's output for float32 (rows, features): float32 (rows, outputs), in blocks of rows."""
    signature = [tf.TensorSpec([None, x.shape[1]], tf.float32)]
    call = tf.function(lambda block: model(block, training=False), input_signature=signature)
    blocks = [call(x[i : i + PREDICTION_ROWS]).numpy() for i in range(0, len(x), PREDICTION_ROWS)]
    return np.concatenate(blocks) if blocks else np.empty((0, model.output_shape[1]), np.float32)
