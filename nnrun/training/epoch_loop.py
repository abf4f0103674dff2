"""The compiled epoch: Keras's own steps, looped inside one `tf.function`.

Keras's `fit` spends 1 ms of Python on every step; a small network's arithmetic takes 0.02 ms. Here
a loop in the graph takes each batch of rows and calls the model's own `train_step`, so that every
number is Keras's, bit for bit.
"""

import math
import time
from collections.abc import Callable, Iterable

from nnrun.runs.history import Logs
from nnrun.training.backend import tf
from nnrun.training.batches import RowBlocks, TensorBlock, Tensors
from nnrun.training.distributed.replicated_step import ReplicatedStep
from nnrun.training.distributed.team import ALONE, Team
from nnrun.training.keras_types import Graph, KerasObject, Model, Tensor
from nnrun.training.traced_graphs import traced

SECONDS_PER_CALL = 0.4  # a loop in a graph cannot be interrupted: Ctrl-C and progress wait so long
GROWTH = 8  # a call is at most so many times as long as the last one


class EpochLoop:
    """A model's train_step or test_step, run over batches of rows.

    Args:
        model: The compiled model.
        batch_size: Rows per step.
        rows: The rows that will be looped over, where all are known beforehand.
        training: Whether the model's train_step is run, or its test_step.
        team: The workers and replicas that share each batch.
        signature: What the graphs of the model depend on, where other trainings of the process may
            run them too.
    """

    def __init__(
        self,
        model: Model,
        batch_size: int,
        rows: RowBlocks | None = None,
        *,
        training: bool,
        team: Team = ALONE,
        signature: str = "",
    ) -> None:
        self._model = model
        self._batch_size = batch_size
        self._team = team
        count = rows.count if rows else 0
        self.steps = math.ceil(count / batch_size)
        self._rest = count % batch_size
        self._steps_per_call = 1
        self._step = model.train_step if training else model.test_step
        self._uses_xla = bool(model.jit_compile) and rows is not None
        # Keras fixes the number of a batch's rows where all batches have the same, which rounds
        # differently. XLA needs it fixed.
        can_be_fixed = team.count == 1 and rows is not None
        self._is_fixed = can_be_fixed and (self._uses_xla or not self._rest)
        self._take_batch: Callable[..., None] = self._take_own_batch
        if rows and team.count > 1:
            self._take_batch = ReplicatedStep(model, team, batch_size, training=training)
            self._graph = self._shared_graph(rows)
        else:
            self._graph = tf.function(
                self._run_batches,
                jit_compile=self._uses_xla,
                autograph=False,
            )
        self._key = ""
        if signature:
            constants = self._constants(training=training)
            self._key = f"{constants} {signature}"
        self._traced: dict[int | None, Graph] = {}
        self._results = tf.function(model.get_metrics_result, autograph=False)

    def _constants(self, *, training: bool) -> list[object]:
        """Return whatever a graph of this loop has as constants."""
        rest = self._rest if self._is_fixed else None
        return [
            training,
            self._batch_size,
            rest,
            self._is_fixed,
            self._uses_xla,
        ]

    def _shared_graph(self, rows: RowBlocks) -> KerasObject:
        """Return the graph of a worker: all trace alike, or their messages would not meet."""
        return tf.function(
            self._run_batches,
            input_signature=_signature(rows),
            autograph=False,
        )

    def run(
        self,
        blocks: Iterable[TensorBlock],
        report: Callable[[int], None] = lambda _: None,
        start: int = 0,
    ) -> Logs:
        """Return the metrics of every step over the rows of each block.

        Args:
            blocks: The rows, block by block.
            report: What is called with the number of steps that are done, after each call.
            start: The steps that were run before, by a process whose variables, metrics included,
                were restored.

        Returns:
            The loss and the metrics by name, over the rows of all workers.
        """
        results = None
        steps_before = 0  # the steps of the blocks that are done
        for block in blocks:
            steps = math.ceil(block.rows / self._batch_size)
            steps_to_skip = max(start - steps_before, 0)
            steps_done = min(steps_to_skip, steps)
            results = self._run_block(block, steps_done, steps_before, report)
            steps_before += steps
        if results is None or self._team.workers > 1:
            self._team.add_up(self._model.metrics_variables)
            results = self._results()
        return {name: value.numpy().item() for name, value in results.items()}

    def _run_block(
        self,
        block: TensorBlock,
        steps_done: int,
        steps_before: int,
        report: Callable[[int], None],
    ) -> Tensor:
        """Run the steps of a block that are not yet done, and return the metrics of all so far."""
        steps = math.ceil(block.rows / self._batch_size)
        if steps_done == steps:
            return self._results_before(block)
        while steps_done < steps:
            stop = min(steps_done + self._steps_per_call, steps)
            results = self._call(block, steps_done, stop, steps_before)
            steps_done = stop
            report(steps_before + steps_done)
        return results

    def _results_before(self, block: TensorBlock) -> Tensor:
        """Return the metrics where a process before this one ran every step so far.

        The graph of the steps computes them, in a call of no step: XLA rounds differently where it
        compiles the metrics alone.
        """
        no_step = tf.constant((block.rows, 0, 0, 1), tf.int32)
        return self._run_graph(block.tensors, no_step)

    def _call(
        self,
        block: TensorBlock,
        start: int,
        stop: int,
        steps_before: int,
    ) -> Tensor:
        """Run the steps of a block from `start` to before `stop` in one call of the graph."""
        began_at = time.perf_counter()
        numbers = tf.constant((block.rows, start, stop, steps_before + start), tf.int32)
        results = self._run_graph(block.tensors, numbers)
        seconds = time.perf_counter() - began_at
        self._fit_steps_per_call(stop - start, seconds)
        return results

    def _run_graph(self, tensors: Tensors, numbers: Tensor) -> Tensor:
        """Call the graph, which is traced for any number of rows, or by XLA for each.

        To look for it here costs half of what TensorFlow's own search for it does.
        """
        if tf.config.functions_run_eagerly():  # as somebody does who looks for a mistake
            return self._graph(tensors, numbers)
        rows = None
        if self._uses_xla:
            rows = tensors[0].shape[0]
        if rows not in self._traced:
            self._traced[rows] = self._trace(rows, tensors, numbers)
        graph = self._traced[rows]
        return graph(tensors, numbers)

    def _trace(self, rows: int | None, tensors: Tensors, numbers: Tensor) -> Graph:
        """Return a graph for so many rows, or for any number where `rows` is None."""
        shapes = [[rows, *tensor.shape[1:]] for tensor in tensors]

        def trace() -> Graph:
            columns = tuple(tf.TensorSpec(shape, tf.float32) for shape in shapes)
            return self._graph.get_concrete_function(columns, numbers)

        if not self._key:
            return trace()
        return traced(f"{shapes} {self._key}", self._model, trace)

    def _fit_steps_per_call(self, steps: int, seconds: float) -> None:
        """Choose how many steps the next call has, by what the last one took."""
        most = steps * GROWTH
        in_time = int(steps * SECONDS_PER_CALL / max(seconds, 1e-6))
        fitting = max(1, min(in_time, most))
        of_all_workers = self._team.gather(fitting)
        self._steps_per_call = int(of_all_workers.min())  # it must be one for all

    def _run_batches(self, tensors: Tensors, numbers: Tensor) -> Tensor:
        """Run some steps, the first of all on metrics that are reset, and return the metrics.

        `numbers` is int32 (4,): rows, start, stop, and the steps that were done before. It is one
        tensor, since each argument takes its time; a call takes 0.2 ms.
        """
        rows, start, stop, steps_before = tf.unstack(numbers)

        def take_batch(step: Tensor) -> list[Tensor]:
            self._take_batch(tensors, rows, step)
            return [step + 1]

        def take_rest() -> None:
            self._take(tensors, begin, self._rest)

        tf.cond(steps_before == 0, self._model.reset_metrics, lambda: None)
        whole = stop
        if self._is_fixed:
            whole = tf.minimum(stop, rows // self._batch_size)
        tf.while_loop(lambda step: step < whole, take_batch, [start])
        if self._is_fixed and self._rest:
            begin = whole * self._batch_size
            tf.cond(stop > whole, take_rest, lambda: None)
        return self._model.get_metrics_result()

    def _take_own_batch(self, tensors: Tensors, rows: Tensor, step: Tensor) -> None:
        """Run the model's step on the batch of a number, of which the last may have fewer rows."""
        begin = step * self._batch_size
        size = self._batch_size
        if not self._is_fixed:
            size = tf.minimum(size, rows - begin)
        self._take(tensors, begin, size)

    def _take(self, tensors: Tensors, begin: Tensor, size: Tensor) -> None:
        """Run the model's step on `size` rows from `begin` on."""
        # As fast as a slice, which XLA would compile for each place in a branch.
        rows = begin + tf.range(size)
        batch = tuple(tf.gather(tensor, rows) for tensor in tensors)
        self._step(batch)


def _signature(rows: RowBlocks) -> list[Tensor]:
    """Return the shapes of a call's arguments: columns of any number of rows, and the numbers."""
    columns = []
    for array in rows.arrays:
        shape = [None, *array.shape[1:]]
        columns.append(tf.TensorSpec(shape, tf.float32))
    numbers = tf.TensorSpec([4], tf.int32)
    return [tuple(columns), numbers]
