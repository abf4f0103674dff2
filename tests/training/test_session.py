"""Trainings one after the other in one process leave no memory behind."""

import gc
from pathlib import Path

import pytest
from support.project import Project

from nnrun.training.backend import keras
from nnrun.training.session import train_afresh

MEGABYTE = 1 << 20
PAGE = 4096
WARM = 5  # trainings until Python and TensorFlow have what they keep anyway


def live_graphs() -> int:
    """Return how many graphs of functions there are in this process."""
    keras.backend.clear_session()
    gc.collect()
    return sum("FuncGraph" in type(value).__name__ for value in gc.get_objects())


def resident() -> int:
    """Return the bytes of memory that this process has now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


@pytest.mark.slow
def test_a_training_leaves_no_graph(project: Project) -> None:
    dataset = project.dataset(epochs=1)
    before = live_graphs()
    train_afresh(dataset, project.folder / "run")
    assert live_graphs() <= before


@pytest.mark.exhaustive
def test_the_memory_of_200_trainings_is_flat(project: Project) -> None:
    dataset = project.dataset(epochs=1)
    for _ in range(WARM):
        train_afresh(dataset, project.folder / "run", overwrite=True)
    before = resident()
    for _ in range(200):
        train_afresh(dataset, project.folder / "run", overwrite=True)
    assert resident() - before < 10 * MEGABYTE  # it was 3 MB a training
