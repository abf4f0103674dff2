"""`nnrun cv`: each fold is what a training on its rows alone would be."""

import json

import numpy as np
import polars as pl
import pytest
from support.forgery import everything
from support.marks import usual_names

from nnrun.config.loading import load_config
from nnrun.errors import Interrupted, TrainingError
from nnrun.features.folds import draw_folds
from nnrun.features.kept_table import keep_table
from nnrun.training import session
from nnrun.workflows.cross_validation import Folds, cross_validate, read_and_check

TEXT = "town"


@pytest.fixture
def with_text(project, frame):
    """A table with a column of text, of which a town is in one row alone."""
    towns = pl.Series(TEXT, [*"abcde" * 11, *"abcd", "far"])
    return project.table(frame.with_columns(towns))


@pytest.mark.usefixtures("eager")
def test_folds_equal_trainings_on_their_rows_alone(project, nnrun, with_text):
    config = project.config({"data.min_frequency": 1}, epochs=2)
    done = nnrun("cv", config, "--folds", "3", "--json", "-q", "-o", "out.csv")
    assert (done.code, done.err) == (0, "")
    said = json.loads(done.out)
    predictions = pl.read_csv(project.folder / "out.csv")
    frame = pl.read_csv(with_text)
    profile = keep_table(load_config(config)).profile
    for number, fold in enumerate(draw_folds(profile, 3), 1):
        project.table(frame.filter(pl.Series(fold.trained)), "some.csv")
        project.table(frame.filter(pl.Series(fold.held_out)), "others.csv")
        alone = project.config(
            {"data.min_frequency": 1, "data.train": "some.csv", "data.test": "others.csv"},
            name="alone.yaml",
            epochs=2,
        )
        result = json.loads(nnrun("train", alone, "--json", "-o", "run", "--overwrite").out)
        assert said["folds"][number - 1] == result["metrics"]
        nnrun("predict", "run", "others.csv", "-o", "alone.csv")
        expected = pl.read_csv(project.folder / "alone.csv")
        found = predictions.filter(pl.col("fold") == number)
        assert found["row"].to_list() == (np.flatnonzero(fold.held_out) + 1).tolist()
        assert found["probability"].to_list() == expected["probability"].to_list()
        assert found["prediction"].to_list() == expected["prediction"].to_list()


def test_mean_sd_and_verdict_are_those_of_the_folds(project, nnrun):
    config = project.config({"optimizer.learning_rate": 0.3}, epochs=15)
    said = json.loads(nnrun("cv", config, "--folds", "4", "--json").out)
    assert len(said["folds"]) == 4
    for name, mean in said["mean"].items():
        values = [fold[name] for fold in said["folds"]]
        assert mean == pytest.approx(np.mean(values))
        assert said["sd"][name] == pytest.approx(np.std(values, ddof=1))
    assert said["verdict"] == "better"
    assert said["judged"]["value"] == pytest.approx(said["mean"]["test_accuracy"])
    assert said["judged"]["baseline"] == pytest.approx(38 / 60)


@pytest.mark.usefixtures("eager")
@pytest.mark.exhaustive
def test_labels_of_chance_are_no_better_than_the_baseline(project, nnrun, frame):
    label = np.random.default_rng(3).integers(0, 2, 60)
    project.table(frame.with_columns(label=pl.Series(label)))
    said = json.loads(nnrun("cv", project.config(), "--json").out)
    assert said["verdict"] != "better"


@pytest.mark.usefixtures("eager")
def test_repeats_and_seeds_train_each_fold_again(project, nnrun):
    done = nnrun(
        "cv", project.config(epochs=1), "--folds", "2", "--repeats", "2", "--seeds", "2", "--json"
    )
    trainings = json.loads(done.out)["trainings"]
    places = [(each["repeat"], each["fold"], each["seed"]) for each in trainings]
    assert places == [(r, f, s) for r in (1, 2) for f in (1, 2) for s in (0, 1)]
    assert "trained 8 of 8: test_loss" in done.err


BY_COLUMN: dict[str, list[str]] = {
    "time": [f"2024-01-{1 + row // 2:02}" for row in range(60)],
    "column": ["train", "train", "validation"] * 20,
    "group": [f"g{row // 3}" for row in range(60)],
}


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("kind", usual_names(BY_COLUMN, "group"))
def test_folds_go_by_the_column_that_splits_the_table(project, nnrun, frame, kind):
    weights = pl.Series([1.0, 2.0] * 30)
    project.table(frame.with_columns(by=pl.Series(BY_COLUMN[kind]), weight=weights))
    changes = {
        "data.split": {kind: "by"},
        "data.validation_split": project.drop,
        "data.sample_weight": "weight",
    }
    config = project.config(changes, epochs=1)
    done = nnrun("cv", config, "--folds", "3", "--seeds", "2", "--json", "-o", "out.csv")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    measured = {"time": 44, "column": 40, "group": 60}[kind]
    assert sum(each["rows"] for each in said["trainings"]) == 2 * measured
    assert all("val_loss" in fold for fold in said["folds"])
    assert said["verdict"] in ("better", "no better", "worse")
    predictions = pl.read_csv(project.folder / "out.csv")
    first = predictions.filter(pl.col("fold") == 1, pl.col("seed") == 0)
    is_right = first["actual"] == first["prediction"]
    counted = weights.gather(first["row"] - 1)
    accuracy = (is_right.cast(pl.Float64) * counted).sum() / counted.sum()
    assert said["folds"][0]["test_accuracy"] == pytest.approx(accuracy)


@pytest.mark.usefixtures("eager")
def test_the_text_has_a_line_a_fold_and_a_verdict(project, nnrun):
    config = project.config({"data.validation_split": 0}, epochs=2)
    before = everything(project.folder)
    done = nnrun("cv", config, "--folds", "3")
    lines = done.out.splitlines()
    assert lines[0].split() == [
        *("repeat", "fold", "seed", "rows", "epochs"),
        *("test_loss", "test_accuracy", "loss", "accuracy"),
    ]
    assert [line.split()[:5] for line in lines[1:4]] == [
        ["1", str(fold), "0", "20", "2"] for fold in (1, 2, 3)
    ]
    assert lines[4].startswith("mean ")
    assert lines[5].startswith("sd ")
    assert lines[6].startswith("folds: accuracy ")
    assert "nothing-held-out" not in done.err
    assert everything(project.folder) == before


@pytest.mark.usefixtures("eager")
def test_numbers_are_judged_by_rmse(project, nnrun):
    regression = {"data.target": "dose", "layers": [{"units": 1}], "loss": "MeanSquaredError"}
    said = json.loads(nnrun("cv", project.config(regression), "--folds", "3", "--json").out)
    assert said["judged"]["metric"] == "rmse"
    assert said["verdict"] in ("better", "no better", "worse")


@pytest.mark.usefixtures("eager")
def test_a_test_table_is_left_aside(project, nnrun):
    config = project.config({"data.test": "table.csv"}, epochs=1)
    said = json.loads(nnrun("cv", config, "--folds", "2", "--json").out)
    assert [each["rows"] for each in said["trainings"]] == [30, 30]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (TrainingError("loss is nan"), "fold 1 of repeat 1 with seed 0: loss is nan"),
        (Interrupted("resume it", 15), "the training was interrupted, and leaves no file"),
    ],
)
def test_a_fold_that_fails_is_named(project, monkeypatch, error, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(session, "train_afresh", fail)
    config = project.load()
    with pytest.raises(type(error)) as caught:
        cross_validate(config, read_and_check(config), Folds(2))
    assert str(caught.value) == message
    assert caught.value.exit_code == error.exit_code


@pytest.mark.parametrize(
    "arguments", [("--folds", "1"), ("--repeats", "0"), ("--seeds", "0")], ids="=".join
)
def test_counts_that_make_no_sense_are_refused(project, nnrun, arguments):
    done = nnrun("cv", project.config(), *arguments)
    assert done.code == 2
    assert arguments[0] in done.err
    assert "Traceback" not in done.err
