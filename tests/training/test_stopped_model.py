"""A training that a signal stops leaves a model that predicts, and can go on."""

import json
import signal

import numpy as np
import pytest
from support.marks import exhaustive
from support.project import default_table

from nnrun.api import functions as api
from nnrun.errors import Interrupted, RunError
from nnrun.results.trained_run import load_run
from nnrun.training import trainer
from nnrun.training.backend import keras
from nnrun.training.resume import reopen
from nnrun.training.trainer import resume, train
from nnrun.workflows.reproduce import reproduce


class Stop(keras.callbacks.Callback):
    """Sends a signal once an epoch is over."""

    def __init__(self, epoch: int, number: int = signal.SIGINT) -> None:
        super().__init__()
        self._epoch = epoch
        self._number = number

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        if epoch + 1 == self._epoch:
            signal.raise_signal(self._number)


@pytest.fixture
def stopped(project):
    """Train a config of the project until a signal stops it after its second epoch."""

    def call(number=signal.SIGINT, engine="compiled", **changes):
        run = project.folder / "run"
        dataset = project.dataset(epochs=5, **changes)
        with pytest.raises(Interrupted, match="stopped at epoch 3 of 5; go on with: nnrun resume"):
            train(dataset, stem="x", path=run, engine=engine, callbacks=(Stop(2, number),))
        return run

    return call


@pytest.mark.parametrize(
    ("engine", "number"),
    [
        pytest.param("compiled", signal.SIGINT, id="compiled, SIGINT"),
        exhaustive("compiled", signal.SIGTERM, id="compiled, SIGTERM"),
        exhaustive("keras", signal.SIGINT, id="keras, SIGINT"),
        pytest.param("keras", signal.SIGTERM, id="keras, SIGTERM"),
    ],
)
def test_a_stopped_training_leaves_the_weights_of_its_checkpoint_as_a_model(
    stopped, plain_keras, number, engine
):
    run = stopped(number, engine)
    assert len(api.load(run).predict(default_table())) == 60
    with np.load(run / "checkpoint.npz") as checkpoint:
        saved = [checkpoint[name] for name in checkpoint.files]
    for weights in load_run(run).weights.values():
        assert any(np.array_equal(weights, array) for array in saved)
    assert keras.saving.load_model(run / "model.keras").predict(np.zeros((1, 3)), verbose=0).size
    info = json.loads((run / "run.json").read_text())
    assert (info["status"], info["stopped_at"], info["epochs"]) == ("interrupted", 3, 2)


def test_a_second_signal_does_not_damage_the_model_that_is_written(stopped, monkeypatch):
    written = trainer.save_stopped

    def save_during_a_signal(*arguments):
        signal.raise_signal(signal.SIGINT)
        written(*arguments)

    monkeypatch.setattr(trainer, "save_stopped", save_during_a_signal)
    assert load_run(stopped()).weights


def test_it_goes_on_to_the_weights_of_one_that_never_stopped(stopped, project):
    expected = train(project.dataset(epochs=5), stem="x", path=project.folder / "whole").run
    run = stopped()
    with reopen(run) as (opened, dataset):
        resume(opened, dataset)
    for name, weights in load_run(run).weights.items():
        assert np.array_equal(weights, load_run(expected.path).weights[name]), name
    info = json.loads((run / "run.json").read_text())
    assert (info["status"], info["stopped_at"]) == ("finished", 0)


def test_show_says_where_it_stopped_and_reproduce_asks_to_finish_it(stopped, nnrun):
    run = stopped()
    shown = nnrun("show", run).out
    assert "epochs     stopped at epoch 3 of 5; predict takes its weights" in shown
    assert "validation was best at epoch 2" in shown
    with pytest.raises(RunError, match="was stopped at epoch 3 of 5; finish it first with"):
        reproduce(run)


def test_the_model_of_a_finished_training_stays_where_a_longer_one_is_stopped(project):
    run = train(project.dataset(epochs=2), stem="x", path=project.folder / "run").run
    before = {name: weights.copy() for name, weights in load_run(run.path).weights.items()}
    with (
        pytest.raises(Interrupted),
        reopen(run.path, epochs=6) as (opened, dataset),
    ):
        resume(opened, dataset, (Stop(4),))
    for name, weights in load_run(run.path).weights.items():
        assert np.array_equal(weights, before[name])
