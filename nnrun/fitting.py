"""The epochs of a training, by nnrun's compiled ones or by Keras's `fit`: the same batches, the same callbacks."""

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

from nnrun.backend import keras, tf
from nnrun.checkpoint import State
from nnrun.dataset import Dataset
from nnrun.distribution import Team
from nnrun.engine import Logs, Loop, Rows, row_order
from nnrun.model import Model


def fit_compiled(
    model: Model, dataset: Dataset, team: Team, state: State, callbacks: list[Any]
) -> None:
    """Fit from `state` on with nnrun's engine; what Keras's `fit` does around the epochs is done as it does it."""
    config, size = dataset.config, dataset.config.batch_size
    rows = Rows(dataset.arrays(dataset.train, weighted=True), size, team)
    training = Loop(model, size, rows, training=True, team=team)
    held_out = Rows(dataset.arrays(dataset.validation), size, team) if dataset.validation else None
    validating = held_out and Loop(model, size, held_out, training=False, team=team)
    listed = keras.callbacks.CallbackList(
        callbacks, model=model, epochs=config.epochs, steps=training.steps
    )
    listed.on_train_begin()
    logs: Logs = {}
    epochs = range(state.epoch, config.epochs)
    blocks = rows.blocks(
        row_order(config.seed, epoch, rows.count, chunk=rows.chunk) for epoch in epochs
    )
    for epoch in epochs:
        if model.stop_training:
            break
        listed.on_epoch_begin(epoch)
        listed.on_train_batch_begin(state.step)
        ours = islice(blocks, rows.blocks_per_order)
        logs = training.run(
            ours, lambda step: listed.on_train_batch_end(step - 1), start=state.step
        )
        if held_out and validating:
            listed.on_test_begin()
            measured = validating.run(
                held_out.in_order(), lambda step: listed.on_test_batch_end(step - 1)
            )
            listed.on_test_end(measured)
            logs |= {f"val_{name}": value for name, value in measured.items()}
        listed.on_epoch_end(epoch, logs)
    model.optimizer.finalize_variable_values(model.trainable_variables)
    listed.on_train_end(logs)


def fit_keras(model: Model, dataset: Dataset, _: Team, __: State, callbacks: list[Any]) -> None:
    """Fit with Keras's own `model.fit`, on the same batches, from the first one on."""
    config, size, validation = dataset.config, dataset.config.batch_size, dataset.validation
    rows = Rows(dataset.arrays(dataset.train, weighted=True), size)

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
