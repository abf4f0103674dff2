"""A refit: networks that are trained again on all rows, and those before that are measured."""

import json
import runpy
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from support.project import default_table

from nnrun.api import functions as api
from nnrun.errors import ConfigError, Interrupted, RunError
from nnrun.reporting.page import make_page
from nnrun.reporting.script import dataset_script
from nnrun.results.judged_run import judge_run
from nnrun.results.trained_run import load_run
from nnrun.runs.directory import Run
from nnrun.training.backend import keras
from nnrun.training.distributed.team import ALONE
from nnrun.training.job import prepare
from nnrun.training.refit import check_refit
from nnrun.training.resume import reopen
from nnrun.training.trainer import resume, train

STOPPING = {
    "early_stopping": {"patience": 1, "restore_best_weights": True},
    "reduce_lr_on_plateau": {"patience": 0, "factor": 0.5, "min_delta": 1},
}
OFTEN = {"checkpoint": {"every_seconds": 1e-6}}


class StopIn(keras.callbacks.Callback):
    """Sends a signal once the first epoch of a network is over; these are counted from 1."""

    def __init__(self, network: int) -> None:
        super().__init__()
        self._place = network
        self._network = 0

    def on_train_begin(self, logs: object = None) -> None:
        self._network += 1

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if (self._network, epoch) == (self._place, 0):
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def train_in(project):
    """Train a config of the project into a folder of this name."""

    def call(name, *callbacks, **changes):
        dataset = project.dataset(**{"epochs": 4, **STOPPING, **changes})
        return train(dataset, stem="x", path=project.folder / name, callbacks=callbacks).run.path

    return call


@pytest.fixture
def refitted(trained_runs, project):
    """A copy of a run of two networks that were trained again, which is trained once."""
    return trained_runs.copy_to(project, refit=True, ensemble=2, epochs=4, **STOPPING)


def assert_equal_weights(former, later) -> None:
    assert former.keys() == later.keys()
    for name, array in former.items():
        assert np.array_equal(array, later[name]), name


def test_what_is_measured_is_that_of_the_run_without_a_refit(refitted, train_in, nnrun, project):
    without = train_in("without", ensemble=2)
    trained = load_run(refitted)
    assert_equal_weights(load_run(without).weights, trained.before_refit().weights)
    for name in ("history.csv", "metrics.json"):
        assert (refitted / name).read_text() == (without / name).read_text()
    for command in (["evaluate"], ["evaluate", "--best-threshold", "f1"], ["importance"]):
        results = [nnrun(command[0], run, *command[1:], "--json") for run in (refitted, without)]
        assert json.loads(results[0].out) == json.loads(results[1].out)
        assert "of before the refit, which never saw" in results[0].err
        assert "refit" not in results[1].err
    verdicts = [judge_run(Run(run), project.dataset()) for run in (refitted, without)]
    assert verdicts[0] == verdicts[1]
    bounds = [json.loads((run / "intervals.json").read_text()) for run in (refitted, without)]
    assert bounds[0]["errors"] == bounds[1]["errors"]
    loaded = api.load(refitted)
    assert loaded.evaluate() == api.load(without).evaluate()
    assert "trained again on all" in make_page(refitted)


def test_the_networks_that_know_all_rows_predict(refitted, nnrun):
    trained = load_run(refitted)
    x = np.random.default_rng(0).normal(40, 20, size=(50, trained.encoder.width)).astype(np.float32)
    model = keras.saving.load_model(refitted / "model.keras")
    assert model.predict(x, verbose=0) == pytest.approx(trained.forward(x), abs=1e-6)
    assert not np.allclose(trained.forward(x), trained.before_refit().forward(x), atol=1e-4)
    of_table = api.load(refitted).evaluate(default_table())
    encoded = api.load(refitted).predict(default_table())
    assert of_table["rows"] == len(encoded)


def test_each_network_is_trained_on_all_rows_for_the_epochs_that_were_kept(refitted, nnrun):
    run = Run(refitted)
    info = run.read_info()
    kept = [run.member(number).read_info().best_epoch for number in (1, 2)]
    assert info.refit_epochs == kept
    rows = info.data["train"]["rows"] + info.data["validation"]["rows"]
    for number, epochs in enumerate(kept, 1):
        again = run.refit(number)
        assert again.read_info().data["train"]["rows"] == rows
        assert again.read_info().data.keys() == {"train"}
        assert len(again.history.read_text().splitlines()) == 1 + epochs
    shown = nnrun("show", refitted).out
    assert f"trained again on all {rows} rows for {kept[0]} and {kept[1]} epochs" in shown
    done = nnrun("reproduce", refitted, "-q")
    assert (done.code, done.err) == (0, "")


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("network", [1, 2], ids=["before", "in the refit"])
def test_one_that_was_stopped_goes_on_to_the_same_weights(train_in, network, nnrun, project):
    changes = {"refit": True, **OFTEN, "early_stopping": None}
    whole = train_in("whole", **changes)
    words = "refit 1 of 1: training stopped at" if network == 2 else "^training stopped at"
    with pytest.raises(Interrupted, match=f"{words}.* go on with: nnrun resume"):
        train_in("run", StopIn(network), **changes)
    cut = project.folder / "run"
    assert json.loads(nnrun("runs", cut, "--json").out)[0]["status"] == "interrupted"
    if network == 2:  # what predicts until then has not seen the rows held out
        assert_equal_weights(load_run(cut).weights, load_run(whole).before_refit().weights)
    with reopen(cut) as (run, dataset):
        resume(run, dataset)
    assert_equal_weights(load_run(cut).weights, load_run(whole).weights)
    assert_equal_weights(
        load_run(cut).before_refit().weights, load_run(whole).before_refit().weights
    )
    assert Run(cut).read_info().status == "finished"


@pytest.mark.usefixtures("eager")
def test_a_run_that_is_trained_for_longer_is_refitted_anew(train_in):
    longer = train_in("longer", refit=True, epochs=6, early_stopping=None)
    run_path = train_in("run", refit=True, early_stopping=None)
    with reopen(run_path, epochs=6) as (run, dataset), pytest.raises(Interrupted):
        resume(run, dataset, [StopIn(2)])
    assert not (run_path / "before_refit.npz").exists()
    with reopen(run_path) as (run, dataset):
        resume(run, dataset)
    assert_equal_weights(load_run(run_path).weights, load_run(longer).weights)
    assert Run(run_path).read_info().refit_epochs == [6]


def test_the_script_trains_the_same_ensemble_again(refitted, project, monkeypatch):
    monkeypatch.chdir(project.folder)
    changes = {"epochs": 4, "ensemble": 2, "refit": True, **STOPPING}
    text = dataset_script(project.dataset(**changes), exact=True)
    (project.folder / "script.py").write_text(text + "\n")
    runpy.run_path(str(project.folder / "script.py"))
    x = project.dataset().validation.x
    actual = keras.saving.load_model("network.keras")(x).numpy()
    assert actual == pytest.approx(load_run(refitted).forward(x), abs=1e-5)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({"data.validation_split": 0}, "none are", id="no rows"),
        pytest.param(
            {"data.validation_split": 0, "data.validation": "table.csv"},
            "data.validation is another table",
            id="another table",
        ),
    ],
)
def test_without_rows_of_the_training_table_there_is_nothing_to_refit(project, changes, reason):
    with pytest.raises(ConfigError) as caught:
        project.load(refit=True, **changes)
    assert "refit: trains again on the rows that were held out" in str(caught.value)
    assert reason in str(caught.value)


def test_rows_that_a_config_keeps_in_files_are_refused_with_the_config(project, nnrun):
    done = nnrun("check", project.config(refit=True, **{"data.in_memory": False}))
    assert done.code == 2
    assert "refit: all rows must be in memory; remove data.in_memory: false" in done.err


def test_a_refitted_run_without_a_checksum_of_the_weights_before_is_refused(refitted):
    info = json.loads((refitted / "run.json").read_text())
    del info["checksums"]["before_refit.npz"]
    (refitted / "run.json").write_text(json.dumps(info))
    with pytest.raises(RunError, match=r"before_refit\.npz"):
        load_run(refitted)


def test_a_refit_needs_one_device_and_rows_in_memory(project):
    job = prepare(project.dataset(refit=True), ALONE)
    check_refit(job)
    with pytest.raises(ConfigError, match="refit: networks are trained again on one device"):
        check_refit(replace(job, team=SimpleNamespace(count=2)))
    data = job.config.data.model_copy(update={"in_memory": False})
    config = job.config.model_copy(update={"data": data})
    in_files = replace(job, dataset=replace(job.dataset, config=config))
    with pytest.raises(ConfigError, match=r"refit: all rows must be in memory"):
        check_refit(in_files)


@pytest.mark.parametrize("change", ["altered", "missing"])
def test_the_weights_before_are_verified_too(refitted, change):
    path = refitted / "before_refit.npz"
    if change == "missing":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(RunError, match=f"before_refit.npz (is|was) {change}"):
        load_run(refitted)
