"""Whatever a public function is given, and whatever a run holds: it answers, or raises an error of nnrun's.

`pytest -m fuzz` forges 2,000 runs instead of 25, at random.
"""

import inspect
import json
import shutil
import warnings
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.forgery import sign
from support.hostile_values import ARGUMENTS, changed_json
from support.marks import exhaustive

import nnrun as nn
from nnrun.api import training
from nnrun.errors import NnrunError
from nnrun.workflows import cross_validation, sweep

FUNCTIONS = ("train", "cross_validate", "sweep", "check", "init", "load", "runs")
METHODS = ("predict", "evaluate", "importance", "encode", "plot", "report", "export", "resume")
DRAWING = ("plot", "report", "export")
TAKEN = (
    "None",
    "device",
    "text",
    "no text",
    "5,000 letters",
)  # what those take, who need TensorFlow or matplotlib
PROPERTIES = ("status", "verdict", "inputs", "history")
FILES = ("run.json", "encoding.json", "metrics.json", "history.csv", "weights.npz", "config.yaml")
FEW, MANY = 25, 2_000  # forged runs


class Trained(NnrunError):
    """Stands for the training, which is not what is tested here."""


@pytest.fixture
def run(copied_run, monkeypatch) -> nn.Run:
    """Return a run in the working directory that neither trains on nor draws."""

    def stop(*_: Any, **__: Any) -> None:
        raise Trained

    monkeypatch.chdir(copied_run.parent)
    monkeypatch.setattr(training, "train", stop)
    monkeypatch.setattr(training, "resume", stop)
    monkeypatch.setattr(cross_validation, "cross_validate", stop)
    monkeypatch.setattr(sweep, "run_sweep", stop)
    return nn.load("run")


@pytest.fixture
def good(run, project) -> dict[str, Any]:
    """Return a value of each argument that must be given, by its name."""
    return {
        "config": project.config(),
        "path": "run",
        "data": "table.csv",
        "target": "label",
        "output": "there is nothing",
        "format": "onnx",
        "quiet": True,
    }


def arguments_of(function: Callable[..., Any]) -> list[str]:
    """Return the names of what a function or a method takes."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not p.VAR_KEYWORD and p.name != "self"]


def answer(call: Callable[[], Any]) -> None:
    """Call a function that may refuse what it is given, in words, and may warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            call()
        except NnrunError as error:
            str(error)


CASES = [
    *[(name, argument) for name in FUNCTIONS for argument in arguments_of(getattr(nn, name))],
    *[(name, argument) for name in METHODS for argument in arguments_of(getattr(nn.Run, name))],
]


def test_every_public_function_is_tried():
    exceptions = {name for name in dir(nn) if inspect.isclass(getattr(nn, name))}
    assert {*dir(nn)} - exceptions - {"__version__", "Run"} == {*FUNCTIONS}
    public = {name for name in vars(nn.Run) if not name.startswith("_")}
    assert public == {*METHODS, *PROPERTIES, "model"}


@pytest.mark.parametrize(
    ("name", "argument"), CASES, ids=[f"{name}-{argument}" for name, argument in CASES]
)
def test_a_function_answers_whatever_an_argument_is(run, good, name, argument):
    function = getattr(nn if name in FUNCTIONS else run, name)
    known = {key: value for key, value in good.items() if key in arguments_of(function)}
    for label, value in ARGUMENTS.items():
        if name in DRAWING and label in TAKEN:
            continue
        print(f"{name}({argument}={label})")  # which pytest shows where it fails
        answer(lambda value=value: function(**{**known, argument: value}))


@pytest.fixture(
    params=[
        pytest.param(FEW, id="a few"),
        pytest.param(MANY, marks=pytest.mark.fuzz, id="many"),
    ]
)
def chosen(request):
    """How many runs are forged, and whether always the same."""
    return settings(
        max_examples=request.param,
        derandomize=request.param == FEW,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@st.composite
def damaged(draw: Any, content: bytes) -> bytes:
    """Draw the bytes of a file in which a few are others, or missing."""
    place = draw(st.integers(0, len(content) - 1))
    middle = draw(st.sampled_from([b"", b"\0", b",", b"nan", b"1e999", b'"', b"\xff", b"\n"]))
    return content[:place] + middle + content[place + draw(st.integers(0, 40)) :]


@pytest.mark.parametrize(
    "signed", [exhaustive(False, id="unsigned"), pytest.param(True, id="signed")]
)
@pytest.mark.parametrize("name", FILES)
def test_a_run_answers_whatever_its_files_hold(run, project, chosen, name, signed):
    whole = (run.path / name).read_bytes()
    forged = damaged(whole)
    if name.endswith(".json"):
        forged |= changed_json(json.loads(whole)).map(lambda tree: json.dumps(tree).encode())
    pristine = shutil.copytree(run.path, project.folder / "pristine")

    @chosen
    @given(forged)
    def hold(content: bytes) -> None:
        shutil.rmtree(run.path)
        shutil.copytree(pristine, run.path)
        (run.path / name).write_bytes(content)
        if signed and name != "run.json":
            sign(run.path)
        answer(lambda: nn.runs("."))
        answer(lambda: answer_all(nn.load(run.path)))

    hold()


def answer_all(run: nn.Run) -> None:
    """Ask a run for all that takes no TensorFlow and draws nothing."""
    assert repr(run)
    for name in PROPERTIES:
        answer(lambda name=name: getattr(run, name))
    table = pl.read_csv("table.csv")[:5]
    answer(lambda: run.predict(table))
    answer(lambda: run.predict(table, interval=0.5))
    answer(run.evaluate)
    answer(lambda: run.encode(table))
