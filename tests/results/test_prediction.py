"""Prediction and evaluation: a run directory applied to tables."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.forgery import sign

from nnrun.errors import RunError, TableError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.results.class_measure import ClassMeasure
from nnrun.results.evaluated_rows import evaluate_rows
from nnrun.results.forward import make_network
from nnrun.results.number_measure import NumberMeasure
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.tables.table import Table, open_table
from nnrun.training.backend import keras
from nnrun.training.trainer import train

HIDDEN = {"units": 6, "activation": "relu"}


@pytest.fixture
def trained(project, trained_runs) -> TrainedRun:
    return load_run(trained_runs.copy_to(project, epochs=30))


def predict(trained: TrainedRun, frame: pl.DataFrame, **options: Any) -> pl.DataFrame:
    table = open_table(frame.write_csv().encode(), [""], "new.csv")
    return pl.concat(
        trained.predictions(
            EncodedReader(trained.encoder, table, target=False, owed=True), **options
        )
    )


def evaluate(trained: TrainedRun, table: Table) -> dict[str, Any]:
    return evaluate_rows(trained, EncodedReader(trained.encoder, table, target=True)).metrics


def test_predictions_are_a_probability_and_the_tables_own_label(trained, frame):
    predictions = predict(trained, frame)
    assert predictions.columns == ["probability", "prediction"]
    assert predictions.height == 60
    agreeing = (predictions["prediction"].cast(pl.Int64) == frame["label"]).mean()
    assert agreeing > 0.8
    assert ((predictions["probability"] >= 0.5) == (predictions["prediction"] == "1")).all()


def test_columns_are_found_by_name_extra_ones_ignored_and_the_target_may_be_absent(trained, frame):
    shuffled = frame.select("dose", pl.lit("x").alias("note"), "age", "height")
    assert predict(trained, shuffled).equals(predict(trained, frame))
    assert trained.ignored(open_table(shuffled.write_csv().encode(), [])) == ["note"]


def test_every_missing_column_is_listed(trained, frame):
    with pytest.raises(TableError, match=r"new.csv:1: 2 columns are missing: 'age', 'dose'"):
        predict(trained, frame.select("height", "label"))


def test_kept_columns_come_first_as_they_were_written(trained, frame):
    named = frame.with_columns(id=pl.format("00{}", pl.int_range(60)))
    predictions = predict(trained, named, keep=("id", "label"))
    assert predictions.columns == ["id", "label", "probability", "prediction"]
    assert predictions["id"].to_list() == named["id"].to_list()


def test_a_kept_column_must_exist_and_not_clash(trained, frame):
    with pytest.raises(TableError, match="missing: 'nope'"):
        predict(trained, frame, keep=("nope",))
    with pytest.raises(TableError, match="'prediction' cannot be kept"):
        predict(trained, frame.rename({"label": "prediction"}), keep=("prediction",))


def test_the_threshold_moves_the_label_and_not_the_probability(trained, frame):
    usual, strict = predict(trained, frame), predict(trained, frame, threshold=0.9)
    assert strict["probability"].equals(usual["probability"])
    expected = ["1" if p >= np.float32(0.9) else "0" for p in usual["probability"].to_numpy()]
    assert strict["prediction"].to_list() == expected


@pytest.mark.parametrize(
    ("labels", "positive"),
    [(("false", "true"), "true"), (("False", "True"), "True"), (("1.0", "2.0"), "1.0")],
)
def test_labels_come_back_as_the_table_writes_them(project, frame, labels, positive):
    project.table(frame.with_columns(pl.col("label").replace_strict({0: labels[0], 1: labels[1]})))
    changes: dict[str, Any] = {"epochs": 30}
    if positive == "1.0":
        changes["data.positive"] = 1
    train(project.dataset(changes), stem="x", path=project.folder / "run")
    predictions = predict(load_run(project.folder / "run"), frame)
    assert set(predictions["prediction"]) == set(labels)
    assert ((predictions["probability"] >= 0.5) == (predictions["prediction"] == positive)).all()


def test_several_targets_have_a_column_each(project, frame):
    changes = {"data.target": ["age", "dose"], "loss": "mse", "layers": [HIDDEN, {"units": 2}]}
    train(project.dataset(changes), stem="x", path=project.folder / "run")
    predictions = predict(load_run(project.folder / "run"), frame)
    assert predictions.columns == ["prediction_age", "prediction_dose"]


def measured(measure: ClassMeasure | NumberMeasure, y: Any, outputs: Any) -> dict[str, Any]:
    """Measure the rows in two blocks."""
    for rows in (slice(0, 2), slice(2, None)):
        measure.add(y[rows], outputs[rows])
    return measure.metrics()


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"layers": [HIDDEN, {"units": 1}], "loss": {"name": "bce", "from_logits": True}},
        {
            "data.target": "dose",
            "loss": "mse",
            "layers": [HIDDEN, {"type": "BatchNormalization"}, {"units": 1}],
        },
    ],
    ids=["probabilities", "logits", "numbers"],
)
def test_the_saved_model_predicts_the_same_without_nnrun(plain_keras, project, frame, changes):
    train(project.dataset({**changes, "epochs": 10}), stem="x", path=project.folder / "run")
    trained = load_run(project.folder / "run")
    features = [f.name for f in trained.encoder.features]
    x = frame.select(features).rows()
    theirs = plain_keras.predict(project.folder / "run" / "model.keras", x)
    ours = predict(trained, frame)
    column = "probability" if "probability" in ours.columns else "prediction"
    np.testing.assert_allclose(theirs[:, 0], ours[column].to_numpy(), rtol=1e-5)
    if column == "probability":
        assert ours[column].is_between(0, 1).all()


def test_evaluate_gives_what_keras_evaluate_gives(project, trained, frame):
    table = trained.open(project.folder / "table.csv")
    metrics = evaluate(trained, table)
    model = keras.saving.load_model(project.folder / "run" / "model.keras")
    x = frame.select("age", "height", "dose").to_numpy().astype(np.float32)
    y = frame.select("label").to_numpy().astype(np.float32)
    loss, accuracy = model.evaluate(x, y, verbose=0)
    assert (metrics["loss"], metrics["accuracy"]) == pytest.approx((loss, accuracy), rel=1e-6)
    assert metrics["labels"] == ["0", "1"]
    assert np.sum(metrics["confusion_matrix"]) == 60


def test_class_metrics_are_exact():
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, (200, 1)).astype(float)
    p = np.round(0.3 * y + 0.7 * generator.random((200, 1)), 2)  # rounded: ties
    metrics = measured(ClassMeasure(2), y, p)
    positive, negative = p[y == 1], p[y == 0]
    pairs = [(a > b) + 0.5 * (a == b) for a in positive for b in negative]
    assert metrics["auc"] == pytest.approx(np.mean(pairs))
    (tn, fp), (fn, tp) = metrics["confusion_matrix"]
    called = p >= 0.5
    assert (tp, fp) == (np.sum(called & (y == 1)), np.sum(called & (y == 0)))
    assert (fn, tn) == (np.sum(~called & (y == 1)), np.sum(~called & (y == 0)))
    assert metrics["precision"] == tp / (tp + fp)
    assert metrics["recall"] == tp / (tp + fn)


def test_class_metrics_of_one_label_are_undefined_rather_than_wrong():
    metrics = measured(ClassMeasure(2), np.zeros((3, 1)), np.full((3, 1), 0.1))
    assert (metrics["auc"], metrics["precision"], metrics["recall"]) == (None, None, None)


def test_number_metrics_are_in_the_targets_units():
    y, prediction = np.array([[0.0], [100.0], [200.0]]), np.array([[10.0], [90.0], [230.0]])
    metrics = measured(NumberMeasure(1), y, prediction)
    assert metrics["mean_absolute_error"] == pytest.approx(50 / 3)
    assert metrics["rmse"] == pytest.approx(np.sqrt(1100 / 3))
    assert metrics["r2"] == pytest.approx(1 - 1100 / 20_000)
    assert measured(NumberMeasure(1), np.ones((3, 1)), np.ones((3, 1)))["r2"] is None


def test_a_label_that_training_never_saw_is_refused(trained, frame):
    table = open_table(frame.with_columns(label=pl.lit("7")).write_csv().encode(), [""], "new.csv")
    with pytest.raises(
        TableError,
        match=r"new.csv:2: column 'label': '7' is not a label that training saw \('0', '1'\)",
    ):
        evaluate(trained, table)


@pytest.mark.parametrize("name", ["config.yaml", "encoding.json", "model.keras", "weights.npz"])
def test_an_altered_or_missing_file_is_refused(project, trained, name):
    path: Path = project.folder / "run" / name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"X")
    with pytest.raises(RunError, match=f"{name} was altered since training"):
        load_run(project.folder / "run")
    path.unlink()
    with pytest.raises(RunError, match=f"{name} is missing"):
        load_run(project.folder / "run")


def test_weights_that_do_not_fit_the_config_are_refused(project, trained):
    np.savez(
        project.folder / "run" / "weights.npz",
        state=np.zeros(0, np.uint8),
        kernel=np.zeros((3, 9), np.float32),
    )
    sign(project.folder / "run")
    with pytest.raises(
        RunError, match=r"weights\.npz: cannot be read: its arrays are not those of this network"
    ):
        load_run(project.folder / "run")


def test_what_is_no_finished_run_is_refused(project, tmp_path):
    with pytest.raises(RunError, match="does not exist"):
        load_run(tmp_path / "nowhere")
    with pytest.raises(RunError, match="is not a run directory"):
        load_run(project.folder)
    (tmp_path / "run.json").write_text('{"status": "interrupted"}')
    with pytest.raises(RunError, match="has no model yet: its status is 'interrupted'"):
        load_run(tmp_path)


def test_the_configs_own_metric_wins_over_the_usual_one(project, frame):
    train(
        project.dataset(metrics=[{"name": "precision", "thresholds": 0.9}]),
        stem="x",
        path=project.folder / "run",
    )
    trained = load_run(project.folder / "run")
    metrics = evaluate(trained, trained.open(project.folder / "table.csv"))
    called = predict(trained, frame)["probability"].to_numpy() > 0.9
    right = (frame["label"].to_numpy() == 1) & called
    assert metrics["precision"] == pytest.approx(right.sum() / called.sum() if called.sum() else 0)


def test_kept_cells_are_copied_even_where_they_look_missing(trained, frame):
    predictions = predict(trained, frame.with_columns(country=pl.lit("NA")), keep=("country",))
    assert predictions["country"].to_list() == ["NA"] * 60


def test_a_column_called_star_is_a_column(project, frame):
    renamed = frame.rename({"age": "*"})
    project.table(renamed)
    train(project.dataset(), stem="x", path=project.folder / "run")
    assert predict(load_run(project.folder / "run"), renamed, keep=("*",)).columns[0] == "*"


def test_true_and_false_are_no_numbers_where_training_read_numbers(trained, frame):
    with pytest.raises(TableError, match=r"column .age. holds text .* training read numbers here"):
        predict(trained, frame.with_columns(age=pl.lit("true")))


def test_an_output_that_is_not_finite_is_refused(trained, frame):
    weights = {name: np.full_like(array, np.nan) for name, array in trained.weights.items()}
    undefined = make_network(trained.config, trained.encoder, weights)
    with pytest.raises(TableError, match=r"new.csv:2: the network's output is not finite"):
        predict(trained.with_forward(undefined), frame)


@pytest.mark.parametrize(
    "content", ["[]", '"x"', "null", "{", "{}", '{"status": 3}', '{"status": "finished"}']
)
def test_a_damaged_run_json_is_refused(project, trained, content):
    (project.folder / "run" / "run.json").write_text(content)
    with pytest.raises(RunError):
        load_run(project.folder / "run")


def test_an_encoding_that_is_not_the_configs_is_refused(project, trained):
    path = project.folder / "run" / "encoding.json"
    encoding = json.loads(path.read_text())
    renamed = [{**target, "name": "other"} for target in encoding["targets"]]
    path.write_text(json.dumps({**encoding, "targets": renamed}))
    sign(project.folder / "run")
    with pytest.raises(RunError, match="its targets are not those of"):
        load_run(project.folder / "run")


def test_a_moved_run_predicts_the_same(project, trained, frame):
    expected = predict(trained, frame)
    moved = (project.folder / "run").rename(project.folder / "a run, möved")
    assert predict(load_run(moved), frame).equals(expected)
