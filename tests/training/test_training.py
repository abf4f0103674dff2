"""Training: the compiled epoch against Keras itself, and what a run leaves behind."""

import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive, usual
from support.trainings import CASES, HIDDEN, SIGMOID

from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.errors import ExpectationError, Interrupted, RunError, TrainingError
from nnrun.features.dataset import Dataset
from nnrun.results.trained_run import load_run
from nnrun.training import epoch_loop, trainer
from nnrun.training.backend import keras, tf
from nnrun.training.batches import row_order
from nnrun.training.build_model import build_network, compile_model
from nnrun.training.expectations import check_expectations
from nnrun.training.finish import Result
from nnrun.training.trainer import train


def weights(result: Result) -> list[np.ndarray[Any, Any]]:
    return keras.saving.load_model(result.run.model, compile=False).get_weights()  # type: ignore[no-any-return]


def bit_equal(a: list[np.ndarray[Any, Any]], b: list[np.ndarray[Any, Any]]) -> bool:
    return len(a) == len(b) > 0 and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    return tmp_path / "runs"


USUAL = (
    "every batch of the same size",
    "many at once",
    "xla",
)


@pytest.mark.parametrize("changes", usual(CASES, *USUAL))
def test_compiled_epoch_equals_keras_fit_bit_for_bit(project, run_folder, changes):
    dataset = project.dataset(changes)
    ours = train(dataset, stem="ours", path=run_folder / "ours")
    theirs = train(dataset, stem="theirs", path=run_folder / "theirs", engine="keras")
    assert ours.run.history.read_text() == theirs.run.history.read_text()
    assert (ours.epochs, ours.best_epoch, ours.metrics) == (
        theirs.epochs,
        theirs.best_epoch,
        theirs.metrics,
    )
    assert bit_equal(weights(ours), weights(theirs))


@pytest.mark.parametrize("batch_size", [8, exhaustive(9, id="9")])
def test_compiled_epoch_equals_a_plain_fit_on_rows_in_the_same_order(
    project, run_folder, batch_size
):
    layers = [HIDDEN, {"type": "Dropout", "rate": 0.3}, {"type": "BatchNormalization"}, SIGMOID]
    dataset = project.dataset(layers=layers, batch_size=batch_size)
    ours = train(dataset, stem="ours", path=run_folder / "ours")

    arrays = dataset.arrays(dataset.train)
    keras.utils.set_random_seed(0)
    model = build_network(dataset.config, dataset.encoder)
    compile_model(model, dataset.config, len(arrays.x))
    losses = []
    for epoch in range(dataset.config.epochs):
        order = row_order(0, epoch, len(arrays.x))
        fitted = model.fit(
            arrays.x[order], arrays.y[order], shuffle=False, batch_size=batch_size, verbose=0
        )
        losses.append(fitted.history["loss"][0])
    assert bit_equal(weights(ours), model.get_weights())
    assert pl.read_csv(ours.run.history)["loss"].to_list() == losses


def test_calls_of_one_step_give_the_same_weights_and_report_progress(
    project, run_folder, monkeypatch
):
    dataset = project.dataset(batch_size=4)
    long = train(dataset, stem="a", path=run_folder / "a")
    monkeypatch.setattr(epoch_loop, "SECONDS_PER_CALL", 1e-9)
    reported: list[int] = []

    class Watch(keras.callbacks.Callback):  # type: ignore[misc]
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            reported.append(batch + 1)

    short = train(dataset, stem="b", path=run_folder / "b", callbacks=(Watch(),))
    steps = math.ceil(len(dataset.train.x) / 4)
    assert reported == [*range(1, steps + 1)] * 3
    assert bit_equal(weights(long), weights(short))


def test_two_runs_are_bit_equal_and_another_seed_is_another_run(project, run_folder):
    first, second, other = (
        train(project.dataset(seed=seed), stem="x", path=run_folder / str(i))
        for i, seed in enumerate([0, 0, 1])
    )
    assert first.run.history.read_bytes() == second.run.history.read_bytes()
    assert bit_equal(weights(first), weights(second))
    assert not bit_equal(weights(first), weights(other))


def test_every_epoch_has_its_own_row_order():
    orders = [tuple(row_order(0, epoch, 50)) for epoch in range(20)]
    assert len(set(orders)) == 20
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert orders[0] != tuple(row_order(1, 0, 50))


def test_training_learns(project, run_folder):
    result = train(project.dataset(epochs=60), stem="x", path=run_folder)
    assert result.metrics["val_accuracy"] >= 0.9
    assert result.metrics["loss"] < 0.3


@pytest.mark.parametrize(
    "seconds",
    [
        exhaustive(0, id="1970"),
        pytest.param(4_400_000_000, id="2109"),
        exhaustive(10_000_000_000, id="2286"),
    ],
)
def test_a_clock_that_is_far_off_costs_no_training(
    project, run_folder, monkeypatch, plain_keras, seconds
):
    now = time.time()
    clock, calendar = time.time, time.localtime
    monkeypatch.setattr(time, "time", lambda: clock() - now + seconds)
    monkeypatch.setattr(time, "localtime", lambda *at: calendar(*(at or [time.time()])))
    run = train(project.dataset(), stem="x", path=run_folder).run
    monkeypatch.undo()
    load_run(run.path)
    rows = [[40.0, 170.0, 0.5]]
    assert np.isfinite(plain_keras.predict(run.model, rows)).all()


def test_history_has_a_row_per_epoch_and_metrics_are_of_the_last(project, run_folder):
    result = train(project.dataset(epochs=4), stem="x", path=run_folder)
    history = pl.read_csv(result.run.history)
    assert history.columns == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert history["epoch"].to_list() == [1, 2, 3, 4]
    assert result.metrics == history.drop("epoch").row(-1, named=True)
    assert json.loads(result.run.metrics.read_text()) == {"epoch": 4, **result.metrics}


def test_restored_best_weights_are_of_the_epoch_that_metrics_name(project, run_folder):
    stopping = {"patience": 2, "restore_best_weights": True, "monitor": "val_loss"}
    dataset = project.dataset(
        epochs=40, optimizer={"name": "adam", "learning_rate": 0.3}, early_stopping=stopping
    )
    result = train(dataset, stem="x", path=run_folder)
    history = pl.read_csv(result.run.history)
    assert result.epochs < 40
    assert result.best_epoch == history["val_loss"].arg_min() + 1
    assert dataset.validation is not None
    held_out = dataset.arrays(dataset.validation)
    model = keras.saving.load_model(result.run.model)
    loss = model.evaluate(held_out.x, held_out.y, verbose=0)[0]
    assert loss == pytest.approx(result.metrics["val_loss"], rel=1e-5)


def test_a_test_table_is_measured_once(project, run_folder):
    result = train(project.dataset({"data.test": "table.csv"}), stem="x", path=run_folder)
    assert {"test_loss", "test_accuracy"} <= result.metrics.keys()
    assert "test_loss" not in pl.read_csv(result.run.history).columns


def test_large_targets_are_learnt_through_the_final_rescaling(project, run_folder, frame):
    frame = frame.with_columns(price=500_000 + 100_000 * (pl.col("age") - 40) / 10).drop("label")
    project.table(frame)
    changes = {
        "data.target": "price",
        "loss": "mse",
        "layers": [HIDDEN, {"units": 1}],
        "epochs": 60,
    }
    result = train(project.dataset(changes), stem="x", path=run_folder)
    assert result.metrics["val_mean_absolute_error"] < 40_000


def test_a_loss_that_is_not_finite_stops_the_run_with_advice(project, run_folder):
    dataset = project.dataset(optimizer={"name": "sgd", "learning_rate": 1e30}, epochs=50)
    with pytest.raises(
        TrainingError,
        match=r"the loss is (nan|inf) after epoch \d+; try optimizer: adam, a learning_rate smaller than 1e\+30",
    ):
        train(dataset, stem="x", path=run_folder)
    assert json.loads((run_folder / "run.json").read_text())["status"] == "failed"
    assert not (run_folder / "model.keras").exists()


@pytest.mark.parametrize("name", ["compiled", "keras"])
def test_ctrl_c_ends_the_run_and_keeps_its_history(project, run_folder, name):
    class Stop(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="stopped at epoch 2 of 5"):
        train(
            project.dataset(epochs=5), stem="x", path=run_folder, engine=name, callbacks=(Stop(),)
        )
    info = json.loads((run_folder / "run.json").read_text())
    assert (info["status"], info["epochs"]) == ("interrupted", 2)
    assert pl.read_csv(run_folder / "history.csv").height == 2


def test_tensorboard_opens_the_logs_and_reads_the_history_from_them(project, run_folder):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    result = train(project.dataset(tensorboard=True), stem="x", path=run_folder)
    history = pl.read_csv(run_folder / "history.csv")
    for part, column in (("train", "loss"), ("validation", "val_loss")):
        events = accumulator.EventAccumulator(str(result.run.tensorboard / part)).Reload()
        logged = [
            tf.make_ndarray(event.tensor_proto).item() for event in events.Tensors("epoch_loss")
        ]
        assert logged == pytest.approx(history[column].to_list(), rel=1e-6)


def test_run_directories_are_numbered_and_never_overwritten_unasked(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    dataset = project.dataset(epochs=1)
    paths = [str(train(dataset, stem="config").run.path) for _ in range(3)]
    assert paths == [
        str(Path("runs/config")),
        str(Path("runs/config-2")),
        str(Path("runs/config-3")),
    ]
    with pytest.raises(
        RunError, match="exists; choose another with -o, or replace it with --overwrite"
    ):
        train(dataset, stem="x", path=Path("runs/config"))
    again = train(dataset, stem="x", path=Path("runs/config"), overwrite=True)
    assert pl.read_csv(again.run.history).height == 1


def test_a_folder_that_is_no_run_is_not_overwritten(project, run_folder):
    run_folder.mkdir()
    (run_folder / "thesis.txt").write_text("years of work")
    with pytest.raises(
        RunError, match="exists, and is not a run directory; choose another with -o"
    ):
        train(project.dataset(), stem="x", path=run_folder, overwrite=True)
    assert (run_folder / "thesis.txt").read_text() == "years of work"


def test_a_run_json_of_somebody_else_is_not_overwritten(project, run_folder):
    run_folder.mkdir()
    (run_folder / "run.json").write_text('{"years": "of work"}')
    (run_folder / "config.yaml").write_text("of another program")
    with pytest.raises(RunError, match=r"run\.json: cannot be read"):
        train(project.dataset(), stem="x", path=run_folder, overwrite=True)
    assert (run_folder / "config.yaml").exists()


def test_run_json_says_what_the_numbers_depend_on(project, run_folder):
    info = json.loads(train(project.dataset(), stem="x", path=run_folder).run.info.read_text())
    assert info["status"] == "finished"
    assert info["data"]["train"]["rows"] + info["data"]["validation"]["rows"] == 60
    assert info["versions"]["keras"] == keras.__version__
    assert info.keys() >= {
        "nnrun",
        "seed",
        "engine",
        "jit_compile",
        "started",
        "seconds",
        "epochs",
        "best_epoch",
    }
    assert info["checksums"].keys() == {
        "config.yaml",
        "encoding.json",
        "model.keras",
        "weights.npz",
    }


@pytest.mark.parametrize(
    ("expectation", "met"),
    [
        (">= 0.5", True),
        ("<= 0.5", True),
        ("== 0.5", True),
        ("> 0.5", False),
        ("< 0.5", False),
        (">= 0.51", False),
    ],
    ids=["at least", "at most", "equal", "more than", "less than", "at least a larger one"],
)
def test_expectations_compare_as_they_read(project, expectation, met):
    config: Config = project.load(expect={"val_accuracy": expectation})
    if met:
        check_expectations(config, {"val_accuracy": 0.5})
    else:
        with pytest.raises(
            ExpectationError, match=r"config.yaml:\d+:\d+: expect.val_accuracy: expected .* got 0.5"
        ):
            check_expectations(config, {"val_accuracy": 0.5})


def test_class_weights_balance_the_labels(project, frame):
    project.table(
        pl.concat([frame.filter(pl.col("label") == 1), frame.filter(pl.col("label") == 0)[:10]])
    )
    dataset: Dataset = project.dataset({"class_weight": "balanced", "data.validation_split": 0})
    counts = dataset.label_counts
    total = sum(counts.values())
    expected = [total / (2 * counts["0"]), total / (2 * counts["1"])]
    np.testing.assert_allclose(dataset.class_weights(), expected, rtol=1e-6)
    arrays = dataset.arrays(dataset.train, weighted=True)
    assert arrays.sample_weight.sum() == pytest.approx(total)


def test_averaged_weights_are_measured_as_they_are_saved(project, run_folder):
    changes = {
        "optimizer": {"name": "sgd", "use_ema": True, "ema_momentum": 0.999},
        "data.test": "table.csv",
    }
    dataset = project.dataset(
        {**changes, "epochs": 10, "data.validation_split": 0, "data.validation": "table.csv"}
    )
    metrics = train(dataset, stem="x", path=run_folder).metrics
    assert metrics["val_loss"] == metrics["test_loss"]


@pytest.mark.parametrize(("rows", "batch_size"), [(1, 32), (2, 1), (3, 2)])
def test_tiny_tables_train(project, run_folder, frame, rows, batch_size):
    project.table(frame.sort("label")[29 : 29 + rows])
    changes = {
        "data.target": "dose",
        "loss": "mse",
        "data.validation_split": 0,
        "batch_size": batch_size,
    }
    result = train(project.dataset(changes), stem="x", path=run_folder)
    assert np.isfinite(result.metrics["loss"])


def test_overwriting_leaves_nothing_of_the_old_run(project, run_folder):
    train(project.dataset(epochs=5), stem="x", path=run_folder)
    (run_folder / "tensorboard").mkdir()
    train(project.dataset(epochs=1), stem="x", path=run_folder, overwrite=True)
    assert pl.read_csv(run_folder / "history.csv").height == 1
    assert not (run_folder / "tensorboard").exists()


def test_what_auto_decided_is_in_the_runs_config(shared_run):
    assert load_config(shared_run / "config.yaml").jit_compile is False


@pytest.mark.parametrize(
    ("layers", "compiled"),
    [([], True), ([{"type": "Dropout", "rate": 0.1}], False)],
    ids=["no random layer", "dropout"],
)
def test_auto_compiles_long_runs_with_xla_but_not_with_random_layers(project, layers, compiled):
    dataset = project.dataset({"layers": [HIDDEN, *layers, SIGMOID], "epochs": 6_000})
    model = build_network(dataset.config, dataset.encoder)
    compile_model(model, dataset.config, len(dataset.train.x))
    assert model.jit_compile is compiled


def test_auto_compiles_shorter_runs_of_large_networks(project):
    for units, compiled in ((8, False), (100_000, True)):
        dataset = project.dataset(
            {"layers": [{"units": units, "activation": "relu"}, SIGMOID], "epochs": 1_500}
        )
        model = build_network(dataset.config, dataset.encoder)
        compile_model(model, dataset.config, len(dataset.train.x))
        assert model.jit_compile is compiled


def test_memory_of_a_device_that_runs_out_is_told(nnrun, project, monkeypatch):
    def exhausted(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    monkeypatch.setattr(trainer, "fit_compiled", exhausted)
    done = nnrun("train", project.config(), "-o", "run")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith(
        "out of memory: use fewer units, a smaller batch_size or a smaller table\n"
    )
