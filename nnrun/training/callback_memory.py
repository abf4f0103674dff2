"""The memory of Keras's own callbacks, read before a save and given back after a restore.

`EarlyStopping` and `ReduceLROnPlateau` reset themselves where a training begins, so a restored
memory is given to them after that.
"""

import numpy as np

from nnrun.runs.arrays import Array
from nnrun.training.keras_types import KerasObject
from nnrun.training.state import CallbackMemory


def read_memories(callbacks: list[KerasObject]) -> list[CallbackMemory]:
    """Return what each callback remembers, but for its weights.

    Args:
        callbacks: Keras callbacks; one that remembers nothing has an empty memory.
    """
    return [_read_memory(callback) for callback in callbacks]


def _read_memory(callback: KerasObject) -> CallbackMemory:
    """Return the attributes of a callback that it goes on from."""
    attributes = vars(callback)
    remembered = {}
    for name in CallbackMemory.model_fields:
        if name in attributes:
            value = np.asarray(attributes[name])
            remembered[name] = value.item()  # NumPy's numbers too
    return CallbackMemory(**remembered)


def give_memories(
    callbacks: list[KerasObject],
    memories: list[CallbackMemory],
    best_weights: list[Array] | None,
) -> None:
    """Give each callback what it knew, and EarlyStopping the weights to restore.

    Args:
        callbacks: Keras callbacks.
        memories: What each of them knew.
        best_weights: The weights of the best epoch, if they were kept.
    """
    for callback, memory in zip(callbacks, memories, strict=True):
        vars(callback).update(memory.model_dump(exclude_unset=True))
        if hasattr(callback, "best_weights"):
            callback.best_weights = best_weights


def find_best_weights(callbacks: list[KerasObject]) -> list[Array] | None:
    """Return the weights that EarlyStopping would restore, if it has some.

    Args:
        callbacks: Keras callbacks, of which EarlyStopping need not be one.
    """
    keeper = _keeper(callbacks)
    if keeper is None:
        return None
    weights: list[Array] = keeper.best_weights
    return weights


def find_kept_epoch(callbacks: list[KerasObject], epochs: int) -> int:
    """Return the epoch, from 1, whose weights the model has at the end of a training.

    Args:
        callbacks: Keras callbacks, of which EarlyStopping need not be one.
        epochs: The number of epochs that ended, whose last one is kept where none is restored.
    """
    keeper = _keeper(callbacks)
    if keeper is None:
        return epochs
    return int(keeper.best_epoch) + 1  # Keras counts from 0


def _keeper(callbacks: list[KerasObject]) -> KerasObject:
    """Return the callback that keeps weights to restore, or None."""
    for callback in callbacks:
        if getattr(callback, "best_weights", None):
            return callback
    return None
