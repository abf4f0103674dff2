"""Several labels: trained, saved, predicted and evaluated as Keras itself does."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive, usual

from nnrun.checks.registry import lint
from nnrun.errors import TableError
from nnrun.features.dataset import Dataset
from nnrun.features.encoded_reader import EncodedReader
from nnrun.results.class_measure import ClassMeasure
from nnrun.results.evaluated_rows import evaluate_rows
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.tables.table import open_table
from nnrun.training.backend import keras
from nnrun.training.batches import row_order
from nnrun.training.build_model import build_network, compile_model
from nnrun.training.finish import Result
from nnrun.training.trainer import train

HIDDEN = {"units": 6, "activation": "relu"}
SOFTMAX = {"units": 3, "activation": "softmax"}
LOGITS = {"name": "SparseCategoricalCrossentropy", "from_logits": True}
CLASSES = {
    "loss": "SparseCategoricalCrossentropy",
    "data.target": "kind",
    "layers": [HIDDEN, SOFTMAX],
}
LABELS = ["cat", "cow", "dog"]
Numbers = "np.ndarray[Any, Any]"


def kinds(frame: pl.DataFrame, labels: list[Any]) -> pl.DataFrame:
    """Return the table with as many labels as are given, which two of the features decide; the first is rare."""
    n, age = len(labels), frame["age"].rank("ordinal").to_numpy() - 1
    places = np.maximum((age * n / len(frame)).astype(int), (age >= 4).astype(int))
    return frame.drop("label").with_columns(pl.Series("kind", [labels[place] for place in places]))


@pytest.fixture
def animals(project, frame) -> pl.DataFrame:
    """The project's table with three labels."""
    project.table(kinds(frame, LABELS))
    return kinds(frame, LABELS)


def weights(result: Result) -> list[Any]:
    return keras.saving.load_model(result.run.model, compile=False).get_weights()  # type: ignore[no-any-return]


def bit_equal(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) > 0 and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.fixture
def run(project, trained_runs) -> Callable[..., TrainedRun]:
    """Load a run of the classes of the project's table, with changes of the config."""

    def call(changes: dict[str, Any] | None = None, **more: Any) -> TrainedRun:
        changes = {**CLASSES, **(changes or {}), **more}
        return load_run(trained_runs.copy_to(project, changes))

    return call


def predict(trained: TrainedRun, frame: pl.DataFrame) -> pl.DataFrame:
    table = open_table(frame.write_csv().encode(), [""], "new.csv")
    return pl.concat(
        trained.predictions(EncodedReader(trained.encoder, table, target=False, owed=True))
    )


def evaluate(trained: TrainedRun, frame: pl.DataFrame) -> dict[str, Any]:
    table = open_table(frame.write_csv().encode(), [""], "new.csv")
    return evaluate_rows(trained, EncodedReader(trained.encoder, table, target=True)).metrics


def matrices(dataset: Dataset, frame: pl.DataFrame) -> tuple[Any, Any]:
    """Return x and y of a table as Keras takes them."""
    codes = {label: code for code, label in enumerate(dataset.encoder.labels)}
    x = (
        frame.select([feature.name for feature in dataset.encoder.features])
        .to_numpy()
        .astype(np.float32)
    )
    return x, np.array([[codes[str(label)]] for label in frame["kind"]], np.float32)


CASES: dict[str, dict[str, Any]] = {
    "plain, last batch smaller": {"batch_size": 8},
    "every batch of the same size": {"batch_size": 9},
    "one batch": {"batch_size": 1000},
    "a batch per row": {"batch_size": 1},
    "no rows held out": {"data.validation_split": 0},
    "class weights": {"class_weight": {"cat": 5, "dog": 1, "cow": 0.5}},
    "class weights, every batch of the same size": {"class_weight": "balanced", "batch_size": 9},
    "balanced class weights": {"class_weight": "balanced", "batch_size": 8},
    "logits": {"layers": [HIDDEN, {"units": 3}], "loss": LOGITS},
    "logits and class weights": {
        "layers": [HIDDEN, {"units": 3}],
        "loss": LOGITS,
        "class_weight": "balanced",
    },
    "metrics": {"metrics": ["accuracy", {"name": "sparse_top_k_categorical_accuracy", "k": 2}]},
    "metrics of logits": {
        "layers": [HIDDEN, {"units": 3}],
        "loss": LOGITS,
        "metrics": ["accuracy", "sparse_categorical_crossentropy"],
    },
    "smoothed labels": {
        "loss": {"name": "CategoricalCrossentropy", "label_smoothing": 0.2},
        "metrics": ["accuracy", "sparse_categorical_crossentropy"],
        "class_weight": "balanced",
        "batch_size": 8,
    },
    "a focus on hard rows": {
        "layers": [HIDDEN, {"units": 3}],
        "loss": {"name": "CategoricalFocalCrossentropy", "from_logits": True, "gamma": 1.5},
    },
    "dropout": {"layers": [HIDDEN, {"type": "Dropout", "rate": 0.3}, SOFTMAX], "batch_size": 8},
    "early stopping": {
        "epochs": 12,
        "early_stopping": {"patience": 1, "restore_best_weights": True},
    },
    "a test table": {"data.test": "table.csv"},
    "xla": {"jit_compile": True, "batch_size": 8},
    "xla and class weights": {"jit_compile": True, "batch_size": 8, "class_weight": "balanced"},
}


USUAL = "class weights, every batch of the same size"


@pytest.mark.parametrize("changes", usual(CASES, USUAL))
def test_compiled_epoch_equals_keras_fit_bit_for_bit(project, animals, changes):
    dataset = project.dataset({**CLASSES, **changes})
    assert [finding for finding in lint(dataset) if finding.level == "error"] == []
    ours = train(dataset, stem="ours", path=project.folder / "ours")
    theirs = train(dataset, stem="theirs", path=project.folder / "theirs", engine="keras")
    assert ours.run.history.read_text() == theirs.run.history.read_text()
    assert (ours.epochs, ours.best_epoch, ours.metrics) == (
        theirs.epochs,
        theirs.best_epoch,
        theirs.metrics,
    )
    assert bit_equal(weights(ours), weights(theirs))


@pytest.mark.parametrize(
    ("batch_size", "weighted"),
    [
        pytest.param(8, True, id="last batch smaller, weighted"),
        exhaustive(10, False, id="batches of one size"),
        exhaustive(8, False, id="last batch smaller"),
        exhaustive(10, True, id="batches of one size, weighted"),
    ],
)
def test_compiled_epoch_equals_a_plain_fit_on_rows_in_the_same_order(
    project, animals, batch_size, weighted
):
    by_label = {"cat": 5, "dog": 1, "cow": 0.5}
    changes = {"batch_size": batch_size, "data.validation_split": 0} | (
        {"class_weight": by_label} if weighted else {}
    )
    dataset = project.dataset({**CLASSES, **changes})
    ours = train(dataset, stem="ours", path=project.folder / "ours")

    x, y = matrices(dataset, animals)
    keras.utils.set_random_seed(0)
    model = build_network(dataset.config, dataset.encoder)
    compile_model(model, dataset.config, len(x))
    losses = []
    for epoch in range(dataset.config.epochs):
        order = row_order(0, epoch, len(x))
        sample_weight = (
            np.array([by_label[LABELS[int(code)]] for code in y[order, 0]]) if weighted else None
        )
        options: dict[str, Any] = {"shuffle": False, "batch_size": batch_size, "verbose": 0}
        losses += model.fit(x[order], y[order], sample_weight=sample_weight, **options).history[
            "loss"
        ]
    assert bit_equal(weights(ours), model.get_weights())
    assert pl.read_csv(ours.run.history)["loss"].to_list() == losses


def test_training_learns(project, animals):
    result = train(
        project.dataset({**CLASSES, "epochs": 150}), stem="x", path=project.folder / "run"
    )
    assert result.metrics["accuracy"] >= 0.9


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param(["dog", "cat", "cow"], ["cat", "cow", "dog"], id="words"),
        exhaustive(list(range(11)), [str(i) for i in range(11)], id="eleven whole numbers"),
        pytest.param([10, 9, 2, -1], ["-1", "2", "9", "10"], id="a negative number"),
        exhaustive(["1.0", "2", "10.0"], ["1.0", "2", "10.0"], id="whole numbers with a point"),
        exhaustive([0.5, 1.5, 2.5], ["0.5", "1.5", "2.5"], id="fractions"),
        pytest.param(["10", "9", "x"], ["10", "9", "x"], id="numbers and a word"),
        exhaustive(["false", "true"], ["false", "true"], id="false and true"),
        exhaustive(["True", "False"], ["False", "True"], id="True and False"),
        exhaustive([1, 0], ["0", "1"], id="0 and 1"),
        exhaustive(
            ["größer", "a, b", 'say "c"'], ["a, b", "größer", 'say "c"'], id="commas and quotes"
        ),
    ],
)
def test_labels_of_any_type_are_predicted_as_the_table_writes_them(
    project, frame, run, labels, expected
):
    named = kinds(frame, labels)
    project.table(named)
    layers = [HIDDEN, {"units": len(labels), "activation": "softmax"}]
    trained = run(
        {
            "layers": layers,
            "epochs": 60,
            "data.validation_split": 0,
            "optimizer.learning_rate": 0.03,
        }
    )
    assert trained.encoder.labels == expected
    predictions = predict(trained, frame)
    assert predictions.columns == [*(f"probability_{label}" for label in expected), "prediction"]
    probabilities = predictions.drop("prediction").to_numpy()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert predictions["prediction"].to_list() == [
        expected[i] for i in probabilities.argmax(axis=1)
    ]
    assert (predictions["prediction"] == named["kind"].cast(pl.String)).mean() > 0.5


def test_spellings_of_one_label_are_one(project, frame, run):
    named = kinds(frame, ["1", "2", "3"])
    project.table(
        named.with_columns(
            pl.when(pl.col("age") > 45).then(pl.lit("3.0")).otherwise("kind").alias("kind")
        )
    )
    assert len(run().encoder.labels) == 3


@pytest.mark.parametrize(
    "changes", [{}, {"layers": [HIDDEN, {"units": 3}], "loss": LOGITS}], ids=["softmax", "logits"]
)
def test_evaluate_gives_what_keras_evaluate_gives(project, animals, run, changes):
    trained = run(
        {**changes, "metrics": ["accuracy", {"name": "sparse_top_k_categorical_accuracy", "k": 2}]}
    )
    metrics = evaluate(trained, animals)
    model = keras.saving.load_model(project.folder / "run" / "model.keras", compile=False)
    top = keras.metrics.SparseTopKCategoricalAccuracy(k=2)
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy", top])
    x, y = matrices(project.dataset(CLASSES), animals)
    ours = [metrics[name] for name in ("loss", "accuracy", "sparse_top_k_categorical_accuracy")]
    assert ours == pytest.approx(model.evaluate(x, y, verbose=0), rel=1e-5)
    assert metrics["labels"] == LABELS
    assert 0 <= metrics["auc"] <= 1
    assert "recall" not in metrics, "it is of the second of two labels"


def test_the_saved_model_is_compiled_as_the_config_says(project, animals, run):
    metrics = evaluate(run(), animals)
    x, y = matrices(project.dataset(CLASSES), animals)
    loss, accuracy = keras.saving.load_model(project.folder / "run" / "model.keras").evaluate(
        x, y, verbose=0
    )
    assert (metrics["loss"], metrics["accuracy"]) == pytest.approx((loss, accuracy), rel=1e-6)


def test_evaluate_counts_a_smaller_last_batch_and_blocks_as_keras_does(project, animals, run):
    trained = run(batch_size=7)
    metrics = evaluate(trained, animals)
    one = evaluate(run(batch_size=60), animals)
    assert metrics["confusion_matrix"] != [[0] * 3] * 3
    assert one.keys() == metrics.keys()
    model = keras.saving.load_model(project.folder / "run" / "model.keras")
    x, y = matrices(project.dataset(CLASSES), animals)
    assert one["loss"] == pytest.approx(model.evaluate(x, y, batch_size=7, verbose=0)[0], rel=1e-6)


def test_the_confusion_matrix_has_a_row_for_each_true_label(animals, run):
    trained = run(epochs=20)
    found = [LABELS.index(label) for label in predict(trained, animals)["prediction"]]
    expected = np.zeros((3, 3), int)
    for actual, called in zip(animals["kind"], found, strict=True):
        expected[LABELS.index(actual), called] += 1
    assert evaluate(trained, animals)["confusion_matrix"] == expected.tolist()


def test_evaluate_of_some_of_the_labels_keeps_the_matrix_whole(animals, run):
    metrics = evaluate(run(), animals.filter(pl.col("kind") == "dog"))
    assert np.array(metrics["confusion_matrix"]).shape == (3, 3)
    assert np.sum(metrics["confusion_matrix"][:2]) == 0


def test_a_label_that_training_never_saw_is_refused_with_its_line(animals, run):
    strange = animals.with_columns(
        pl.when(pl.int_range(60) == 4).then(pl.lit("bee")).otherwise("kind").alias("kind")
    )
    with pytest.raises(
        TableError, match=r"new.csv:6: column 'kind': 'bee' is not a label that training saw"
    ):
        evaluate(run(), strange)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        exhaustive({}, id="softmax"),
        exhaustive({"layers": [HIDDEN, {"units": 3}], "loss": LOGITS}, id="logits"),
        exhaustive({"loss": "CategoricalFocalCrossentropy"}, id="a loss of one-hot targets"),
        pytest.param(
            {
                "layers": [
                    {"units": 6, "activation": {"name": "elu", "alpha": 0.5}},
                    {"units": 5, "activation": {"name": "celu", "alpha": 0.5}},
                    SOFTMAX,
                ]
            },
            id="activations with arguments",
        ),
    ],
)
def test_the_saved_model_predicts_the_same_without_nnrun(
    plain_keras, project, animals, run, changes
):
    trained = run({**changes, "epochs": 10})
    x, _ = matrices(project.dataset(CLASSES), animals)
    theirs = plain_keras.predict(project.folder / "run" / "model.keras", x)
    np.testing.assert_allclose(theirs.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(
        predict(trained, animals).drop("prediction").to_numpy(), theirs, rtol=1e-5, atol=1e-7
    )


@pytest.mark.parametrize(
    ("labels", "given", "expected"),
    [
        (LABELS, {"dog": 3, "cat": 1, "cow": 2}, [1, 2, 3]),
        ([0, 1, 2], {"0": 1, "1.0": 2, "2": 3}, [1, 2, 3]),
        ([0, 1, 2], {2: 3, 1: 2, 0: 1}, [1, 2, 3]),
        (list(range(11)), {str(i): i + 1 for i in range(11)}, list(range(1, 12))),
        (["true", "false", "unknown"], {True: 1, False: 2, "unknown": 3}, [2, 1, 3]),
    ],
    ids=["words", "numbers as text", "numbers", "eleven numbers", "true, false and a word"],
)
def test_class_weights_are_by_label(project, frame, labels, given, expected):
    project.table(kinds(frame, labels))
    dataset = project.dataset({**CLASSES, "class_weight": given, "data.validation_split": 0})
    assert dataset.class_weights().tolist() == expected
    arrays = dataset.arrays(dataset.train, weighted=True)
    assert arrays.sample_weight.tolist() == [expected[int(code)] for code in arrays.y[:, 0]]


def test_balanced_class_weights_give_every_label_the_same_sum(project, animals):
    dataset = project.dataset({**CLASSES, "class_weight": "balanced", "data.validation_split": 0})
    counts = dict(animals["kind"].value_counts().rows())
    assert dataset.label_counts == {label: counts[label] for label in LABELS}
    np.testing.assert_allclose(
        dataset.class_weights(), [60 / (3 * counts[label]) for label in LABELS], rtol=1e-6
    )
    weighted = dataset.arrays(dataset.train, weighted=True)
    sums = [weighted.sample_weight[weighted.y[:, 0] == code].sum() for code in range(3)]
    np.testing.assert_allclose(sums, 20, rtol=1e-6)


def test_rows_held_out_have_the_shares_of_every_label(project, frame):
    project.table(pl.concat([kinds(frame, LABELS)] * 10))
    dataset = project.dataset(CLASSES)
    assert dataset.validation is not None
    held, trained = (
        np.bincount(part.y[:, 0].astype(int)) for part in (dataset.validation, dataset.train)
    )
    np.testing.assert_allclose(held / (held + trained), 0.25, atol=0.02)


def test_commands_end_to_end(project, animals, nnrun):
    path = project.config({**CLASSES, "epochs": 20, "class_weight": "balanced"})
    assert nnrun("train", path, "-o", "run", "-q") == (0, "", "")
    done = nnrun("predict", "run", "table.csv", "--keep", "kind")
    assert pl.read_csv(done.out.encode()).columns == [
        "kind",
        *(f"probability_{label}" for label in LABELS),
        "prediction",
    ]
    evaluated = json.loads(nnrun("evaluate", "run", "table.csv", "--json").out)
    assert evaluated["rows"] == 60
    assert evaluated["metrics"]["labels"] == LABELS
    text = nnrun("evaluate", "run", "table.csv").out
    assert all(label in text for label in LABELS)
    assert nnrun("predict", "run", "table.csv", "--threshold", "0.5").code == 2
    assert nnrun("show", "run").code == 0


def auc_of_pairs(y: Any, p: Any) -> float:
    """The share of pairs of a positive and a negative row that are ranked rightly, ties counting half."""
    positive, negative = p[y == 1][:, None], p[y == 0][None, :]
    return float(((positive > negative) + 0.5 * (positive == negative)).mean())


def measured_auc(y: Any, p: Any) -> float:
    measure = ClassMeasure(2)
    for block in np.array_split(np.arange(len(y)), 7):
        measure.add(y[block, None].astype(np.float32), p[block, None].astype(np.float32))
    return float(measure.metrics()["auc"])


SCORES: dict[str, Callable[[np.random.Generator, Any], Any]] = {
    "uniform": lambda g, y: g.random(len(y)),
    "separated": lambda g, y: 0.6 * g.random(len(y)) + 0.4 * y,
    "wrong way round": lambda g, y: 0.6 * g.random(len(y)) + 0.4 * (1 - y),
    "near one": lambda g, y: 1 - 1e-3 * g.random(len(y)) * (2 - y),
    "near zero": lambda g, y: 1e-6 * g.random(len(y)) * (1 + y),
    "logistic": lambda g, y: 1 / (1 + np.exp(-5 * (g.normal(size=len(y)) + y))),
}


@pytest.mark.parametrize("scores", SCORES.values(), ids=SCORES.keys())
@pytest.mark.parametrize("share", [0.5, 0.05])
def test_auc_is_within_a_ten_thousandth_of_all_pairs(scores, share):
    generator = np.random.default_rng(0)
    y = (generator.random(4000) < share).astype(int)
    p = scores(generator, y).astype(np.float32)
    assert measured_auc(y, p) == pytest.approx(auc_of_pairs(y, p), abs=1e-4)


@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_auc_of_rounded_scores_is_exact(digits):
    generator = np.random.default_rng(digits)
    y = generator.integers(0, 2, 2000)
    p = np.round(generator.random(2000) * 0.7 + 0.3 * y, digits).astype(np.float32)
    assert measured_auc(y, p) == pytest.approx(auc_of_pairs(y, p), abs=1e-12)


@pytest.mark.parametrize(
    ("low", "high", "auc"), [(0.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.5, 0.5, 0.5)]
)
def test_auc_of_extreme_scores(low, high, auc):
    y = np.array([0, 1, 0, 1, 1, 0, 0])
    assert measured_auc(y, np.where(y == 1, high, low)) == auc


def test_auc_of_an_output_that_is_no_probability_is_that_of_the_nearest_one():
    assert measured_auc(np.array([0, 1, 0, 1]), np.array([-0.5, 1.5, 0.2, 0.1])) == 0.75


def test_accuracy_written_as_a_mapping_is_accuracy(animals, run):
    trained = run(metrics=[{"name": "accuracy"}])
    assert (
        evaluate(trained, animals)["accuracy"]
        == evaluate(run(metrics=["accuracy"]), animals)["accuracy"]
    )


def test_a_threshold_of_accuracy_is_a_probability_on_logits_too(project, frame):
    changes = {"metrics": [{"name": "accuracy", "threshold": 0.7}], "data.validation": "table.csv"}
    changes["data.validation_split"] = project.drop
    logits = {"loss": {"name": "bce", "from_logits": True}, "layers": [{"units": 1}]}
    train(project.dataset({**changes, **logits}), stem="x", path=project.folder / "run")
    trained = load_run(project.folder / "run")
    called = predict(trained, frame)["probability"] > 0.7
    assert evaluate(trained, frame)["accuracy"] == pytest.approx(
        (called == frame["label"].cast(bool)).mean()
    )


@pytest.mark.parametrize("missing", ["mean", "drop"])
def test_two_targets_of_labels_with_a_gap_are_refused_with_a_message(
    project, nnrun, frame, missing
):
    project.table(
        frame.with_columns(age=pl.when(pl.int_range(60) == 3).then(None).otherwise(pl.col("age")))
    )
    done = nnrun(
        "check", project.config({"data.target": ["label", "age"], "data.missing": missing})
    )
    assert done.code == 2
    assert "needs two labels in each target; column 'age' has 59: " in done.err
    assert "rare" not in done.err


def test_one_label_in_a_table_for_files_is_refused_with_a_message(project, nnrun, frame):
    project.table(frame.with_columns(label=pl.lit(1)))
    done = nnrun("check", project.config({"data.in_memory": False}))
    assert done.code == 2
    assert "BinaryCrossentropy needs two labels; every row has '1' [labels]" in done.err
