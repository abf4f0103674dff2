"""The epochs of a training by nnrun's engine, with all that Keras's `fit` does around them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from nnrun.features.dataset import Part
from nnrun.runs.history import Logs
from nnrun.training.backend import keras
from nnrun.training.batches import RowBlocks, TensorBlock, row_order
from nnrun.training.epoch_loop import EpochLoop
from nnrun.training.job import Job
from nnrun.training.keras_types import KerasObject
from nnrun.training.state import State


def fit_compiled(job: Job, state: State, callbacks: list[KerasObject]) -> None:
    """Fit a job from `state` on, with the callbacks in the order in which Keras would call them.

    Args:
        job: The compiled model, its dataset and its team.
        state: How far the training is; the callback of the checkpoint keeps it up to date.
        callbacks: Keras callbacks, that of the checkpoint among them.

    Raises:
        Interrupted: A signal came.
        TrainingError: The loss is not finite.
    """
    training = _looped(job, job.dataset.train, training=True)
    validating = None
    if job.dataset.validation:
        validating = _looped(job, job.dataset.validation, training=False)
    callback_list = keras.callbacks.CallbackList(
        callbacks,
        model=job.model,
        epochs=job.config.epochs,
        steps=training.loop.steps,
    )
    callback_list.on_train_begin()
    logs: Logs = {}
    for epoch, blocks in _epochs(job, training.rows, state.epoch):
        if job.model.stop_training:
            break
        callback_list.on_epoch_begin(epoch)
        callback_list.on_train_batch_begin(state.step)
        logs = _train_epoch(training.loop, blocks, callback_list, start=state.step)
        if validating:
            logs |= _validate(validating, callback_list)
        callback_list.on_epoch_end(epoch, logs)
    job.model.optimizer.finalize_variable_values(job.model.trainable_variables)
    callback_list.on_train_end(logs)


@dataclass(frozen=True)
class _Looped:
    """The rows of a part, and the loop that runs over them."""

    rows: RowBlocks
    loop: EpochLoop


def _looped(job: Job, part: Part, *, training: bool) -> _Looped:
    """Return the rows of a part with the loop that trains on them, or measures them."""
    arrays = job.dataset.arrays(part, weighted=training)
    rows = RowBlocks(arrays, job.config.batch_size, job.team)
    loop = job.epoch_loop(rows, training=training)
    return _Looped(rows, loop)


def _epochs(job: Job, rows: RowBlocks, first: int) -> Iterator[tuple[int, Iterator[TensorBlock]]]:
    """Yield each epoch from the first on, with the blocks of its rows in an order of its own."""
    seed = job.config.seed
    epochs = range(first, job.config.epochs)
    orders = (row_order(seed, epoch, rows.count, chunk=rows.chunk) for epoch in epochs)
    blocks = rows.blocks(orders)
    for epoch in epochs:
        yield epoch, islice(blocks, rows.blocks_per_order)


def _train_epoch(
    loop: EpochLoop,
    blocks: Iterator[TensorBlock],
    callback_list: KerasObject,
    *,
    start: int,
) -> Logs:
    """Train on the blocks of an epoch from step `start` on, and return its loss and metrics."""

    def report(steps: int) -> None:
        callback_list.on_train_batch_end(steps - 1)

    return loop.run(blocks, report, start=start)


def _validate(held_out: _Looped, callback_list: KerasObject) -> Logs:
    """Return the logs of the rows held out, whose names begin with `val_`."""

    def report(steps: int) -> None:
        callback_list.on_test_batch_end(steps - 1)

    callback_list.on_test_begin()
    blocks = held_out.rows.in_order()
    logs = held_out.loop.run(blocks, report)
    callback_list.on_test_end(logs)
    return {f"val_{name}": value for name, value in logs.items()}
