"""The same again: `nnrun reproduce` says that a run is equal, or what differs."""

import numpy as np
import pytest
from support.forgery import forge_json, sign

from nnrun.runs.arrays import write_arrays
from nnrun.runs.directory import Run
from nnrun.training import trainer
from nnrun.training.backend import keras
from nnrun.training.batches import row_order


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
    assert (done.code, done.out, done.err) == (
        0,
        "equal: the table, 4 epochs of history, 4 arrays of weights\n",
        "",
    )
    assert sorted(project.folder.rglob("*")) == before


def test_what_is_not_the_same_again_is_listed(nnrun, project):
    assert nnrun("train", project.config(), "-o", "run", "-q").code == 0
    run = Run(project.folder / "run")
    header, first, *others = run.history.read_text().splitlines()
    number, loss, *more = first.split(",")
    rows = [header, ",".join([number, "0.125", *more]), *others[:-1]]
    run.history.write_text("\n".join(rows) + "\n")
    forge_json(run.path, "encoding.json", lambda encoding: encoding["features"][0].update(mean=0.5))
    run.write_info(versions={**run.read_info().versions, "keras": "2.0"}, threads=99)
    done = nnrun("reproduce", "run", "-q")
    assert (done.code, done.out) == (3, "")
    assert "run: encoding.features[0].mean: 0.5 then, " in done.err
    assert (
        f"run: epoch.1.loss: '0.125' then, '{loss}' now (and 1 more such differences)\n" in done.err
    )
    assert f"changed since: versions.keras: '2.0' then, '{keras.__version__}' now\n" in done.err
    assert "changed since: threads: 99 then, " in done.err
    assert len(done.err.splitlines()) == 4


@pytest.mark.exhaustive
def test_a_history_beyond_16_mib_is_compared_too(nnrun, project):
    assert nnrun("train", project.config(epochs=1), "-o", "run", "-q").code == 0
    history = Run(project.folder / "run").history
    header, first = history.read_text().splitlines()
    loss = first.partition(",")[2]
    rows = [f"{epoch},{loss}\n" for epoch in range(1, 250_001)]
    history.write_text(f"{header}\n{''.join(rows)}")
    assert history.stat().st_size > 16 << 20
    done = nnrun("reproduce", "run", "-q")
    assert done.code == 3
    assert done.err.startswith("run: epoch.2: {'epoch': '2', ")
    assert "now (and 249998 more such differences)\n" in done.err


def test_a_history_that_is_none_is_refused_before_anything_is_trained(nnrun, project, monkeypatch):
    assert nnrun("train", project.config(epochs=1), "-o", "run", "-q").code == 0
    Run(project.folder / "run").history.write_text("epoch,loss\n1\n")
    monkeypatch.setattr(trainer, "train", None)
    line = "run/history.csv: cannot be read: epoch 1 lacks 'loss'; was it altered?\n"
    assert nnrun("reproduce", "run", "-q") == (2, "", line)


def test_a_table_that_was_changed_is_named_and_not_trained_on(nnrun, project, frame, monkeypatch):
    assert nnrun("train", project.config(), "-o", "run", "-q").code == 0
    table = project.table(frame.drop("age"))
    monkeypatch.setattr(trainer, "train", None)
    line = f"{table}: is not the table that the run started with (its SHA-256 differs)\n"
    assert nnrun("reproduce", "run") == (3, "", line)


def test_weights_of_another_shape_are_a_difference_too(nnrun, project):
    assert nnrun("train", project.config(), "-o", "run", "-q").code == 0
    run = project.folder / "run"
    with np.load(run / "weights.npz") as file:
        arrays = {name: file[name] for name in file.files if name != "state"}
    write_arrays(
        run / "weights.npz", {**arrays, "layers[0].weights[0]": arrays["layers[0].weights[0]"][1:]}
    )
    forge_json(run, "encoding.json", lambda encoding: encoding["features"].pop(0) and None)
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
    sign(run.path)
    done = nnrun("reproduce", "run")
    assert done.code == 3
    assert (
        "run: layers[1].weights[0]: differs by up to 0.5\nversions and number of threads are the same"
        in done.err
    )


def test_a_run_without_a_model_is_refused(nnrun, project):
    (project.folder / "run").mkdir()
    project.write("run/run.json", '{"status": "interrupted"}')
    assert nnrun("reproduce", "run").code == 2
