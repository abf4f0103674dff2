"""A run that was stopped goes on as if it never had been."""

import hashlib
import json
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support.forgery import forge_state
from support.marks import exhaustive, usual_names
from support.trainings import CASES, HIDDEN, SIGMOID

from nnrun.errors import ConfigError, Interrupted, RunError, TableError
from nnrun.results.trained_run import load_run
from nnrun.runs.directory import Run
from nnrun.training import epoch_loop
from nnrun.training import resume as taken_up
from nnrun.training.backend import keras
from nnrun.training.finish import Result
from nnrun.training.resume import reopen
from nnrun.training.trainer import resume, train

DROPOUT = {
    "layers": [HIDDEN, {"type": "Dropout", "rate": 0.3}, {"type": "BatchNormalization"}, SIGMOID]
}
RESUMED = CASES | {
    "class weights, balanced": {"class_weight": "balanced", **DROPOUT},
    "accumulated gradients": {
        "optimizer": {"name": "adam", "gradient_accumulation_steps": 2},
        "batch_size": 8,
    },
    "dropout and batch normalisation": {**DROPOUT, "batch_size": 8},
    "mapped from files": {**DROPOUT, "data.in_memory": False, "batch_size": 7},
    "xla with dropout": {**DROPOUT, "jit_compile": True, "batch_size": 8},
    # XLA rounds the AUC of these outputs, far from 0.5, differently where it is compiled alone.
    "xla with AUC": {
        "jit_compile": True,
        "metrics": ["AUC"],
        "batch_size": 8,
        "optimizer": {"name": "adam", "learning_rate": 1.0},
    },
}


class PowerCut(BaseException):
    """Ends a training where no handler expects it."""


class Cut(keras.callbacks.Callback):  # type: ignore[misc]
    """Cuts the power after so many calls of the hooks that a training has."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def count(self, *_: Any, **__: Any) -> None:
        self.left -= 1
        if self.left == 0:
            raise PowerCut

    on_train_batch_end = on_test_batch_end = on_epoch_end = on_epoch_begin = count


def outcome(result: Result) -> dict[str, Any]:
    """Return all that must be the same: history, metrics, weights of both files."""
    run = result.run
    with np.load(run.weights) as file:
        ours = {name: file[name].tobytes() for name in file.files}
    theirs = [w.tobytes() for w in keras.saving.load_model(run.model, compile=False).get_weights()]
    texts = [path.read_text() for path in (run.history, run.metrics, run.config, run.encoding)]
    texts = [text.replace(str(run.path.parent), "") for text in texts]  # where the table is
    return {
        "files": texts,
        "ours": ours,
        "theirs": theirs,
        "epochs": (result.epochs, result.best_epoch),
    }


def go_on(path: Path, **options: Any) -> Result:
    with reopen(path, **options) as (run, dataset):
        return resume(run, dataset)


class Copies(keras.callbacks.Callback):  # type: ignore[misc]
    """Copies the run directory at a hook, or at every one, as a power cut would leave it; equal copies are one."""

    def __init__(self, run: Path, at: int = 0) -> None:
        super().__init__()
        self.run, self.at, self.count = run, at, 0
        self.copies: dict[Any, Path] = {}

    def copy(self, *_: Any, **__: Any) -> None:
        self.count += 1
        if self.at not in (0, self.count):
            return
        content: dict[str, Any] = {
            "history": (self.run / "history.csv").exists()
            and (self.run / "history.csv").read_text()
        }
        if (self.run / "checkpoint.npz").exists():
            with np.load(self.run / "checkpoint.npz") as file:
                content |= {name: file[name].tobytes() for name in file.files}
            content["state"] = str(json.loads(content["state"]) | {"seconds": 0})
        if (key := frozenset(content.items())) not in self.copies:
            self.copies[key] = shutil.copytree(self.run, self.run.with_name(f"copy{self.count}"))

    on_train_batch_end = on_test_batch_end = on_epoch_end = on_epoch_begin = copy


@pytest.fixture(autouse=True)
def _short_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Call the graph for one step at a time, and so have a checkpoint at every step."""
    monkeypatch.setattr(epoch_loop, "SECONDS_PER_CALL", 1e-9)


@pytest.fixture
def cut(project) -> Callable[..., Path]:
    """Start a training whose power is cut after some calls, and return its run directory."""

    def start(changes: dict[str, Any], after: int, name: str = "run") -> Path:
        dataset = project.dataset({"checkpoint": {"every_seconds": 1e-9}, **changes})
        with pytest.raises(PowerCut):
            train(dataset, stem="x", path=project.folder / name, callbacks=(Cut(after),))
        return project.folder / name

    return start


@pytest.fixture(scope="module")
def ended() -> dict[str, Any]:
    """What trainings ended with, by the name of the config."""
    return {}


@pytest.fixture
def whole(project) -> Callable[..., Result]:
    """Train without a stop."""

    def run(
        changes: dict[str, Any], name: str = "whole", callbacks: tuple[Any, ...] = ()
    ) -> Result:
        changes = {"checkpoint": {"every_seconds": 1e-9}, **changes}
        return train(
            project.dataset(changes), stem="x", path=project.folder / name, callbacks=callbacks
        )

    return run


USUAL = ("many at once", "mapped from files")


@pytest.mark.parametrize("name", usual_names(RESUMED, *USUAL))
def test_a_stopped_run_ends_as_one_that_never_stopped(project, whole, ended, name):
    callback = Copies(project.folder / "whole", at=7)
    ended[name] = outcome(whole(RESUMED[name], callbacks=(callback,)))
    (copy,) = callback.copies.values()
    assert outcome(go_on(copy)) == ended[name]


@pytest.mark.parametrize("name", usual_names(RESUMED, "many at once"))
def test_two_runs_of_one_config_are_equal_to_the_last_bit(whole, ended, name):
    first = ended.get(name) or outcome(whole(RESUMED[name], "first"))
    assert outcome(whole(RESUMED[name], "second")) == first


@pytest.mark.slow
@pytest.mark.parametrize(
    ("batch_size", "epochs"), [(8, 3), exhaustive(9, 2, id="batches of one size")]
)
def test_it_does_not_matter_at_which_step_it_stopped(project, whole, choose, batch_size, epochs):
    stopping = {"patience": 1, "restore_best_weights": True}
    changes = {**DROPOUT, "batch_size": batch_size, "epochs": epochs, "early_stopping": stopping}
    callback = Copies(project.folder / "whole")
    expected = outcome(whole(changes, callbacks=(callback,)))
    assert callback.count > 8 * epochs
    assert len(callback.copies) > epochs * 45 // batch_size  # at least one for each step
    for path in choose(list(callback.copies.values())):
        assert outcome(go_on(path)) == expected, path


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "after",
    [
        exhaustive(1, id="after one call"),
        pytest.param(6, id="after six calls"),
        exhaustive(11, id="after eleven calls"),
    ],
)
def test_a_run_that_stopped_before_its_first_checkpoint_begins_anew(cut, whole, after):
    changes = {"checkpoint": {"every_seconds": 1000}}
    path = cut(changes, after)
    assert not Run(path).checkpoint.exists()
    Run(path).write_info(status="running", epochs=0)  # as a kill leaves it
    assert outcome(go_on(path)) == outcome(whole(changes))


def test_a_run_that_does_not_say_what_it_started_with_is_refused(cut):
    path = cut({}, after=5)
    Run(path).write_info(config={})
    with pytest.raises(RunError, match=r"config\.yaml: batch_size: nothing then, 32 now"):
        go_on(path)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("eager")
def test_a_run_whose_history_is_beyond_16_mib_goes_on(cut):
    """250,000 epochs are behind it, as the checkpoint and the history say."""
    epochs = 250_000
    path = cut({"epochs": epochs + 2, "batch_size": 60}, after=8)
    history = Run(path).history
    header, first, *_ = history.read_text().splitlines()
    logs = first.partition(",")[2]
    rows = "".join(f"{epoch},{logs}\n" for epoch in range(1, epochs + 1))
    content = f"{header}\n{rows}".encode()
    assert len(content) > 16 << 20
    history.write_bytes(content)
    seen = {"history_size": len(content), "history_sha256": hashlib.sha256(content).hexdigest()}
    forge_state(path, lambda state: state | {"epoch": epochs, "step": 0} | seen)
    assert go_on(path).epochs == epochs + 2
    last = history.read_bytes().splitlines()[-1]
    assert last.startswith(b"250002,")


@pytest.mark.usefixtures("eager")
def test_a_run_whose_checkpoint_was_removed_is_refused(cut):
    path = cut({}, after=10)
    Run(path).checkpoint.unlink()
    with pytest.raises(RunError, match=r"it has no checkpoint\.npz any more; train again"):
        go_on(path)


@pytest.mark.parametrize(
    "after",
    [
        exhaustive(3, id="after three calls"),
        exhaustive(7, id="after seven calls"),
        exhaustive(8, id="after eight calls"),
    ],
)
def test_a_run_of_the_keras_engine_goes_on_too(project, whole, after):
    changes, path = {**DROPOUT, "checkpoint": {"every_seconds": 1e-9}}, project.folder / "run"
    with pytest.raises(PowerCut):
        train(
            project.dataset(changes), stem="x", path=path, engine="keras", callbacks=(Cut(after),)
        )
    assert outcome(go_on(path)) == outcome(whole(changes))


@pytest.mark.parametrize(
    "longer",
    [exhaustive(12, id="a few times"), exhaustive(1, id="as often as it can")],
)
def test_a_run_that_stops_again_and_again_ends_the_same(project, whole, longer):
    changes = {**DROPOUT, "batch_size": 8}
    expected, path = outcome(whole(changes)), project.folder / "run"
    dataset = project.dataset({"checkpoint": {"every_seconds": 1e-9}, **changes})
    with pytest.raises(PowerCut):
        train(dataset, stem="x", path=path, callbacks=(Cut(3),))
    results: list[Result] = []
    for after in range(2, 100, longer):
        with suppress(PowerCut), reopen(path) as (run, again):
            results.append(resume(run, again, callbacks=(Cut(after),)))
        if results:
            break
    assert outcome(results[0]) == expected


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize(
    "changes",
    [
        exhaustive({}, id="plain"),
        pytest.param(CASES["plateau"], id="plateau"),
        exhaustive(CASES["moving average of weights"], id="moving average of weights"),
        exhaustive(CASES["early stopping"], id="early stopping"),
    ],
)
def test_a_finished_run_that_goes_on_is_a_longer_run(whole, changes):
    epochs = 3 + changes.get("epochs", 3)
    short = whole(changes, "short")
    with pytest.raises(RunError, match=r"has begun epoch \d+ already; give --epochs \d+ or more"):
        go_on(short.run.path, epochs=1)
    assert outcome(go_on(short.run.path, epochs=epochs)) == outcome(
        whole({**changes, "epochs": epochs})
    )


IMPATIENT = {
    "early_stopping": {"monitor": "loss", "patience": 1, "min_delta": 10.0},
    "epochs": 6,
    "optimizer": "adam",
}


def with_patience(patience: int) -> dict[str, Any]:
    stopping = {**IMPATIENT["early_stopping"], "patience": patience}
    return {**IMPATIENT, "early_stopping": stopping}


@pytest.mark.usefixtures("eager")
def test_a_run_that_early_stopping_ended_goes_on_with_more_patience(whole):
    short = whole(IMPATIENT, "short")
    assert short.epochs == 2
    assert go_on(short.run.path, epochs=8).epochs == 2
    longer = go_on(short.run.path, overrides=["early_stopping.patience=3"], epochs=6)
    assert outcome(longer) == outcome(whole(with_patience(3)))


@pytest.mark.usefixtures("eager")
def test_more_patience_survives_the_next_stop(project, whole):
    short = whole(IMPATIENT, "short")
    more = ["early_stopping.patience=4"]
    with pytest.raises(PowerCut), reopen(short.run.path, overrides=more) as (run, dataset):
        resume(run, dataset, callbacks=(Cut(3),))
    assert outcome(go_on(short.run.path)) == outcome(whole(with_patience(4)))


def test_what_would_change_the_epochs_that_are_done_cannot_be_set(whole):
    path = whole(with_patience(2)).run.path
    with pytest.raises(RunError, match=r"patience can only grow.*received 1, and it was 2"):
        go_on(path, overrides=["early_stopping.patience=1"])
    with pytest.raises(ConfigError) as caught:
        go_on(path, overrides=["layers[0].units=5", "seed=3", "checkpoint.every_seconds=2"])
    first, second = caught.value.problems
    assert first.startswith("--set layers[0].units: the epochs so far depend on it (4 then")
    assert second.startswith("--set seed: ")
    with pytest.raises(ConfigError, match="must be"):
        go_on(path, overrides=["early_stopping.patience=few"])


@pytest.mark.usefixtures("eager")
def test_a_finished_run_that_goes_on_to_where_it_is_stays_as_it_is(whole):
    result = whole({})
    assert outcome(go_on(result.run.path)) == outcome(result)


@pytest.mark.usefixtures("eager")
def test_a_finished_run_says_how_it_is_trained_for_longer(copied_run, nnrun):
    told = "no epoch was left to train; to train the run for longer, give --epochs "
    assert told in nnrun("resume", copied_run).err
    assert told not in nnrun("resume", copied_run, "--epochs", "20").err


@pytest.mark.usefixtures("eager")
@pytest.mark.exhaustive
def test_a_longer_goal_survives_the_next_stop(project, whole):
    short = whole({}, "short")
    with pytest.raises(PowerCut), reopen(short.run.path, epochs=6) as (run, dataset):
        resume(run, dataset, callbacks=(Cut(3),))
    assert load_run(short.run.path).config.epochs == 3  # the former model serves until then
    assert outcome(go_on(short.run.path)) == outcome(whole({"epochs": 6}))


LATER_KEYS = ("ensemble", "note", "tags")
LATER_KEYS_OF_DATA = ("numeric", "split", "split_seed", "sample_weight", "target_transform", "clip")


def test_a_run_that_an_earlier_version_stopped_goes_on(whole, cut):
    path = cut({}, after=5)
    info = json.loads((path / "run.json").read_text())
    config = yaml.safe_load((path / "config.yaml").read_text())
    for known in (info["config"], config):
        for key in LATER_KEYS:
            del known[key]
        for key in LATER_KEYS_OF_DATA:
            known["data"].pop(key, None)
    (path / "run.json").write_text(json.dumps(info))
    (path / "config.yaml").write_text(yaml.safe_dump(config))
    assert outcome(go_on(path)) == outcome(whole({}))


@pytest.mark.usefixtures("eager")
def test_what_differs_is_named_and_refused(project, cut, frame):
    path = cut({}, after=5)
    config, info = (path / "config.yaml").read_text(), Run(path).read_info()
    (path / "config.yaml").write_text(
        config.replace("units: 4", "units: 5").replace("epochs: 3", "epochs: 4")
    )
    table = project.table(frame.reverse())
    Run(path).write_info(versions={**info.versions, "keras": "2.0"})
    with pytest.raises(RunError) as caught:
        go_on(path)
    text = str(caught.value)
    assert "config.yaml: layers[0].units: 4 then, 5 now" in text
    assert "config.yaml: epochs: 3 then, 4 now" in text
    assert f"keras: '2.0' then, '{keras.__version__}' now; --force" in text
    assert f"{table}: is not the table that the run started with (its SHA-256 differs)\n" in text
    (path / "config.yaml").write_text(config)
    project.table(frame)
    with pytest.raises(RunError, match=r"keras: '2.0' then"):
        go_on(path)
    stop = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda *_: signal.raise_signal(signal.SIGTERM)
    )
    with (
        pytest.raises(Interrupted, match=r"run'? --force$"),
        reopen(path, force=True) as (run, dataset),
    ):
        resume(run, dataset, callbacks=(stop,))
    assert go_on(path, force=True).epochs == 3


@pytest.mark.parametrize("in_memory", [True, False])
def test_a_table_that_is_replaced_after_it_was_compared_is_refused(
    project, cut, frame, in_memory, monkeypatch
):
    path = cut({"data.in_memory": in_memory}, after=5)
    checked = taken_up.load_checked

    def replace_and_load(*args: Any, **options: Any) -> Any:
        project.table(frame.reverse())
        return checked(*args, **options)

    monkeypatch.setattr(taken_up, "load_checked", replace_and_load)
    with pytest.raises(TableError, match=r"table\.csv: the table changed while it was read"):
        go_on(path)


def test_a_run_has_the_fingerprint_of_the_bytes_that_it_was_trained_on(project, frame, monkeypatch):
    table = project.folder / "table.csv"
    sha256 = hashlib.sha256(table.read_bytes()).hexdigest()
    dataset = project.dataset()
    project.table(frame.reverse())  # while TensorFlow is imported
    run = train(dataset, stem="x", path=project.folder / "run").run
    assert run.read_info().data["train"]["sha256"] == sha256


@pytest.mark.usefixtures("eager")
def test_two_trainings_on_one_run_are_refused(project, cut):
    path = cut({}, after=5)
    with reopen(path):
        with pytest.raises(RunError, match="another process is training this run"), reopen(path):
            pass
        with pytest.raises(RunError, match="another process is training this run"):
            train(project.dataset(), stem="x", path=path, overwrite=True)
    assert go_on(path).epochs == 3
