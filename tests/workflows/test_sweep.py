"""`nnrun sweep`: each trial is what a training alone would be, and a sweep goes on."""

import json

import numpy as np
import pytest

from nnrun.errors import Interrupted
from nnrun.training import session

pytestmark = pytest.mark.usefixtures("eager")

GRID = ("layers[0].units=2,3", "optimizer.learning_rate=0.1,1e30", "epochs=2")


def test_a_grid_trains_every_combination_and_records_what_fails(project, nnrun):
    done = nnrun("sweep", project.config(), *GRID, "-o", "sw", "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert [each["status"] for each in said["trials"]] == ["finished"] * 2 + ["failed"] * 2
    losses = [each["metrics"]["val_loss"] for each in said["trials"][:2]]
    assert losses == sorted(losses)
    assert said["best"]["settings"] == said["trials"][0]["settings"]
    assert said["best"]["settings"]["optimizer.learning_rate"] == 0.1
    assert "learning_rate=1e30: failed: the loss is nan" in done.err
    for each in said["trials"][:2]:
        units = each["settings"]["layers[0].units"]
        options = ("optimizer.learning_rate=0.1", "epochs=2", f"layers[0].units={units}")
        nnrun("train", project.config(), *options, "-o", "alone", "--overwrite", "-q")
        with np.load("alone/weights.npz") as alone, np.load(f"{each['run']}/weights.npz") as own:
            assert all((alone[name] == own[name]).all() for name in alone.files)
    best = json.loads(nnrun("train", said["best"]["config"], "--json", "-o", "best").out)
    assert best["metrics"] == said["best"]["metrics"]


def test_optuna_chooses_from_ranges_and_goes_on(project, nnrun):
    pytest.importorskip("optuna")
    command = ("sweep", project.config(epochs=1), "optimizer.learning_rate=1e-4..1e-1")
    first = json.loads(nnrun(*command, "--trials", "2", "-o", "sw", "--json").out)
    assert len(first["trials"]) == 2
    more = json.loads(nnrun(*command, "--trials", "3", "-o", "sw", "--json").out)
    assert len(more["trials"]) == 3
    assert all(each in more["trials"] for each in first["trials"])
    for each in more["trials"]:
        assert 1e-4 <= each["settings"]["optimizer.learning_rate"] <= 1e-1


def test_a_sweep_that_is_stopped_goes_on_where_it_was(project, nnrun, monkeypatch):
    trained = []
    train = session.train_afresh

    def stop_at_the_second(dataset, path, **options):
        trained.append(path.name)
        if len(trained) == 2:
            raise Interrupted("interrupted")
        return train(dataset, path, **options)

    monkeypatch.setattr(session, "train_afresh", stop_at_the_second)
    command = ("sweep", project.config(epochs=1), "layers[0].units=2,3", "-o", "sw")
    assert nnrun(*command).code == 130
    (project.folder / "sw" / "trial-002").rmdir()  # as before a signal came
    assert nnrun(*command).code == 0
    assert "  layers[0].units\n" in nnrun(*command).out
    assert trained == ["trial-001", "trial-002", "trial-002"]


def test_a_metric_that_is_not_logged_is_refused(project, nnrun):
    config = project.config({"data.validation_split": 0})
    done = nnrun("sweep", config, "epochs=1,2")
    assert (done.code, done.out) == (2, "")
    assert "--metric val_loss: the config logs" in done.err
    assert not (project.folder / "sweeps").exists()
