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


def test_the_config_says_what_options_do_not(project, nnrun):
    settings = {"layers.0.units": [2, 3], "optimizer.learning_rate": [0.1, 0.01]}
    sweep = {"settings": settings, "metric": "val_accuracy", "trials": 3}
    config = project.config(epochs=1, sweep=sweep)
    said = json.loads(nnrun("sweep", config, "-o", "sw", "--json").out)
    tried = [each["settings"] for each in said["trials"]]
    assert len(tried) == 3
    assert {"layers.0.units": 3, "optimizer.learning_rate": 0.1} in tried
    accuracy = [each["metrics"]["val_accuracy"] for each in said["trials"]]
    assert accuracy == sorted(accuracy, reverse=True)
    assert "sweep" not in (project.folder / "sw" / "best.yaml").read_text()
    assert "sweep" not in (project.folder / "sw" / "trial-001" / "config.yaml").read_text()

    options = ("layers[0].units=2", "--metric", "loss", "--trials", "1")
    said = json.loads(nnrun("sweep", config, *options, "-o", "other", "--json").out)
    assert [each["settings"] for each in said["trials"]] == [{"optimizer.learning_rate": 0.1}]


def test_other_commands_leave_the_sweep_of_a_config_aside(project, nnrun):
    sweep = {"settings": {"layers.0.units": [2, 3]}}
    assert nnrun("train", project.config(epochs=1, sweep=sweep), "-o", "run").code == 0
    assert nnrun("train", project.config(epochs=1, name="p.yaml"), "-o", "plain").code == 0
    assert "sweep" not in (project.folder / "run" / "config.yaml").read_text()
    with np.load("run/weights.npz") as run, np.load("plain/weights.npz") as plain:
        assert all((run[name] == plain[name]).all() for name in plain.files)


def test_values_that_fit_no_config_are_refused_before_anything_is_trained(project, nnrun):
    sweep = {"settings": {"layers.0.units": [2, -1], "layers.7.units": [1, 2]}}
    config = project.config(sweep=sweep)
    done = nnrun("sweep", config, "epochs=1,none", "-o", "sw")
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    assert len(lines) == 4
    assert "config.yaml:" in lines[0]
    assert "sweep.settings.layers.0.units: layers[0].units: must be at least 1" in lines[0]
    assert "'7' names nothing in a list of 2" in lines[1]
    assert lines[3].startswith("--set epochs=none: epochs: must be a whole number")
    assert not (project.folder / "sw").exists()
    checked = nnrun("check", config)
    assert checked.code == 2
    assert [line.endswith("[sweep]") for line in checked.err.splitlines()] == [True] * 3


def test_settings_that_do_not_go_together_fail_in_their_trial_alone(project, nnrun):
    settings = ("optimizer.name=Adam,SGD", "optimizer.momentum=0.5,0.9", "epochs=1")
    config = project.config({"optimizer.learning_rate": project.drop})
    said = json.loads(nnrun("sweep", config, *settings, "-o", "sw", "--json").out)
    assert [each["status"] for each in said["trials"]] == ["finished"] * 2 + ["failed"] * 2
    assert [each["settings"]["optimizer.name"] for each in said["trials"][:2]] == ["SGD"] * 2
