"""Trainings one after the other in one process, none of which leaves anything to the next."""

import gc
from pathlib import Path

from nnrun.features.dataset import Dataset
from nnrun.training.backend import keras
from nnrun.training.finish import Result
from nnrun.training.trainer import Callbacks, Engine, train


def train_afresh(
    dataset: Dataset,
    path: Path,
    *,
    engine: Engine = "compiled",
    overwrite: bool = False,
    callbacks: Callbacks = (),
) -> Result:
    """Train as a process of its own would: with the same names of layers, and the same weights.

    Keras's state, which counts the layers of every name, is cleared before; the model of the
    training before is freed, whose graphs hold one another in cycles.

    Args:
        dataset: The checked dataset.
        path: The run directory.
        engine: nnrun's compiled epochs, or Keras's own `fit`.
        overwrite: Whether a run that stands there is replaced.
        callbacks: Keras callbacks that follow nnrun's own.

    Returns:
        The facts of the run, with the metrics of the kept epoch.

    Raises:
        NnrunError: As `train` does.
    """
    keras.backend.clear_session()
    gc.collect()
    return train(
        dataset,
        stem="",
        path=path,
        engine=engine,
        overwrite=overwrite,
        callbacks=callbacks,
    )
