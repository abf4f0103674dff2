"""checkpoint.npz: what is written is read back, and nothing happens before it is asked for."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnrun.errors import RunError
from nnrun.files import to_json
from nnrun.runs.directory import Run
from nnrun.training.checkpoint import CheckpointCallback
from nnrun.training.checkpoint_file import Expected, Snapshot, read_checkpoint, write_checkpoint
from nnrun.training.distributed.team import ALONE
from nnrun.training.epoch_history import EpochHistory
from nnrun.training.job import prepare
from nnrun.training.state import CallbackMemory, State

COLUMNS = ["loss", "accuracy"]
WEIGHTS = [np.eye(2, dtype=np.float32), np.array([0.5, np.pi], np.float32)]
VARIABLES = {
    "model_0": np.full((2, 2), 0.1, np.float32),
    "optimizer_0": np.array(7, np.int64),
    "metric_0": np.array(np.nan, np.float32),
}


@pytest.fixture
def snapshot() -> Snapshot:
    memory = CallbackMemory(best=0.25, best_epoch=1, wait=0)
    state = State(epoch=2, step=3, seconds=1.5, has_best=True, callbacks=[memory])
    return Snapshot(state.model_copy(update={"format": 2, "history_size": 99}), VARIABLES, WEIGHTS)


@pytest.fixture
def expected() -> Expected:
    shapes = {name: (array.shape, str(array.dtype)) for name, array in VARIABLES.items()}
    return Expected(shapes, weights=WEIGHTS, columns=COLUMNS, callbacks=1, epochs=5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "checkpoint.npz"


def test_a_snapshot_is_read_back_bit_for_bit(snapshot, expected, path):
    write_checkpoint(path, snapshot)
    found = read_checkpoint(path, expected)
    assert found.state == snapshot.state
    assert found.history is None
    assert found.best_weights is not None
    for ours, theirs in zip(found.best_weights, WEIGHTS, strict=True):
        np.testing.assert_array_equal(ours, theirs, strict=True)
    for name, array in VARIABLES.items():
        np.testing.assert_array_equal(found.variables[name], array, strict=True)


@pytest.mark.parametrize(
    "changes",
    [{"callbacks": []}, {"epoch": 1, "step": 0}, {"epoch": 0, "stopped": True}],
    ids=["a callback too few", "a best epoch to come", "stopped before the first epoch"],
)
def test_a_state_that_is_not_of_this_config_is_refused(snapshot, expected, path, changes):
    state = snapshot.state.model_copy(update=changes)
    write_checkpoint(path, Snapshot(state, VARIABLES, WEIGHTS))
    with pytest.raises(RunError, match="its callbacks are not those of the config"):
        read_checkpoint(path, expected)


def test_best_weights_that_the_state_does_not_tell_of_are_refused(snapshot, expected, path):
    state = snapshot.state.model_copy(update={"has_best": False})
    write_checkpoint(path, Snapshot(state, VARIABLES, WEIGHTS))
    with pytest.raises(RunError, match="its arrays are not those of this network"):
        read_checkpoint(path, expected)


def test_a_callback_reads_and_removes_nothing_when_it_is_made(project, tmp_path):
    run = Run(tmp_path)
    run.info.write_text(to_json({"status": "running"}))
    run.history.write_text("epoch,loss\n1,0.5\n")
    run.checkpoint.write_text("not a checkpoint")
    job = prepare(project.dataset(), ALONE)
    callback = CheckpointCallback(run, job.config, job.model, [])
    assert run.history.read_text() == "epoch,loss\n1,0.5\n"
    assert callback.epochs == 0
    with pytest.raises(RunError, match="cannot be read"):
        callback.restore()


def test_the_history_is_written_in_the_order_of_its_columns(project, tmp_path):
    config = project.load({"reduce_lr_on_plateau": {}, "data.validation_split": 0})
    history = EpochHistory(tmp_path / "history.csv", config)
    logs: dict[str, Any] = {"accuracy": np.array([1.0]), "learning_rate": 0.5, "loss": 2.0}
    assert history.add(logs) == {"loss": 2.0, "accuracy": 1.0, "learning_rate": 0.5}
    assert history.columns == ["loss", "accuracy", "learning_rate"]
    history.add(logs)
    text = "epoch,loss,accuracy,learning_rate\n1,2.0,1.0,0.5\n2,2.0,1.0,0.5\n"
    assert (tmp_path / "history.csv").read_text() == text
    history.replace([history.row(1)])
    assert (tmp_path / "history.csv").read_text() == text[: text.index("2,2.0")]


@pytest.fixture
def history(project, tmp_path) -> EpochHistory:
    """A history of two epochs, of which the first was saved."""
    return EpochHistory(tmp_path / "history.csv", project.load({"data.validation_split": 0}))


FIRST = {"loss": 0.1, "accuracy": float("nan")}
SECOND = {"loss": float("inf"), "accuracy": 0.3}


def test_a_history_goes_on_from_the_part_that_was_saved(history, project, tmp_path):
    history.add(FIRST)
    saved = history.saved_part()
    text = (tmp_path / "history.csv").read_text()
    history.add(SECOND)
    whole = (tmp_path / "history.csv").read_text()
    again = EpochHistory(tmp_path / "again.csv", project.load({"data.validation_split": 0}))
    again.go_on(tmp_path / "history.csv", *saved, epochs=1)
    assert (tmp_path / "again.csv").read_text() == text
    assert str(again.row(1)) == str(FIRST)
    again.add(SECOND)
    assert (tmp_path / "again.csv").read_text() == whole
    assert again.saved_part() == history.saved_part()


def test_a_history_before_the_first_epoch_is_empty(history, tmp_path):
    history.go_on(tmp_path / "history.csv", *history.saved_part(), epochs=0)
    history.add(FIRST)
    assert (tmp_path / "history.csv").read_text() == "epoch,loss,accuracy\n1,0.1,nan\n"


ALTERED: dict[str, Any] = {
    "missing": lambda _: None,
    "shorter": lambda text: text[:-1],
    "of other numbers": lambda text: text.replace("0.1", "0.2"),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED.keys())
def test_an_altered_history_is_refused(history, tmp_path, alter):
    path = tmp_path / "history.csv"
    history.add(FIRST)
    saved = history.saved_part()
    text = alter(path.read_text())
    path.unlink() if text is None else path.write_text(text)
    with pytest.raises(
        RunError, match=r"history\.csv is not the one that it goes on from"
    ) as error:
        history.go_on(path, *saved, epochs=1)
    assert str(error.value).startswith(f"{tmp_path / 'checkpoint.npz'}: cannot be read: ")
    assert text is None or path.read_text() == text


def test_a_checkpoint_is_as_large_after_many_epochs(snapshot, path, history):
    sizes = []
    for epochs in (1, 1_000):
        while history.epochs < epochs:
            history.add(FIRST)
        size, sha256 = history.saved_part()
        state = snapshot.state.model_copy(update={"history_size": size, "history_sha256": sha256})
        write_checkpoint(path, Snapshot(state, VARIABLES, WEIGHTS))
        sizes.append(path.stat().st_size)
    assert sizes[1] - sizes[0] < 10  # digits of a number
