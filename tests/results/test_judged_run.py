"""The verdict on a run: after training, on another table, in what `show` says, and forged."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import accuracy_score

from nnrun.results import judged_run
from nnrun.results.saved_verdict import read_verdict
from nnrun.tables.stored_file import StoredFile


@pytest.fixture
def noise(project):
    """A table whose label nothing decides: 70 rows of `a`, 50 of `b`."""
    generator = np.random.default_rng(3)
    labels = np.array(["a"] * 70 + ["b"] * 50)
    generator.shuffle(labels)
    frame = pl.DataFrame({"x": generator.normal(size=120), "label": labels})
    project.table(frame)
    return frame


def test_train_tells_the_verdict_and_warns_of_a_network_that_only_guesses(nnrun, project, noise):
    config = project.config({"data.positive": "b"}, epochs=1)
    done = nnrun("train", config, "-o", "run")
    assert done.code == 0
    assert "always 'a' gives 0.600" in done.out
    assert "than guessing" in done.out
    assert "warning: the network is no better than its baseline" in done.err


@pytest.mark.parametrize("expect", ["baseline", {"baseline": "better", "loss": "< 1000"}])
def test_a_network_that_only_guesses_fails_to_be_better_than_its_baseline(
    nnrun, project, noise, expect
):
    done = nnrun("train", project.config({"data.positive": "b", "expect": expect}), "-o", "run")
    assert done.code == 3
    assert "expect.baseline: expected better, got no better: " in done.err
    assert (project.folder / "run" / "model.keras").exists()


def test_a_network_that_learns_meets_the_expectation_and_runs_tells_the_verdict(nnrun, project):
    x = np.random.default_rng(1).normal(size=400)
    project.table(pl.DataFrame({"x": x, "label": (x > 0).astype(int)}))
    config = project.config(epochs=30, expect="baseline")
    assert nnrun("train", config, "-o", "runs/a", "-q").code == 0
    (listed,) = json.loads(nnrun("runs", "--json").out)
    assert listed["verdict"] == "better"
    assert "  verdict  " in nnrun("runs").out
    assert "  better " in nnrun("runs").out


def test_json_has_baseline_linear_interval_and_verdict(nnrun, project):
    x = np.random.default_rng(1).normal(size=400)
    project.table(pl.DataFrame({"x": x, "label": (x > 0).astype(int)}))
    done = nnrun("train", project.config(epochs=30), "-o", "run", "--json", "-q")
    summary = json.loads(done.out)
    assert summary["verdict"] == "better"
    assert {"accuracy", "auc", "log_loss"} <= summary["baseline"].keys()
    assert summary["linear"]["accuracy"] > summary["baseline"]["accuracy"]
    ends = summary["interval"]["accuracy"]
    assert ends["low"] <= summary["metrics"]["val_accuracy"] <= ends["high"]


def test_evaluate_compares_with_the_labels_of_the_training_rows(nnrun, project, frame):
    nnrun("train", project.config(epochs=2), "-o", "run", "-q")
    table = project.table(frame.head(23), "other.csv")
    summary = json.loads(nnrun("evaluate", "run", table, "--json").out)
    labels = frame["label"].to_numpy()
    guesses = DummyClassifier().fit(np.zeros((60, 1)), labels).predict(np.zeros((23, 1)))
    expected = accuracy_score(labels[:23], guesses)
    assert summary["baseline"]["accuracy"] == pytest.approx(expected, abs=1e-6)


def test_evaluate_says_when_the_table_is_the_one_that_was_trained_on(
    nnrun, project, trained_runs, frame
):
    trained_runs.copy_to(project)
    assert "trained on" in nnrun("evaluate", "run", "table.csv").err
    project.table(frame.head(30), "other.csv")
    assert "trained on" not in nnrun("evaluate", "run", "other.csv").err


def test_numbers_are_compared_with_the_mean(nnrun, project):
    layers = [{"units": 4, "activation": "relu"}, {"units": 1}]
    changes = {"data.target": "dose", "loss": "mse", "layers": layers}
    done = nnrun("train", project.config(changes), "-o", "run")
    saved = read_verdict(project.folder / "run" / "verdict.json")
    rmse = saved.baseline["rmse"]
    assert f"always the mean {saved.means[0]:.4g} gives {rmse:.4g}" in done.out
    assert 0.4 < saved.means[0] < 0.6


JUDGED = ("baseline", "linear", "interval", "verdict")


def test_a_run_without_rows_held_out_has_no_verdict_of_its_own(nnrun, project):
    done = nnrun("train", project.config({"data.validation_split": 0}), "-o", "run")
    assert (done.code, "guessing" in done.out) == (0, False)
    assert not (project.folder / "run" / "verdict.json").exists()
    summary = json.loads(nnrun("train", "config.yaml", "-o", "again", "--json").out)
    assert [summary[name] for name in JUDGED] == [None] * 4
    assert nnrun("show", "run").code == 0


NUMBERS = {
    "data.target": "dose",
    "loss": "mse",
    "layers": [{"units": 4, "activation": "relu"}, {"units": 1}],
}


@pytest.mark.parametrize("changes", [{}, NUMBERS], ids=["labels", "numbers"])
def test_a_run_without_rows_held_out_is_judged_on_a_table(nnrun, project, changes, frame):
    nnrun("train", project.config({**changes, "data.validation_split": 0}), "-o", "run", "-q")
    project.table(frame[::2], "new.csv")
    done = nnrun("evaluate", "run", "new.csv", "--json")
    summary = json.loads(done.out)
    assert summary["verdict"] in {"better", "no better", "worse"}
    assert summary["baseline"].keys() <= summary["linear"].keys()
    assert summary["interval"].keys() <= summary["metrics"].keys()
    assert "reason" not in summary
    assert "than guessing; a linear model gives" in nnrun("evaluate", "run", "new.csv").out
    if changes:
        mean = frame["dose"].mean()
        rmse = float(((frame[::2]["dose"] - mean) ** 2).mean() ** 0.5)
        assert summary["baseline"]["rmse"] == pytest.approx(rmse, rel=1e-4)


@pytest.mark.parametrize("changes", [{}, NUMBERS], ids=["labels", "numbers"])
@pytest.mark.parametrize("is_gone", [True, False], ids=["gone", "changed"])
def test_without_the_training_table_what_cannot_be_told_is_null(
    nnrun, project, changes, is_gone, frame
):
    nnrun("train", project.config({**changes, "data.validation_split": 0}), "-o", "run", "-q")
    table = project.table(frame, "new.csv") and project.folder / "table.csv"
    table.unlink() if is_gone else table.write_text(table.read_text() + "1,2,3,1\n")
    done = nnrun("evaluate", "run", "new.csv", "--json")
    summary = json.loads(done.out)
    assert (done.code, summary["linear"]) == (0, None)
    assert (summary["baseline"] is None, summary["verdict"] is None) == (not changes, not changes)
    reason = "no longer exists" if is_gone else "is not the table that the run started with"
    assert reason in summary["reason"]
    assert summary["reason"] in done.err


def test_an_earlier_version_left_no_verdict_and_the_rows_held_out_are_judged(nnrun, project):
    nnrun("train", project.config(), "-o", "run", "-q")
    saved = json.loads(nnrun("evaluate", "run", "--json").out)
    (project.folder / "run" / "verdict.json").unlink()
    assert json.loads(nnrun("evaluate", "run", "--json").out) == saved


@pytest.mark.parametrize(
    ("changes", "commands"),
    [
        ({"shares": [0.2, 0.3, 0.5]}, ["evaluate"]),
        ({"linear_model": {"weights": [[1.0]]}}, ["evaluate", "show"]),
        ({"format": 2}, ["evaluate", "show"]),
        ({"value": "high"}, ["evaluate", "show"]),
    ],
    ids=["shares of three labels", "half a model", "another format", "text for a number"],
)
def test_a_forged_verdict_is_refused(nnrun, project, trained_runs, changes, commands):
    path = trained_runs.copy_to(project) / "verdict.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    for command in commands:
        tables = ["table.csv"] if command == "evaluate" else []
        done = nnrun(command, "run", *tables)
        assert (done.code, done.out) == (2, ""), command
        assert "verdict.json" in done.err


def test_the_file_is_read_as_it_was_written(nnrun, project):
    nnrun("train", project.config(), "-o", "run", "-q")
    saved = read_verdict(project.folder / "run" / "verdict.json")
    assert saved.part == "validation"
    assert saved.rows == 15
    assert sum(saved.shares) == pytest.approx(1)


def test_a_run_of_too_many_labels_for_a_confusion_matrix_is_not_judged(nnrun, project, monkeypatch):
    monkeypatch.setattr(judged_run, "LABELS_WITH_CONFUSION", 1)
    done = nnrun("train", project.config(), "-o", "run")
    assert (done.code, "guessing" in done.out) == (0, False)
    assert not (project.folder / "run" / "verdict.json").exists()


def test_a_table_is_read_once_to_tell_whether_it_was_trained_on(
    nnrun, project, trained_runs, frame, monkeypatch
):
    trained_runs.copy_to(project)
    project.table(frame.head(30), "other.csv")
    read = []
    finish = StoredFile.finish
    monkeypatch.setattr(
        StoredFile, "finish", lambda file, sha: (read.append(file.name), finish(file, sha))
    )
    assert "is the table that the run was trained on" in nnrun("evaluate", "run", "table.csv").err
    assert "trained on" not in nnrun("evaluate", "run", "other.csv").err
    assert read == ["table.csv", "other.csv"]
