"""Fixtures that every test file shares: a project folder with configs and tables in it."""

import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from support import environment  # which sets what libraries read when they are imported

# isort: split
import hypothesis
import numpy as np
import polars as pl
import pytest
from support.forgery import everything
from support.plain_keras import PlainKeras
from support.processes import DEADLINE, Server
from support.project import Done, Project, default_table
from support.readable_ids import readable_id
from support.trained_runs import TrainedRuns

from nnrun.__main__ import main
from nnrun.errors import InputError
from nnrun.reporting.pictures import saved_curves

# A test draws the same examples everywhere; those that the nightly workflow draws are new each time.
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("random", max_examples=2_000, deadline=None)
hypothesis.settings.load_profile("same")


def pytest_xdist_auto_num_workers() -> int:
    """Return as many workers as there are cores and as memory has room for."""
    return environment.workers()


def pytest_make_parametrize_id(val: Any) -> str | None:
    """Name a case that has no id of its own for what it holds."""
    return readable_id(val)


def pytest_collection_finish() -> None:
    """Leave what was imported out of each collection of garbage, of which graphs of TensorFlow cause many."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _same_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what a plugin has set since: pytest-xdist sets COLUMNS."""
    for name in environment.UNSET:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def frame() -> pl.DataFrame:
    """The default table, to change and write back with project.table."""
    return default_table()


@pytest.fixture
def nnrun(
    project: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """Run a command in this process, in the project's folder."""
    monkeypatch.chdir(project.folder)

    def call(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["nnrun", *map(str, arguments)])
        handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        with pytest.raises(SystemExit) as ended:
            main()
        for number, handler in handlers.items():
            signal.signal(number, handler)
        out, err = capfd.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def problems() -> Callable[..., list[str]]:
    """Call a function that must refuse what the user gave, and return its lines."""

    def call(function: Callable[..., Any], *args: Any, **kwargs: Any) -> list[str]:
        with pytest.raises(InputError) as caught:
            function(*args, **kwargs)
        return caught.value.problems

    return call


@pytest.fixture(scope="session")
def shared_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run, trained once, which tests read and copy; its table lies beside it."""
    from nnrun.training.trainer import train

    project = Project(tmp_path_factory.mktemp("shared_run"))
    dataset = project.dataset(
        early_stopping={"patience": 5, "restore_best_weights": True}, reduce_lr_on_plateau={}
    )
    run = train(dataset, stem="x", path=project.folder / "run").run
    saved_curves.save_curves(run)
    return run.path


@pytest.fixture(scope="session")
def trained_runs(tmp_path_factory: pytest.TempPathFactory) -> TrainedRuns:
    """The runs that tests of this process have trained, to be copied by those that need an equal one."""
    return TrainedRuns(tmp_path_factory.mktemp("trained-runs"))


@pytest.fixture(scope="session")
def plain_keras(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlainKeras]:
    """Keras without nnrun, to load saved models."""
    keras = PlainKeras(tmp_path_factory.mktemp("plain-keras"))
    yield keras
    keras.stop()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """A process that has imported TensorFlow, from which others are forked."""
    if not hasattr(os, "fork"):
        pytest.skip("there is no fork")
    with Server() as server:
        yield server


EVERY = pytest.param(None, id="every one", marks=pytest.mark.exhaustive)
SOME = pytest.param(4, id="some")


@pytest.fixture(params=[SOME, EVERY])
def choose(request: pytest.FixtureRequest) -> Callable[[list[Any]], list[Any]]:
    """Choose of many cases a few, spread evenly from the first to the last; or, where asked for, take all."""

    def choose_some(cases: list[Any]) -> list[Any]:
        count = request.param or len(cases)
        places = np.linspace(0, len(cases) - 1, min(count, len(cases)))
        return [cases[place] for place in places.round().astype(int)]

    return choose_some


@pytest.fixture
def copied_run(project: Project, shared_run: Path) -> Path:
    """A copy of the shared run, in the project's folder, to forge and to damage."""
    return Path(shutil.copytree(shared_run, project.folder / "run"))


@pytest.fixture
def command_on_run(project, copied_run) -> Callable[[str], list[Any]]:
    """Return a command with its arguments: predict takes a table too, resume one epoch more."""
    options: dict[str, list[Any]] = {
        "predict": [project.folder / "table.csv"],
        "evaluate": [project.folder / "table.csv"],
        "resume": ["--epochs", "4"],
    }
    return lambda command: [command, copied_run, *options.get(command, [])]


@pytest.fixture
def refusal_of(nnrun, project, copied_run, command_on_run) -> Callable[..., str]:
    """Return the message of a command that must refuse the run: exit 2, no result, nothing there changes."""

    def call(command: str, name: str) -> str:
        before = everything(project.folder)
        done = nnrun(*command_on_run(command))
        assert (done.code, done.out) == (2, ""), done.err
        assert str(copied_run / name) in done.err
        assert "Traceback" not in done.err
        assert everything(project.folder) == {**before, "run/.lock": b""}
        return done.err

    return call


@pytest.fixture(autouse=True)
def _undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write other bytes than those of pictures, which take longer than a test's training, but where they are tested."""
    if "drawn" not in request.keywords:
        monkeypatch.setattr(saved_curves, "draw_curves", lambda _: b"PNG")


@pytest.fixture
def eager() -> Iterator[None]:
    """Run without graphs, which cost more than a small training."""
    from nnrun.training.backend import tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


class Hangs(BaseException):
    """Raised where a command takes too long, past every handler."""


@pytest.fixture
def time_limit(copied_run: Path) -> Iterator[None]:
    """End the test where a command waits for what never comes."""

    def end(*_: Any) -> None:
        raise Hangs

    if not hasattr(signal, "setitimer"):
        pytest.skip("Windows has no timer that interrupts")
    former = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, DEADLINE)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)
