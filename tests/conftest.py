"""Fixtures that every test file shares: a project folder with configs and tables in it."""

import copy
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest
import yaml
from forgery import everything

from nnrun.__main__ import main
from nnrun.config import Config, load_config
from nnrun.dataset import Dataset, load_dataset
from nnrun.errors import InputError

GOOD = {
    "data": {"train": "table.csv", "target": "label", "validation_split": 0.25},
    "layers": [{"units": 4, "activation": "relu"}, {"units": 1, "activation": "sigmoid"}],
    "loss": "BinaryCrossentropy",
    "optimizer": {"name": "Adam", "learning_rate": 0.01},
    "epochs": 3,
}


class _Dumper(yaml.SafeDumper):
    """Writes a value that occurs twice out twice: a config has no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


DROP = object()
"""As the value of a change: leave the key out."""


class Done(NamedTuple):
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


class Project:
    """A folder with a table and a good config for it."""

    drop = DROP

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table(default_table())

    def config(
        self, changes: dict[str, Any] | None = None, *, name: str = "config.yaml", **more: Any
    ) -> Path:
        """Write the good config with changes, whose keys may be dotted: {"data.target": "y"}."""
        values = copy.deepcopy(GOOD)
        for key, value in {**(changes or {}), **more}.items():
            *parents, last = key.split(".")
            place: Any = values
            for parent in parents:
                place = place.setdefault(parent, {})
            if value is DROP:
                place.pop(last, None)
            else:
                place[last] = value
        return self.write(name, yaml.dump(values, Dumper=_Dumper, sort_keys=False))

    def table(self, content: pl.DataFrame | str | bytes, name: str = "table.csv") -> Path:
        """Write a table from a frame, or exactly as given."""
        return self.write(
            name, content.write_csv() if isinstance(content, pl.DataFrame) else content
        )

    def write(self, name: str, content: str | bytes) -> Path:
        """Write any file, exactly as given."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def load(self, changes: dict[str, Any] | None = None, **more: Any) -> Config:
        """Write the good config with changes, and load it."""
        return load_config(self.config(changes, **more))

    def dataset(self, changes: dict[str, Any] | None = None, **more: Any) -> Dataset:
        """Write the good config with changes, and load it and its tables."""
        return load_dataset(self.load(changes, **more))


def default_table() -> pl.DataFrame:
    """Return 60 rows of three numbers on different scales, with a label that they decide."""
    generator = np.random.default_rng(7)
    a, b, c = generator.normal(size=(3, 60))
    columns = {"age": 40 + 10 * a, "height": 170 + 8 * b, "dose": 0.5 + 0.1 * c}
    label = (a + b + 0.2 * c > 0).astype(int)
    return pl.DataFrame({k: v.round(3) for k, v in columns.items()} | {"label": label})


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
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run, trained once, of which tests forge copies; its table lies beside it."""
    from nnrun.training import train

    project = Project(tmp_path_factory.mktemp("original"))
    dataset = project.dataset(
        early_stopping={"patience": 5, "restore_best_weights": True}, reduce_lr_on_plateau={}
    )
    return train(dataset, stem="x", path=project.folder / "run").run.path


@pytest.fixture
def stranger(project: Project, original: Path) -> Path:
    """A copy of that run, in the project's folder."""
    return Path(shutil.copytree(original, project.folder / "run"))


@pytest.fixture
def arguments(project, stranger) -> Callable[[str], list[Any]]:
    """Return a command's arguments: of predict a table too, of resume one epoch more."""
    more = {"predict": [project.folder / "table.csv"], "evaluate": [project.folder / "table.csv"]}
    return lambda command: [
        command,
        stranger,
        *more.get(command, ["--epochs", "4"] * (command == "resume")),
    ]


@pytest.fixture
def refused(nnrun, project, stranger, arguments) -> Callable[..., str]:
    """Run a command that must refuse the run: exit 2, no result, one message; nothing that stands there changes."""

    def call(command: str, name: str) -> str:
        before = everything(project.folder)
        done = nnrun(*arguments(command))
        assert (done.code, done.out) == (2, ""), done.err
        assert str(stranger / name) in done.err
        assert "Traceback" not in done.err
        assert everything(project.folder) == {**before, "run/.lock": b""}
        return done.err

    return call


@pytest.fixture(autouse=True)
def _undrawn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write other bytes than those of pictures, which take longer than a test's training, but where they are tested."""
    if request.path.stem not in ("test_plots", "test_html_report", "test_prompt"):
        monkeypatch.setattr("nnrun.plots.make_figure", lambda *_, **__: None)
        monkeypatch.setattr("nnrun.plots.render", lambda *_: b"PNG")


@pytest.fixture
def eager() -> Iterator[None]:
    """Run without graphs, which cost more than a small training."""
    from nnrun.backend import tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


class Hangs(BaseException):
    """Raised where a command takes too long, past every handler."""


@pytest.fixture
def impatient(stranger: Path) -> Iterator[None]:
    """End the test where a command waits for what never comes."""

    def end(*_: Any) -> None:
        raise Hangs

    former = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, 6)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)
