"""`nnrun importance`: what a run goes by, on the columns of its table."""

import json

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss
from support.project import default_table

from nnrun.api import functions as api
from nnrun.results.trained_run import load_run

ROWS = 240


@pytest.fixture
def telling(project, nnrun):
    """A run whose label the town decides, and a copy of the dose that says the same as the dose."""
    generator = np.random.default_rng(5)
    towns = generator.choice(["Bern", "Rome", "York"], ROWS)
    dose = generator.normal(size=ROWS)
    frame = pl.DataFrame(
        {
            "noise": generator.normal(size=ROWS),
            "town": towns,
            "dose": dose,
            "dose_mg": dose * 1000,
            "label": (towns == "Rome").astype(int),
        }
    )
    project.table(frame)
    nnrun("train", project.config(epochs=40), "-o", "run", "-q")
    return project.folder / "run"


def told(nnrun, *arguments):
    done = nnrun("importance", *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_the_column_that_decides_comes_first_and_is_shuffled_as_one(nnrun, telling):
    ours = told(nnrun, telling)
    importance = ours["importance"]
    assert sorted(importance) == ["dose", "dose_mg", "noise", "town"]
    assert next(iter(importance)) == "town"
    assert importance["town"]["mean"] > 5 * abs(importance["noise"]["mean"])
    assert importance["town"]["sd"] > 0
    assert (ours["part"], ours["rows"], ours["loss"]) == ("validation", 60, "BinaryCrossentropy")


def test_correlated_columns_are_said(nnrun, telling):
    assert told(nnrun, telling)["correlated"] == [["dose", "dose_mg"]]
    text = nnrun("importance", telling).out
    assert "The columns 'dose', 'dose_mg' are correlated above 0.9: they share their" in text


def test_the_loss_of_shuffled_rows_is_that_of_evaluate(nnrun, project, telling):
    """With one repeat, the mean is the loss of the shuffled rows less that of the rows."""
    ours = told(nnrun, telling, "table.csv", "--repeats", "1", "--seed", "3")
    generator = np.random.default_rng(3)
    trained = load_run(telling)
    frame = pl.read_csv(project.folder / "table.csv")
    least = api.load(telling).evaluate(frame)["loss"]
    for column in trained.encoder.column_inputs:
        order = generator.permutation(ROWS)
        shuffled = frame.with_columns(frame[column].gather(order))
        growth = api.load(telling).evaluate(shuffled)["loss"] - least
        assert ours["importance"][column]["mean"] == pytest.approx(growth, abs=1e-6)
        assert ours["importance"][column]["sd"] == 0


def test_a_seed_gives_the_same_and_another_gives_other_shuffles(nnrun, telling):
    first = told(nnrun, telling, "--seed", "1")
    assert told(nnrun, telling, "--seed", "1") == first
    assert told(nnrun, telling, "--seed", "2") != first


def test_rows_are_drawn_and_text_says_of_how_many(nnrun, telling):
    assert told(nnrun, telling, "-n", "20", "--repeats", "2")["rows"] == 20
    text = nnrun("importance", telling, "-n", "20", "--repeats", "2").out
    assert "(20 rows of validation, drawn of 60, 2 times)" in text


def test_numbers_have_the_metric_of_their_loss(nnrun, project):
    layers = [{"units": 1}]
    nnrun(
        "train",
        project.config({"data.target": "dose", "loss": "mse", "layers": layers}),
        "-o",
        "run",
        "-q",
    )
    ours = told(nnrun, "run")
    assert ours["loss"] == "MeanSquaredError"
    assert sorted(ours["importance"]) == ["age", "height", "label"]


def test_a_run_without_rows_held_out_needs_a_table(nnrun, project):
    nnrun("train", project.config({"data.validation_split": 0}), "-o", "run", "-q")
    done = nnrun("importance", "run")
    assert (done.code, done.out) == (2, "")
    assert "held out no rows; give a table" in done.err
    assert told(nnrun, "run", "table.csv")["rows"] == 60


@pytest.mark.parametrize("option", [("--repeats", "0"), ("-n", "1"), ("--seed", "-1")])
def test_options_out_of_range_are_refused(nnrun, copied_run, option):
    done = nnrun("importance", copied_run, *option)
    assert (done.code, done.out) == (2, "")
    assert "must be a whole number from " in done.err


@pytest.fixture
def weighted(project, nnrun):
    """A run with weights of rows, of which some are 0, and its table."""
    weights = np.random.default_rng(2).integers(0, 4, 60) / 2
    frame = default_table().with_columns(weight=pl.Series(weights))
    project.table(frame)
    nnrun("train", project.config({"data.sample_weight": "weight"}), "-o", "run", "-q")
    return frame


def test_shuffled_rows_keep_their_weights_as_in_scikit_learn(nnrun, project, weighted):
    ours = told(nnrun, "run", "table.csv", "--repeats", "1", "--seed", "3")
    counting = weighted.filter(pl.col("weight") > 0)
    assert ours["rows"] == len(counting) < len(weighted)
    assert ours["sample_weight"] == {"column": "weight"}
    run = api.load("run")
    options = {"sample_weight": counting["weight"]}
    least = log_loss(counting["label"], run.predict(counting)["probability"], **options)
    generator = np.random.default_rng(3)
    for column in load_run(project.folder / "run").encoder.column_inputs:
        order = generator.permutation(len(counting))
        shuffled = counting.with_columns(counting[column].gather(order))
        loss = log_loss(counting["label"], run.predict(shuffled)["probability"], **options)
        assert ours["importance"][column]["mean"] == pytest.approx(loss - least, abs=1e-6)


def test_it_is_said_whether_rows_count_by_their_weights(nnrun, project, weighted):
    done = nnrun("importance", "run")
    assert "rows count by column 'weight' of weights" in done.err
    project.table(weighted.drop("weight"), "plain.csv")
    done = nnrun("importance", "run", "plain.csv", "--json")
    assert "the table has no column 'weight' of weights: all rows count alike" in done.err
    assert "sample_weight" not in json.loads(done.out)
    project.table(weighted.with_columns(weight=0), "zeros.csv")
    done = nnrun("importance", "run", "zeros.csv")
    assert (done.code, done.out) == (2, "")
    assert "column 'weight': all weights are 0" in done.err
