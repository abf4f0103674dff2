"""Trainings of one process trace a graph once, and each has the numbers that it has alone."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive, usual
from support.project import Project, default_table
from support.trainings import CASES, SIGMOID

from nnrun.features.dataset import Dataset
from nnrun.training import traced_graphs
from nnrun.training.epoch_loop import EpochLoop
from nnrun.training.session import train_afresh

GRAPHS = 2  # of a training: one for its epochs, one for the rows held out
OTHER_ROWS = default_table().with_columns(pl.col("age") * 2 + 1, pl.col("height") / 3)


@pytest.fixture(autouse=True)
def nothing_traced(monkeypatch):
    """Let each test begin as a process does."""
    monkeypatch.setattr(traced_graphs, "_kept", type(traced_graphs._kept)())


@pytest.fixture
def traces(monkeypatch) -> list[str]:
    """Grow by an entry whenever a graph is traced: Python runs its function then alone."""
    traced: list[str] = []
    run_batches = EpochLoop._run_batches

    def counted(loop: EpochLoop, *arguments: Any) -> Any:
        traced.append(loop._key)
        return run_batches(loop, *arguments)

    monkeypatch.setattr(EpochLoop, "_run_batches", counted)
    return traced


def trained(project: Project, dataset: Dataset) -> tuple[str, dict[str, np.ndarray[Any, Any]]]:
    """Return the history and the weights of a training."""
    run = train_afresh(dataset, project.folder / "run", overwrite=True).run
    with np.load(run.weights) as arrays:
        return run.history.read_text(), dict(arrays)


def assert_bit_equal(one: Any, other: Any) -> None:
    assert one[0] == other[0]
    assert one[1].keys() == other[1].keys()
    assert all(np.array_equal(one[1][name], other[1][name]) for name in one[1])


def test_a_graph_is_traced_once_whatever_the_epochs(project, traces):
    trained(project, project.dataset(epochs=5))
    assert len(traces) == GRAPHS


@pytest.mark.parametrize(
    "changes",
    [
        exhaustive({}, id="nothing else"),
        exhaustive({"seed": 3}, id="another seed"),
        exhaustive({"epochs": 2, "note": "shorter"}, id="fewer epochs"),
        pytest.param({"optimizer": {"name": "Adam", "learning_rate": 0.1}}, id="another rate"),
    ],
)
def test_a_second_training_traces_nothing_and_has_its_own_numbers(project, traces, changes):
    dataset = project.dataset(changes)
    alone = trained(project, dataset)
    traced_graphs._kept.clear()
    trained(project, project.dataset(epochs=1))
    del traces[:]
    assert_bit_equal(trained(project, dataset), alone)
    assert traces == []


@pytest.mark.parametrize("changes", usual(CASES, "dropout", "numbers"))
def test_other_rows_of_the_same_number_have_their_own_moments(project, traces, changes):
    dataset = project.dataset(changes, seed=1)
    alone = trained(project, dataset)
    traced_graphs._kept.clear()
    project.table(OTHER_ROWS)
    trained(project, project.dataset(changes))
    del traces[:]
    assert_bit_equal(trained(project, dataset), alone)
    assert traces == []


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "changes",
    [{}, {"data.numeric": {"name": "ple", "values": True}}],
    ids=["numbers", "coded numbers"],
)
def test_xla_which_rounds_by_the_scale_of_a_target_traces_each(project, traces, changes):
    changes = CASES["numbers"] | changes | {"jit_compile": True}
    dataset = project.dataset(changes, seed=1)
    alone = trained(project, dataset)
    traced_graphs._kept.clear()
    project.table(OTHER_ROWS.with_columns(pl.col("dose") * 3 + 1))
    trained(project, project.dataset(changes))
    del traces[:]
    assert_bit_equal(trained(project, dataset), alone)
    assert len(traces) == GRAPHS


def test_tables_of_other_numbers_of_rows_share_their_graphs(project, traces):
    changes = {**CASES["numbers"], "batch_size": 7, "epochs": 1}
    trained(project, project.dataset(changes))
    project.table(OTHER_ROWS.head(-8))
    del traces[:]
    trained(project, project.dataset(changes))
    assert traces == []


COMPUTED_OTHERWISE = {
    "the batch size": {"batch_size": 7},
    "the optimizer": {"optimizer": {"name": "Adam", "beta_1": 0.8}},
    "the loss": {"loss": {"name": "BinaryFocalCrossentropy", "gamma": 3}},
    "the metrics": {"metrics": ["accuracy", "AUC"]},
    "an activation": {
        "layers": [{"units": 4, "activation": {"name": "elu", "alpha": 0.5}}, SIGMOID]
    },
    "a bound of the inputs": {"data.clip": 3},
    "the compiler": {"jit_compile": True},
}


@pytest.mark.parametrize("changes", usual(COMPUTED_OTHERWISE, "the loss"))
def test_what_computes_otherwise_is_traced(project, traces, changes):
    trained(project, project.dataset(epochs=1))
    trained(project, project.dataset(changes, epochs=1))
    assert len(traces) == 2 * GRAPHS


@pytest.mark.exhaustive
def test_the_members_of_an_ensemble_share_their_graphs(project, traces):
    changes = {"data.split_seed": 1, "metrics": ["AUC", "accuracy"]}
    trained(project, project.dataset(changes, ensemble=3, epochs=1))
    assert len(traces) == GRAPHS
