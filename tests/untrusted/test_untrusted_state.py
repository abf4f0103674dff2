"""A run directory may come from anybody: checkpoints whose state or history does not fit."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.forgery import forge_state, header, members, npy, npy_of, zipped

pytestmark = pytest.mark.usefixtures("eager")

State = dict[str, Any]


def entries(**values: Any) -> Callable[[State], None]:
    return lambda state: state.update(values)


def stopping(**values: Any) -> Callable[[State], None]:
    return lambda state: state["callbacks"][0].update(values)


def plateau(**values: Any) -> Callable[[State], None]:
    return lambda state: state["callbacks"][1].update(values)


def without(*names: str) -> Callable[[State], None]:
    return lambda state: [state.pop(name) for name in names] and None


BAD_STATES: dict[str, Callable[[State], Any] | bytes] = {
    "no JSON": b"hello",
    "nothing": b"",
    "not UTF-8": b"\xff\xfe{}",
    "a list": b"[]",
    "a deep list": b"[" * 100_000,
    "deep objects": b'{"callbacks": ' * 50_000,
    "an unknown key": entries(path="/etc/passwd"),
    "a number as text": entries(epoch="3"),
    "a number with a point": entries(epoch=3.5),
    "true as a number": entries(epoch=True),
    "an epoch before the first": entries(epoch=-1),
    "an epoch beyond the last": entries(epoch=10**18),
    "an epoch of 5,000 digits": b'{"epoch": ' + b"1" * 5000 + b"}",
    "fewer epochs than the history": entries(epoch=2),
    "best weights that are not there": lambda state: {**state, "has_best": False},
    "callbacks of another config": entries(callbacks=[]),
    "an attribute of a callback": stopping(model=1),
    "an attribute of every object": stopping(__class__=1),
    "weights as an attribute": stopping(best_weights=1),
    "text in a callback": stopping(wait="1"),
    "no count in early stopping": stopping(wait=None),
    "no count in the plateau": plateau(wait=None),
    "no cooldown": plateau(cooldown_counter=None),
    "no best epoch": stopping(best_epoch=None),
    "a best epoch beyond the history": stopping(best_epoch=1000),
    "a best epoch before the first": stopping(best_epoch=-5),
    "a best value beyond float32": stopping(best=-1e308),
    "a best epoch that is not a number": stopping(best_epoch=float("nan")),
    "less than no seconds": entries(seconds=-1.0),
    "endless seconds": entries(seconds=float("inf")),
    "seconds that are not a number": entries(seconds=float("nan")),
}


@pytest.mark.parametrize("change", BAD_STATES.values(), ids=BAD_STATES.keys())
def test_a_state_that_does_not_fit_is_refused(copied_run, refusal_of, change):
    forge_state(copied_run, change)
    assert "cannot be read: " in refusal_of("resume", "checkpoint.npz")


def forge_history(run: Path, data: bytes, **state: Any) -> None:
    """Replace the history in checkpoint.npz, and what its state says of it."""
    forge_state(run, entries(format=1, **state))
    content = {**members(run / "checkpoint.npz"), "history.npy": data}
    (run / "checkpoint.npz").write_bytes(zipped(content))


BAD_HISTORIES: dict[str, tuple[bytes, State]] = {
    "fewer rows": (npy(np.zeros((2, 5))), {}),
    "fewer columns": (npy(np.zeros((3, 4))), {}),
    "no columns": (npy(np.zeros((3, 0))), {}),
    "thousands of columns": (npy(np.zeros((3, 5000))), {}),
    "text": (npy(np.full((3, 5), "x")), {}),
    "float32": (npy(np.zeros((3, 5), np.float32)), {}),
    "a negative number of rows": (npy_of(header("(-1, 5)", "'<f8'"), bytes(120)), {"epoch": -1}),
    "rows without end": (npy_of(header("(1000000000, 5)", "'<f8'"), bytes(120)), {"epoch": 10**9}),
    "rows without end and nothing in them": (
        npy_of(header("(1000000000, 0)", "'<f8'")),
        {"epoch": 10**9},
    ),
}


@pytest.mark.parametrize(("data", "state"), BAD_HISTORIES.values(), ids=BAD_HISTORIES.keys())
def test_a_history_of_another_shape_is_refused(copied_run, refusal_of, data, state):
    forge_history(copied_run, data, **state)
    assert "cannot be read: " in refusal_of("resume", "checkpoint.npz")


HARMLESS_STATES = {
    "a step beyond the end of the epoch": entries(step=10**18),
    "patience that is over": stopping(wait=10**30),
    "a best value that is not a number": stopping(best=float("nan")),
    "a run that is stopped": entries(stopped=True),
}


@pytest.mark.parametrize("change", HARMLESS_STATES.values(), ids=HARMLESS_STATES.keys())
def test_a_state_that_lies_within_reason_leaves_a_run_as_any_other(
    nnrun, copied_run, command_on_run, change
):
    forge_state(copied_run, change)
    done = nnrun(*command_on_run("resume"))
    assert (done.code, "Traceback" in done.err) == (0, False), done.err
    rows = list(csv.DictReader((copied_run / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"][: len(rows)]
    assert np.isfinite([float(row["loss"]) for row in rows]).all()
    assert nnrun(*command_on_run("predict")).code == 0


def test_a_history_of_what_is_not_finite_stays_as_it_is(nnrun, copied_run, command_on_run):
    forge_history(copied_run, npy(np.array([[np.nan] * 5, [np.inf] * 5, [-np.inf] * 5])))
    assert nnrun(*command_on_run("resume")).code == 0
    rows = list(csv.reader((copied_run / "history.csv").read_text().splitlines()))
    assert rows[1:4] == [[str(i + 1), *[text] * 5] for i, text in enumerate(("nan", "inf", "-inf"))]
    assert nnrun(*command_on_run("show")).code == 0


def test_a_run_whose_metrics_are_infinite_goes_on(project, frame, nnrun):
    project.table(frame.with_columns(dose=3e38), "huge.csv")
    changes = {"data.target": "dose", "data.validation": "huge.csv", "data.validation_split": 0}
    config = project.config({**changes, "loss": "mse", "layers": [{"units": 1}]})
    assert nnrun("train", config, "-o", "run", "-q").code == 0
    assert nnrun("resume", "run", "--epochs", "4", "-q").code == 0
