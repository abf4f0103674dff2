"""A training that starts with the weights of a run."""

import json
import runpy

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive
from support.project import default_table

from nnrun.api import functions as api
from nnrun.errors import ConfigError, Interrupted, RunError
from nnrun.reporting.script import run_script
from nnrun.results.trained_run import load_run
from nnrun.training.backend import keras
from nnrun.training.resume import reopen
from nnrun.training.trainer import resume, train
from nnrun.workflows.reproduce import reproduce
from nnrun.workflows.warm_start import load_warm

OFTEN = {"checkpoint": {"every_seconds": 1e-6}}


class StopAt(keras.callbacks.Callback):
    """Stops training as Ctrl-C does, once an epoch is over."""

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        raise KeyboardInterrupt


def later_table(rows: int = 40) -> pl.DataFrame:
    """Return rows of other means than the table has that the first run was trained on."""
    return default_table().head(rows).with_columns(pl.col("age") + 15, pl.col("dose") * 2)


@pytest.fixture
def base(trained_runs, project):
    """A copy of a run, which is trained once."""
    return trained_runs.copy_to(project)


@pytest.fixture
def warm(project):
    """Train a config of the project from a run into a folder of this name."""

    def call(name, run, *callbacks, **changes):
        project.table(later_table(), "later.csv")
        config = project.load({"data.train": "later.csv", "epochs": 2, **changes})
        dataset, start = load_warm(config, run, project.folder, None)
        path = project.folder / name
        return train(dataset, stem="x", path=path, callbacks=callbacks, start=start).run.path

    return call


@pytest.mark.usefixtures("eager")
def test_it_begins_with_the_weights_and_keeps_the_scaling_of_the_run(base, warm):
    still = warm("still", base, optimizer={"name": "SGD", "learning_rate": 1e-30})
    before = load_run(base)
    after = load_run(still)
    for name, array in before.weights.items():
        assert np.array_equal(array, after.weights[name])
    assert after.encoder == before.encoder
    started = json.loads((still / "run.json").read_text())["started_from"]
    checksums = json.loads((base / "run.json").read_text())["checksums"]
    assert started["path"] == str(base.resolve())
    assert started["weights"] == checksums["weights.npz"]


@pytest.mark.usefixtures("eager")
def test_it_trains_on_from_there(base, warm):
    run = warm("warm", base)
    changed = load_run(run).weights
    assert any(not np.array_equal(a, changed[name]) for name, a in load_run(base).weights.items())
    assert reproduce(run).startswith("equal: the table, 2 epochs")


def test_every_thing_that_does_not_fit_is_named_in_one_pass(base, project, nnrun):
    table = later_table().with_columns(
        label=pl.Series(["0", "1", "maybe", "no"] * 10), extra=pl.lit(1.5), dose=pl.lit("a")
    )
    project.table(table.drop("height"), "later.csv")
    project.config(
        {
            "data.train": "later.csv",
            "data.normalize": False,
            "data.categorical": ["dose"],
            "loss": "SparseCategoricalCrossentropy",
            "layers": [{"units": 30}, {"units": 4, "activation": "softmax"}],
            "ensemble": 2,
        }
    )
    done = nnrun("train", "config.yaml", "--from", base)
    assert (done.code, done.out) == (2, "")
    for text in (
        "data.normalize: must be true, as in",
        "ensemble: must be 1, as in",
        "layers[0]: is Dense with weights (3, 30) and (30,), but",
        "layers[1]: is Dense with weights (30, 4) and (4,), but",
        "column 'label' has labels that",
        "does not know: 'maybe', 'no'; it knows '0', '1'",
        "has columns that are not features of",
        "'extra'; to train without them: `drop: [extra]`",
        "are not features here: 'height'",
        "data.categorical: column 'dose' is text, where",
    ):
        assert text in done.err


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"data.target": "age", "loss": "MeanSquaredError"}, "data.target: must be 'label', as in"),
        ({"data.positive": 0}, "data.positive: must be "),
        ({"data.numeric": "robust"}, "data.numeric: must be standard, as in"),
        ({"data.clip": 3}, "data.clip: must be left out, as in"),
        ({"layers": [{"units": 1, "activation": "sigmoid"}]}, "layers: 1 layer with weights"),
        ({"data.drop": ["age"]}, "are not features here: 'age'"),
    ],
    ids=["target", "positive", "numeric", "clip", "layers", "columns"],
)
def test_what_does_not_fit_is_named(base, project, changes, text):
    with pytest.raises(ConfigError) as error:
        load_warm(project.load(changes), base, project.folder, None)
    assert any(text in line for line in error.value.problems)


def test_outputs_that_normalize_alone_scales_otherwise_are_told_once(trained_runs, project):
    layers = [{"units": 1}]
    changes = {"data.target": "dose", "loss": "MeanSquaredError", "layers": layers, "epochs": 1}
    base = trained_runs.copy_to(project, changes)
    with pytest.raises(ConfigError) as error:
        load_warm(project.load({**changes, "data.normalize": False}), base, project.folder, None)
    (line,) = error.value.problems
    assert "data.normalize: must be true, as in" in line


def test_layers_without_weights_may_differ_and_labels_may_be_fewer(base, project):
    project.table(later_table().filter(pl.col("label") == 1), "later.csv")
    layers = [dict(layer) for layer in project.load().layers]
    layers.insert(1, {"type": "Dropout", "rate": 0.1})
    changes = {"data.train": "later.csv", "layers": layers, "class_weight": "balanced"}
    dataset, _ = load_warm(project.load(changes), base, project.folder, None)
    assert min(dataset.label_counts.values()) == 0
    assert dataset.class_weights().tolist() == [0, 1]


def test_a_table_that_is_converted_to_files_is_read_through_the_run_too(base, project):
    changes = {"data.train": "table.csv", "data.in_memory": False}
    project.table(later_table(), "table.csv")
    config = project.load(changes)
    for _ in range(2):  # the second time it is converted already
        dataset, _ = load_warm(config, base, project.folder, None)
        assert dataset.encoder == load_run(base).encoder
        assert dataset.from_run == str(base)


@pytest.mark.usefixtures("eager")
def test_a_run_that_was_stopped_goes_on_without_the_other_run(base, warm, project):
    whole = warm("whole", base, **OFTEN)
    with pytest.raises((Interrupted, KeyboardInterrupt)):
        warm("cut", base, StopAt(), **OFTEN)
    cut = project.folder / "cut"
    moved = base.rename(base.parent / "elsewhere")
    with reopen(cut) as (run, dataset):
        resume(run, dataset)
    for name, array in load_run(whole).weights.items():
        assert np.array_equal(array, load_run(cut).weights[name])
    with pytest.raises(RunError, match="it started with the weights of"):
        reproduce(cut)
    moved.rename(base)
    assert reproduce(cut).startswith("equal")


@pytest.mark.usefixtures("eager")
def test_members_of_an_ensemble_start_with_the_weights_of_their_own(trained_runs, project, warm):
    ensemble = trained_runs.copy_to(project, ensemble=3, seed=4, epochs=3)
    still = warm("still", ensemble, ensemble=3, optimizer={"name": "SGD", "learning_rate": 1e-30})
    for name, array in load_run(ensemble).weights.items():
        assert np.array_equal(array, load_run(still).weights[name])


@pytest.mark.parametrize(
    "changes",
    [
        exhaustive({}, id="standard"),
        pytest.param(
            {"data.numeric": {"name": "ple", "values": True}, "data.missing": "mean"}, id="codes"
        ),
        exhaustive({"ensemble": 2}, id="ensemble"),
    ],
)
@pytest.mark.exhaustive
def test_the_script_starts_with_the_same_weights(project, warm, monkeypatch, changes):
    monkeypatch.chdir(project.folder)
    first = train(project.dataset(changes, epochs=2), stem="x", path=project.folder / "first")
    run = warm("run", first.run.path, **changes)
    text = run_script(run, exact=True)
    (project.folder / "script.py").write_text(text + "\n")
    runpy.run_path(str(project.folder / "script.py"))
    x = project.dataset().validation.x
    actual = keras.saving.load_model("network.keras")(x).numpy()
    assert actual == pytest.approx(load_run(run).forward(x), abs=1e-5)


@pytest.mark.usefixtures("eager")
def test_python_takes_a_run_and_show_tells_it(base, project, nnrun):
    project.table(later_table(), "later.csv")
    config = project.config({"data.train": "later.csv", "epochs": 1})
    output = project.folder / "warm"
    run = api.train(config, output, from_run=api.load(base), quiet=True)
    assert f"start      with the weights of {base.resolve()}" in nnrun("show", run.path).out
    shown = json.loads(nnrun("show", run.path, "--json").out)
    assert shown["started_from"]["path"] == str(base.resolve())


def test_what_is_no_run_and_a_smoke_test_are_refused(project, nnrun):
    project.config()
    for options, text in (
        (("--from", "nowhere"), "nowhere: does not exist"),
        (("--from", "nowhere", "--smoke"), "--smoke tries weights that are drawn"),
    ):
        done = nnrun("train", "config.yaml", *options)
        assert done.code == 2
        assert text in done.err
