"""The epochs of a training by Keras's own `fit`, on the same batches as nnrun's engine."""

import math
from collections.abc import Iterator
from itertools import count

from nnrun.features.dataset import Dataset, Part
from nnrun.runs.arrays import Array
from nnrun.training.backend import tf
from nnrun.training.batches import RowBlocks, row_order
from nnrun.training.job import Job
from nnrun.training.keras_types import KerasObject, Tensor
from nnrun.training.state import State


def fit_keras(job: Job, _: State, callbacks: list[KerasObject]) -> None:
    """Fit a job from the first epoch on; this engine writes checkpoints, and resumes from none.

    Args:
        job: The compiled model and its dataset.
        callbacks: Keras callbacks, that of the checkpoint among them.

    Raises:
        Interrupted: A signal came.
        TrainingError: The loss is not finite.
    """
    config = job.config
    validation = None
    if job.dataset.validation:
        validation = _arrays(job.dataset, job.dataset.validation)
    arrays = job.dataset.arrays(job.dataset.train, weighted=True)
    rows = RowBlocks(arrays, config.batch_size)
    batches = tf.data.Dataset.from_generator(
        lambda: _batches(rows, config.seed, config.batch_size),
        output_signature=_signature(rows, config.batch_size),
    )
    job.model.fit(
        batches,
        epochs=config.epochs,
        steps_per_epoch=math.ceil(rows.count / config.batch_size),
        validation_data=validation,
        validation_batch_size=config.batch_size,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )


def _arrays(dataset: Dataset, part: Part) -> tuple[Array, ...]:
    """Return x, y and perhaps the weights of a part's rows, as Keras takes them to validate on."""
    arrays = dataset.arrays(part)
    return tuple(array for array in arrays if array is not None)


def _batches(rows: RowBlocks, seed: int, batch_size: int) -> Iterator[tuple[Array, ...]]:
    """Yield the batches of one epoch after the other, without end."""
    for epoch in count():
        order = row_order(seed, epoch, rows.count, chunk=rows.chunk)
        for start in range(0, rows.count, batch_size):
            end = start + batch_size
            numbers = order[start:end]
            yield tuple(array[numbers] for array in rows.arrays)


def _signature(rows: RowBlocks, batch_size: int) -> tuple[Tensor, ...]:
    """Return the shapes of a batch, as Keras's own adapter of arrays declares them."""
    length = None if rows.count % batch_size else batch_size
    specs = []
    for array in rows.arrays:
        shape = [length, *array.shape[1:]]
        specs.append(tf.TensorSpec(shape, tf.float32))
    return tuple(specs)
