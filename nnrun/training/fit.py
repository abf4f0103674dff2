"""The epochs of a training, by nnrun's compiled ones or by Keras's `fit`: the same batches, the same callbacks."""

from itertools import islice
from typing import Any

from nnrun.features.dataset import Dataset
from nnrun.training.backend import keras
from nnrun.training.batches import RowBlocks, row_order
from nnrun.training.build_model import Model
from nnrun.training.distributed.team import Team
from nnrun.training.epoch_loop import EpochLoop, Logs
from nnrun.training.state import State


def fit_compiled(
    model: Model, dataset: Dataset, team: Team, state: State, callbacks: list[Any]
) -> None:
    """Fit from `state` on with nnrun's engine; what Keras's `fit` does around the epochs is done as it does it."""
    config, size = dataset.config, dataset.config.batch_size
    rows = RowBlocks(dataset.arrays(dataset.train, weighted=True), size, team)
    training = EpochLoop(model, size, rows, training=True, team=team)
    held_out = (
        RowBlocks(dataset.arrays(dataset.validation), size, team) if dataset.validation else None
    )
    validating = held_out and EpochLoop(model, size, held_out, training=False, team=team)
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
