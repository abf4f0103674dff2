"""Trainings one after the other in one process leave no memory behind."""

import gc
from pathlib import Path

import pytest
from support.project import Project

from nnrun.training.backend import keras
from nnrun.training.session import train_afresh
from nnrun.training.traced_graphs import MOST_GRAPHS

MEGABYTE = 1 << 20
PAGE = 4096
GRAPHS_WITHIN = 5  # a graph, both of its loop, and both branches of its condition
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
@pytest.mark.exhaustive
def test_trainings_leave_no_more_graphs_than_are_kept(project: Project) -> None:
    before = live_graphs()
    for batch_size in range(4, 4 + MOST_GRAPHS):  # two graphs a training, of which none is alike
        dataset = project.dataset(epochs=1, batch_size=batch_size)
        train_afresh(dataset, project.folder / "run", overwrite=True)
    assert live_graphs() <= before + MOST_GRAPHS * GRAPHS_WITHIN


@pytest.mark.exhaustive
def test_the_memory_of_200_trainings_is_flat(project: Project) -> None:
    dataset = project.dataset(epochs=1)
    for _ in range(WARM):
        train_afresh(dataset, project.folder / "run", overwrite=True)
    before = resident()
    for _ in range(200):
        train_afresh(dataset, project.folder / "run", overwrite=True)
    assert resident() - before < 10 * MEGABYTE  # it was 3 MB a training
