"""TensorFlow computes on one thread where every step is small, and gives the same bits."""

import numpy as np
import pytest
from support.marks import exhaustive
from support.processes import run_python

from nnrun.training.small_steps import has_small_steps

XLA = {"jit_compile": True}
TELL_THREADS = """
from nnrun.training.tensorflow_import import use_one_thread
use_one_thread()
from nnrun.training.backend import tf
print(tf.config.threading.get_intra_op_parallelism_threads())
"""
CODED = {"data.numeric": {"name": "ple", "bins": 32}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (XLA, True),
        ({**XLA, "batch_size": 200_000}, False),
        ({**XLA, "layers": [{"units": 500}, {"units": 500}, {"units": 1}]}, False),
        ({**XLA, **CODED}, True),
        ({**XLA, **CODED, "batch_size": 4_096}, False),
        ({"jit_compile": False}, False),
        ({"epochs": 2}, False),
        ({"epochs": 100_000}, True),
    ],
)
def test_steps_are_small_where_xla_compiles_small_products(project, changes, expected):
    assert has_small_steps(project.dataset(changes)) is expected


@pytest.mark.parametrize(
    ("environment", "threads"),
    [
        pytest.param({}, "1", id="one thread"),
        exhaustive({"TF_NUM_INTRAOP_THREADS": "2"}, "0", id="the user's number"),
    ],
)
def test_a_number_of_threads_that_the_user_has_set_stays(
    project, monkeypatch, environment, threads
):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert run_python("-c", TELL_THREADS, cwd=project.folder).stdout == f"{threads}\n"


@pytest.mark.parametrize("threads", [exhaustive("2", id="two"), exhaustive("8", id="eight")])
def test_one_thread_gives_the_bits_of_several(project, monkeypatch, threads):
    project.config({**XLA, "layers": [{"units": 64, "activation": "relu"}, {"units": 1}]})
    train = ("-m", "nnrun", "train", "config.yaml", "-q", "-o")
    assert run_python(*train, "one", cwd=project.folder).returncode == 0
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", threads)
    assert run_python(*train, "several", cwd=project.folder).returncode == 0
    with (
        np.load(project.folder / "one" / "weights.npz") as one,
        np.load(project.folder / "several" / "weights.npz") as several,
    ):
        assert all(np.array_equal(one[name], several[name]) for name in one.files)
