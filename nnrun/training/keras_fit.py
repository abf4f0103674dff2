"""The epochs of a training by Keras's own `fit`."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from nnrun.features.dataset import Dataset
from nnrun.training.backend import tf
from nnrun.training.batches import RowBlocks, row_order
from nnrun.training.build_model import Model
from nnrun.training.distributed.team import Team
from nnrun.training.state import State


def fit_keras(model: Model, dataset: Dataset, _: Team, __: State, callbacks: list[Any]) -> None:
    """Fit with Keras's own `model.fit`, on the same batches, from the first one on."""
    config, size, validation = dataset.config, dataset.config.batch_size, dataset.validation
    rows = RowBlocks(dataset.arrays(dataset.train, weighted=True), size)

    def batches() -> Iterator[tuple[Any, ...]]:
        for epoch in count():
            order = row_order(config.seed, epoch, rows.count, chunk=rows.chunk)
            for start in range(0, rows.count, size):
                yield tuple(array[order[start : start + size]] for array in rows.arrays)

    length = None if rows.count % size else size  # as Keras's own adapter of arrays declares it
    signature = tuple(
        tf.TensorSpec([length, *array.shape[1:]], tf.float32) for array in rows.arrays
    )
    model.fit(
        tf.data.Dataset.from_generator(batches, output_signature=signature),
        epochs=config.epochs,
        steps_per_epoch=-(-rows.count // size),
        validation_data=(validation.x, validation.y) if validation else None,
        validation_batch_size=size,
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )
