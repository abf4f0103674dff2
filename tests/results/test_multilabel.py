"""Several targets of two labels each: trained as Keras does, and measured as scikit-learn does."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sklearn
from sklearn.datasets import make_multilabel_classification
from support.project import Project

from nnrun.checks.registry import lint
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.reporting.script import dataset_script
from nnrun.results.evaluated_rows import evaluate_rows
from nnrun.results.fold_verdict import FoldOutputs, judge_folds
from nnrun.results.judged_run import judge_run
from nnrun.results.saved_verdict import read_verdict
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.tables.table import open_table
from nnrun.training.backend import keras
from nnrun.training.trainer import train

TARGETS = ["rock", "jazz", "pop"]
CONFIG = {
    "data.target": TARGETS,
    "data.positive": "hit",
    "data.test": "test.csv",
    "layers": [{"units": 6, "activation": "relu"}, {"units": 3, "activation": "sigmoid"}],
    "metrics": ["accuracy", {"name": "AUC", "multi_label": True}],
    "epochs": 12,
}


@cache
def drawn_songs(rows: int) -> Any:
    """Return inputs and targets; drawing them takes seconds."""
    return make_multilabel_classification(
        n_samples=rows, n_features=5, n_classes=3, n_labels=2, random_state=1
    )


def songs(rows: int, seed: int) -> pl.DataFrame:
    """Return a table whose targets are spelt in three ways."""
    x, y = drawn_songs(rows)
    order = np.random.default_rng(seed).permutation(rows)
    columns = {f"x{number}": column for number, column in enumerate(x[order].T)}
    rock, jazz, pop = y[order].T
    labels = {
        "rock": np.where(rock, "Yes", "no"),
        "jazz": jazz,
        "pop": np.where(pop, "hit", "miss"),
    }
    return pl.DataFrame({**columns, **labels})


def project_of_songs(folder: Path) -> Project:
    project = Project(folder)
    project.table(songs(240, 0))
    project.table(songs(240, 1)[:90], "test.csv")
    return project


@pytest.fixture(scope="module")
def run_of_songs(tmp_path_factory) -> Path:
    """A run that was trained once, and is only read."""
    project = project_of_songs(tmp_path_factory.mktemp("songs"))
    dataset = project.dataset(CONFIG)
    judge_run(train(dataset, stem="x", path=project.folder / "run").run, dataset)
    return project.folder / "run"


@pytest.fixture
def trained(run_of_songs) -> TrainedRun:
    return load_run(run_of_songs)


@pytest.fixture
def dataset(project) -> Dataset:
    project.table(songs(240, 0))
    project.table(songs(240, 1)[:90], "test.csv")
    return project.dataset(CONFIG)


def new_songs(run: Path) -> pl.DataFrame:
    return pl.read_csv(run.parent / "test.csv")


def predicted(trained: TrainedRun, frame: pl.DataFrame, **options: Any) -> pl.DataFrame:
    table = open_table(frame.write_csv().encode(), [""], "new.csv")
    reader = trained.reader(table, target=False, owed=True)
    return pl.concat(trained.predictions(reader, **options))


def truth(frame: pl.DataFrame) -> Any:
    """Return 1 for the label of each target that is 1, (rows, targets)."""
    ones = {"rock": "Yes", "jazz": "1", "pop": "hit"}
    return np.column_stack([frame[name].cast(pl.String) == one for name, one in ones.items()])


def test_each_target_has_its_labels_of_which_the_second_is_1(dataset):
    assert [target.labels for target in dataset.encoder.targets] == [
        ["no", "Yes"],
        ["0", "1"],
        ["miss", "hit"],
    ]
    assert dataset.encoder.labels == []
    assert np.array_equal(dataset.test.y, truth(songs(240, 1)[:90]))
    assert not [finding for finding in lint(dataset) if finding.level == "error"]


def test_the_encoder_is_read_again_and_one_of_earlier_versions_has_no_labels_of_targets(dataset):
    text = json.dumps(dataset.encoder.model_dump())
    assert Encoder.parse(text.encode(), Path("encoding.json")) == dataset.encoder
    alone = dataset.encoder.of_each_target()[0]
    assert alone.labels == ["no", "Yes"]
    assert "labels" not in alone.model_dump()["targets"][0]


@pytest.mark.parametrize(
    "labels", [[["no"]], [["no", "No "], ["0", "1"]], [["a", "b"], []]], ids=["one", "two", "mixed"]
)
def test_forged_labels_of_targets_are_refused(dataset, labels, problems):
    values = dataset.encoder.model_dump()
    values["targets"] = values["targets"][: len(labels)]
    for target, own in zip(values["targets"], labels, strict=True):
        target["labels"] = own
    (problem,) = problems(Encoder.parse, json.dumps(values).encode(), Path("encoding.json"))
    assert problem.endswith("; the file was altered")


def test_each_combination_of_labels_keeps_its_share_in_the_rows_held_out(dataset):
    kept, combinations = np.unique(dataset.train.y, axis=0, return_counts=True)
    for combination, count in zip(kept, combinations, strict=True):
        held = (dataset.validation.y == combination).all(axis=1).sum()
        assert abs(held - (held + count) / 4) <= 1


def test_as_many_combinations_as_rows_can_be_held_out_too(project):
    bits = {f"b{bit}": (np.arange(64) >> bit) & 1 for bit in range(6)}
    project.table(pl.DataFrame({"x": np.arange(64) / 7, **bits}))
    layers = [{"units": 6, "activation": "sigmoid"}]
    dataset = project.dataset({"data.target": list(bits), "layers": layers})
    assert (dataset.train.rows, dataset.validation.rows) == (48, 16)


def test_a_label_that_only_rows_held_out_have_is_refused(project):
    frame = songs(60, 0).with_columns(jazz=pl.Series([1, *[0] * 59]))
    project.table(frame)
    changes = {**CONFIG, "data.test": Project.drop}
    shares = [number / 40 for number in range(10, 39)]
    datasets = (project.dataset({**changes, "data.validation_split": share}) for share in shares)
    dataset = next(each for each in datasets if not each.train.y[:, 1].any())
    (error,) = [finding for finding in lint(dataset) if finding.code == "split-labels"]
    assert "data.target: no row to train on has the label '1'" in error.message


def test_a_number_among_the_targets_is_told_once(project):
    frame = songs(60, 0).with_columns(jazz=np.arange(60) / 7)
    project.table(frame)
    dataset = project.dataset({**CONFIG, "data.test": Project.drop, "data.validation_split": 0.3})
    codes = [finding.code for finding in lint(dataset) if finding.level == "error"]
    assert codes == ["labels"]


@pytest.mark.exhaustive
def test_the_script_in_plain_keras_trains_to_the_same_losses(dataset, monkeypatch, capsys):
    project_folder = Path(dataset.config.data.train).parent
    monkeypatch.chdir(project_folder)
    names: dict[str, Any] = {}
    exec(dataset_script(dataset, exact=True), names)
    result = train(dataset, stem="x", path=project_folder / "own")
    ours = pl.read_csv(result.run.history)
    for name, theirs in names["history"].history.items():
        assert ours[name].to_list() == pytest.approx(theirs, rel=1e-6)
    saved = keras.saving.load_model(result.run.model, compile=False)
    for mine, array in zip(names["model"].get_weights(), saved.get_weights(), strict=True):
        assert np.allclose(mine, array, rtol=1e-6)


def test_predictions_have_a_probability_and_a_label_of_each_target(run_of_songs, trained):
    frame = new_songs(run_of_songs)
    predictions = predicted(trained, frame)
    assert predictions.columns == [
        *(f"probability_{name}" for name in TARGETS),
        *(f"prediction_{name}" for name in TARGETS),
    ]
    called = predictions["probability_pop"] >= 0.5
    assert ((predictions["prediction_pop"] == "hit") == called).all()
    lower = predicted(trained, frame, threshold=(0.5, 0.5, 0.1))
    assert (lower["prediction_pop"] == "hit").sum() > called.sum()
    assert lower["prediction_rock"].equals(predictions["prediction_rock"])


def test_measures_are_those_of_scikit_learn(run_of_songs, trained):
    frame = new_songs(run_of_songs)
    table = open_table(run_of_songs.parent / "test.csv", [])
    evaluated = evaluate_rows(trained, trained.reader(table, target=True), run_of_songs)
    actual = truth(frame)
    probabilities = predicted(trained, frame)[:, :3].to_numpy()
    called = probabilities >= 0.5
    expected = {
        "subset_accuracy": sklearn.accuracy_score(actual, called),
        "macro_f1": sklearn.f1_score(actual, called, average="macro", zero_division=0),
        "macro_precision": sklearn.precision_score(
            actual, called, average="macro", zero_division=0
        ),
        "macro_recall": sklearn.recall_score(actual, called, average="macro"),
        "micro_f1": sklearn.f1_score(actual, called, average="micro"),
        "auc": sklearn.roc_auc_score(actual, probabilities),
        "average_precision": sklearn.average_precision_score(actual, probabilities),
        "accuracy": 1 - sklearn.hamming_loss(actual, called),
    }
    for name, value in expected.items():
        assert evaluated.metrics[name] == pytest.approx(value, abs=1e-6), name
    pop = evaluated.targets["pop"].metrics
    assert pop["f1"] == pytest.approx(sklearn.f1_score(actual[:, 2], called[:, 2]))
    assert pop["labels"] == ["miss", "hit"]
    assert list(evaluated.as_json()["targets"]) == TARGETS


def test_the_verdict_goes_by_the_mean_over_the_targets_and_tells_each(run_of_songs, dataset):
    saved = read_verdict(run_of_songs / "verdict.json")
    assert saved is not None
    assert list(saved.targets) == TARGETS
    assert "always the most frequent labels gives" in saved.sentence
    baseline, linear = saved.models(dataset.encoder)
    assert linear is not None
    assert linear.predict(dataset.test.x).shape == (90, 3)
    rates = dataset.train.y.mean(axis=0)
    assert baseline.predict(2)[1].tolist() == pytest.approx(rates.tolist())


def test_thresholds_are_given_by_name_or_chosen_for_each_target(nnrun, run_of_songs):
    table = run_of_songs.parent / "test.csv"
    done = nnrun("predict", run_of_songs, table, "--threshold", "pop=0,jazz=1")
    frame = pl.read_csv(done.out.encode())
    assert set(frame["prediction_pop"]) == {"hit"}
    assert set(frame["prediction_jazz"]) == {0}
    done = nnrun("predict", run_of_songs, table, "--threshold", "f1")
    assert "thresholds rock=" in done.err
    assert " are best by f1 on the 60 rows of validation" in done.err
    done = nnrun("predict", run_of_songs, table, "--threshold", "pup=0.1,jazz=2")
    assert (done.code, done.err.count("--threshold: ")) == (2, 2)
    assert "did you mean 'pop'" in done.err


def test_an_interval_is_a_set_of_labels_for_each_target(nnrun, run_of_songs):
    done = nnrun("predict", run_of_songs, run_of_songs.parent / "test.csv", "--interval", "0.9")
    frame = pl.read_csv(done.out.encode(), infer_schema=False)
    actual = new_songs(run_of_songs).cast(pl.String)
    for name in TARGETS:
        pairs = zip(frame[f"prediction_{name}_set"].fill_null(""), actual[name], strict=True)
        assert np.mean([label in labels.split("|") for labels, label in pairs]) >= 0.88


def test_a_target_called_as_the_interval_of_another_is_refused_with_an_interval(nnrun, project):
    frame = songs(60, 0).select("x0", rock="rock", rock_set="jazz")
    project.table(frame)
    layers = [{"units": 2, "activation": "sigmoid"}]
    config = project.config({"data.target": ["rock", "rock_set"], "layers": layers}, epochs=1)
    assert nnrun("train", config, "-o", "run", "-q").code == 0
    done = nnrun("predict", "run", "table.csv", "--interval", "0.8")
    assert done.code == 2
    assert "two columns of predictions would have the same name" in done.err


def test_the_page_and_what_show_says_tell_each_target(nnrun, project, run_of_songs):
    done = nnrun("report", run_of_songs, "-o", "page.html")
    assert done.code == 0, done.err
    page = (project.folder / "page.html").read_text()
    for name in TARGETS:
        assert f"<h3>{name}</h3>" in page
        assert f"<li>{name}: " in page
    assert "<h3>Each target</h3>" in page
    shown = nnrun("show", run_of_songs).out
    assert "           pop: " in shown
    assert "jazz: '0' " in nnrun("check", run_of_songs.parent / "config.yaml").out


def test_folds_are_judged_by_the_mean_over_the_targets():
    y = np.array([[0, 1], [1, 1], [0, 0], [1, 0]] * 5, np.float32)
    worst = np.full_like(y, 0.4)
    fold = FoldOutputs(
        np.arange(20), y, y, worst, worst, "always the most frequent labels", "linear"
    )
    verdict = judge_folds([[fold]], 2, seed=0)
    assert (verdict.metric, verdict.value, verdict.baseline) == ("accuracy", 1.0, 0.5)
    assert verdict.verdict == "better"


def test_a_list_of_a_number_and_a_yes_is_refused_by_name(nnrun, project):
    frame = songs(60, 0)
    project.table(frame)
    layers = [{"units": 2}]
    changes = {"data.target": ["x0", "rock"], "layers": layers, "loss": "MeanSquaredError"}
    done = nnrun("check", project.config(changes))
    assert done.code == 2
    assert "column 'rock'" in done.err
    assert "loss: MeanSquaredError predicts numbers; a list of targets is of numbers a" in done.err
    done = nnrun("check", project.config({**changes, "loss": "BinaryCrossentropy"}))
    assert done.code == 2
    assert "needs two labels in each target; column 'x0' has" in done.err
