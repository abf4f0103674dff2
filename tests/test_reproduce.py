"""The same again: two runs of one config are equal, and `nnrun reproduce` says so, or what differs."""

import json

import numpy as np
import pytest
from test_resume import RESUMED, outcome, whole  # noqa: F401

from nnrun.arrays import write_arrays
from nnrun.engine import row_order
from nnrun.files import sha256
from nnrun.runs import Run


@pytest.mark.parametrize("changes", [*RESUMED.values()][::2], ids=[*RESUMED][::2])
def test_two_runs_of_one_config_are_equal_to_the_last_bit(whole, changes):  # noqa: F811
    first, second = (outcome(whole(changes, name)) for name in ("first", "second"))
    assert first == second


@pytest.mark.parametrize("chunk", [1, 7])
def test_every_epochs_order_is_another_and_has_every_row_once(chunk):
    orders = [tuple(row_order(3, epoch, 60, chunk=chunk)) for epoch in range(500)]
    assert len(set(orders)) == 500
    assert all(sorted(order) == list(range(60)) for order in orders)


def test_a_run_is_reproduced_from_its_directory_and_nothing_is_left(nnrun, project):
    assert nnrun("train", project.config(epochs=2), "-o", "run", "-q").code == 0
    assert nnrun("resume", "run", "--epochs", "4", "-q").code == 0
    before = sorted(project.folder.rglob("*"))
    done = nnrun("reproduce", "run", "-q")
    assert (done.code, done.out, done.err) == (0, "equal: the table, 4 epochs of history, 4 arrays of weights\n", "")
    assert sorted(project.folder.rglob("*")) == before


def test_what_is_not_the_same_again_is_listed(nnrun, project, frame):
    assert nnrun("train", project.config(), "-o", "run", "-q").code == 0
    run = Run(project.folder / "run")
    info = run.read_info()
    project.table(frame.reverse())
    run.write_info(versions={**info.versions, "keras": "2.0"}, threads=99)
    done = nnrun("reproduce", "run")
    assert (done.code, done.out) == (3, "")
    assert "run: table.train.sha256: " in done.err
    assert "run: epoch.1.loss: " in done.err
    assert "more such differences)" in done.err
    assert "changed since: versions.keras: '2.0' then, " in done.err
    assert "changed since: threads: 99 then, " in done.err


def test_a_table_of_other_columns_is_a_difference_too(nnrun, project, frame):
    assert nnrun("train", project.config(), "-o", "run", "-q").code == 0
    project.table(frame.drop("age"))
    done = nnrun("reproduce", "run")
    assert done.code == 3
    assert "run: layers[0].weights[0]: differs by up to inf" in done.err


def test_weights_that_are_not_the_same_again_are_named(nnrun, project):
    assert nnrun("train", project.config(), "-o", "run", "-q").code == 0
    run = Run(project.folder / "run")
    with np.load(run.weights) as file:
        arrays = {name: file[name] for name in file.files if name != "state"}
    arrays["layers[1].weights[0]"][2, 0] += 0.5
    write_arrays(run.weights, arrays)
    info = json.loads(run.info.read_text())
    run.write_info(checksums=info["checksums"] | {"weights.npz": sha256(run.weights)})
    done = nnrun("reproduce", "run")
    assert done.code == 3
    assert "run: layers[1].weights[0]: differs by up to 0.5\nversions and number of threads are the same" in done.err


def test_a_run_without_a_model_is_refused(nnrun, project):
    (project.folder / "run").mkdir()
    project.write("run/run.json", '{"status": "interrupted"}')
    assert nnrun("reproduce", "run").code == 2
