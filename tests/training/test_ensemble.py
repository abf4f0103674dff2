"""An ensemble: members that differ by their seeds, and the mean of their predictions."""

import csv
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
from nnrun.results.trained_run import load_run
from nnrun.runs.directory import Run
from nnrun.training.backend import keras
from nnrun.training.distributed.team import ALONE
from nnrun.training.ensemble import fit_ensemble
from nnrun.training.facts import facts_of
from nnrun.training.job import prepare
from nnrun.training.resume import reopen
from nnrun.training.serving import keras_forward
from nnrun.training.trainer import resume, train

OFTEN = {"checkpoint": {"every_seconds": 1e-6}}
STOPPING = {"early_stopping": {"monitor": "val_loss", "restore_best_weights": True}}


class StopIn(keras.callbacks.Callback):
    """Sends a signal once an epoch of a member is over, both counted from 1."""

    def __init__(self, member: int, epoch: int) -> None:
        super().__init__()
        self._place = (member, epoch)
        self._member = 0

    def on_train_begin(self, logs: object = None) -> None:
        self._member += 1

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if (self._member, epoch + 1) == self._place:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def train_in(project):
    """Train a config of the project into a folder of this name."""

    def call(name, *callbacks, **changes):
        dataset = project.dataset(**{"epochs": 3, **changes})
        return train(dataset, stem="x", path=project.folder / name, callbacks=callbacks).run.path

    return call


@pytest.fixture
def ensemble(trained_runs, project):
    """A copy of an ensemble of three, which is trained once."""
    return trained_runs.copy_to(project, ensemble=3, seed=4, epochs=3)


@pytest.mark.usefixtures("eager")
def test_a_member_is_the_run_that_its_seed_alone_gives(ensemble, train_in):
    weights = load_run(ensemble).weights
    for number in (0, 2):
        alone = train_in(f"alone-{number}", seed=4 + number, **{"data.split_seed": 4})
        for name, array in load_run(alone).weights.items():
            assert np.array_equal(array, weights[f"members[{number}].{name}"])
        member = ensemble / "members" / str(number + 1)
        assert (member / "history.csv").read_text() == (alone / "history.csv").read_text()


@pytest.mark.usefixtures("eager")
def test_predictions_are_the_mean_of_the_members_and_the_spread_is_their_deviation(
    ensemble, nnrun, project
):
    members = [api.load(ensemble / "members" / str(n)).predict(default_table()) for n in (1, 2, 3)]
    probabilities = np.stack([frame["probability"].to_numpy() for frame in members])
    predicted = list(
        csv.DictReader(nnrun("predict", ensemble, "table.csv", "--spread").out.splitlines())
    )
    columns = {
        name: np.array([float(row[name]) for row in predicted])
        for name in ("probability", "spread")
    }
    assert columns["probability"] == pytest.approx(probabilities.mean(axis=0), abs=1e-6)
    assert columns["spread"] == pytest.approx(probabilities.std(axis=0), abs=1e-6)
    assert "spread" not in nnrun("predict", ensemble, "table.csv").out


@pytest.mark.usefixtures("eager")
def test_metrics_of_an_ensemble_count_rows_by_their_weights(train_in):
    run = train_in("run", ensemble=2, **{"data.sample_weight": "dose"})
    evaluated = api.load(run).evaluate()
    saved = Run(run).read_metrics()
    for name in ("loss", "accuracy"):
        assert evaluated[name] == pytest.approx(saved[f"val_{name}"], rel=1e-6)


def test_the_spread_of_one_network_is_refused(train_in, nnrun):
    done = nnrun("predict", train_in("run"), "table.csv", "--spread")
    assert (done.code, done.out) == (2, "")
    assert "--spread needs an ensemble" in done.err


@pytest.mark.parametrize("changes", [{}, {"data.numeric": "ple"}], ids=["standard", "codes"])
def test_the_saved_model_is_plain_keras_and_averages(train_in, changes):
    run = train_in("run", ensemble=2, **changes)
    trained = load_run(run)
    x = np.random.default_rng(0).normal(40, 20, size=(50, len(trained.encoder.inputs)))
    x = x.astype(np.float32)
    model = keras.saving.load_model(run / "model.keras")
    assert model.predict(x, verbose=0) == pytest.approx(trained.forward(x), abs=1e-6)
    assert keras_forward(trained)(x) == pytest.approx(trained.forward(x), abs=1e-6)


@pytest.mark.usefixtures("eager")
def test_an_ensemble_stopped_in_its_last_member_goes_on_there(train_in, project, nnrun):
    whole = train_in("whole", ensemble=2, **STOPPING, **OFTEN)
    with pytest.raises(
        Interrupted, match=r"member 2 of 2: training stopped at epoch 2 of 3; go on with:"
    ):
        train_in("run", StopIn(2, 1), ensemble=2, **STOPPING, **OFTEN)
    cut = project.folder / "run"
    (listed,) = json.loads(nnrun("runs", cut, "--json").out)
    assert (listed["status"], listed["epochs"], listed["goal"]) == ("interrupted", 4, 6)
    shown = nnrun("show", cut).out
    assert "4 of 6 epochs; if no process trains it, resume it with: nnrun resume" in shown
    first = (cut / "members/1/weights.npz").stat().st_mtime_ns
    with reopen(cut) as (run, dataset):
        resume(run, dataset)
    assert (cut / "members/1/weights.npz").stat().st_mtime_ns == first
    assert (cut / "history.csv").read_text() == (whole / "history.csv").read_text()
    for name, array in load_run(whole).weights.items():
        assert np.array_equal(array, load_run(cut).weights[name])


@pytest.mark.exhaustive
@pytest.mark.usefixtures("eager")
def test_a_finished_ensemble_is_trained_for_longer(ensemble, train_in):
    longer = train_in("longer", ensemble=3, seed=4, epochs=5)
    with reopen(ensemble, epochs=5) as (run, dataset):
        resume(run, dataset)
    assert (ensemble / "history.csv").read_text() == (longer / "history.csv").read_text()


@pytest.mark.usefixtures("eager")
def test_the_history_tells_whose_each_epoch_is(ensemble):
    rows = list(csv.DictReader((ensemble / "history.csv").read_text().splitlines()))
    assert [row["member"] for row in rows] == [*"111222333"]
    assert [row["epoch"] for row in rows] == [*"123456789"]


@pytest.mark.usefixtures("eager")
def test_it_is_shown_evaluated_and_reproduced(ensemble, nnrun):
    assert "mean of 3 members: loss" in nnrun("show", ensemble).out
    assert "an ensemble of 3 such networks" in nnrun("show", ensemble).out
    page = make_page(ensemble)
    assert "mean of 3 members" in page
    assert "epoch 0" not in page
    metrics = json.loads((ensemble / "metrics.json").read_text())
    evaluated = json.loads(nnrun("evaluate", ensemble, "--json").out)
    assert evaluated["metrics"]["loss"] == pytest.approx(metrics["val_loss"])
    done = nnrun("reproduce", ensemble, "-q")
    assert (done.code, done.err) == (0, "")
    assert "9 epochs of history, 12 arrays of weights" in done.out


@pytest.mark.usefixtures("eager")
def test_the_loss_of_logits_is_that_of_the_mean_probability(train_in, nnrun):
    logits = {"layers": [{"units": 1}], "loss": {"name": "bce", "from_logits": True}}
    run = train_in("run", ensemble=2, metrics=["accuracy"], **logits)
    evaluated = json.loads(nnrun("evaluate", run, "--json").out)["metrics"]
    assert evaluated["loss"] == pytest.approx(evaluated["log_loss"], rel=1e-4)


@pytest.mark.usefixtures("eager")
def test_an_altered_member_is_refused_where_training_goes_on(ensemble):
    config = ensemble / "members/2/config.yaml"
    config.write_text(config.read_text() + "\n")
    with reopen(ensemble) as (run, dataset), pytest.raises(RunError, match="altered"):
        resume(run, dataset)


def test_members_are_trained_on_one_device(project):
    job = prepare(project.dataset(ensemble=2), ALONE)
    two = replace(job, team=SimpleNamespace(count=2))
    with pytest.raises(ConfigError, match="members are trained on one device"):
        fit_ensemble(Run(project.folder), two, lambda *_: None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_a_signal_between_two_members_is_told_by_its_number(project, number):
    job = prepare(project.dataset(ensemble=2), ALONE)
    run = Run(project.folder / "run")
    run.path.mkdir()
    run.write_info(**facts_of(job), status="running")
    with pytest.raises(Interrupted, match="training stopped; go on with") as caught:
        fit_ensemble(run, job, lambda *_: signal.raise_signal(number))
    assert caught.value.exit_code == 128 + number
    assert run.read_info().status == "interrupted"


def test_the_script_trains_the_same_ensemble(project, train_in, monkeypatch):
    monkeypatch.chdir(project.folder)
    run = train_in("run", ensemble=2)
    text = dataset_script(project.dataset(epochs=3, ensemble=2), exact=True)
    (project.folder / "script.py").write_text(text + "\n")
    runpy.run_path(str(project.folder / "script.py"))
    x = project.dataset().validation.x
    actual = keras.saving.load_model("network.keras")(x).numpy()
    assert actual == pytest.approx(load_run(run).forward(x), abs=1e-5)
