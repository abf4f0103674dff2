"""`nnrun show` of run directories that come from strangers: whatever their files hold, it is shown or refused."""

import json
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.project import Project

from nnrun.errors import NnrunError
from nnrun.reporting.text import describe_dataset, describe_run
from nnrun.training.trainer import train

COMMAND = "\x1b[2J\x9b2J\r\x07"  # clears a terminal, and rings
DEEP = b"[" * 100_000
FILES = ("run.json", "metrics.json", "history.csv")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A run directory as training leaves it; tests work on copies."""
    project = Project(tmp_path_factory.mktemp("finished"))
    return train(project.dataset(), stem="x", path=project.folder / "run").run.path


@pytest.fixture
def run(finished, tmp_path) -> Path:
    """A copy of the run directory, to be forged."""
    return Path(shutil.copytree(finished, tmp_path / "run"))


def with_entries(**entries: Any) -> Callable[[bytes], bytes]:
    """Return a function that changes entries of a JSON object."""
    return lambda data: json.dumps({**json.loads(data), **entries}).encode()


def show(path: Path) -> str | None:
    """Return what is shown, which commands no terminal, or None where the directory is refused."""
    with suppress(NnrunError):
        text = describe_run(path)
        assert not CONTROL.search(text)
        return text
    return None


UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "a list of pairs": b'[["loss", 1]]',
    "null": b"null",
    "a number": b"7",
    "a text": b'"loss"',
    "nested deeply": DEEP,
    "an object nested deeply": b'{"a":' * 100_000,
    "a value nested deeply": b'{"loss": ' + DEEP + b"]" * len(DEEP) + b"}",
    "a text for a number": b'{"epoch": 3, "loss": "low"}',
    "a list for a number": b'{"epoch": 3, "loss": [1]}',
    "an object for a number": b'{"epoch": {}, "loss": 1}',
    "a number of 5,000 digits": b'{"epoch": 1, "loss": ' + b"9" * 5_000 + b"}",
    "no encoding": b'{"epoch": 1, "lo\xff": 1}',
    "half a character": b'{"epoch": 1, "lo\\ud800": 1}',
    "NUL bytes": b"\0" * 100,
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_metrics_that_are_none_are_left_out(run, content):
    (run / "metrics.json").write_bytes(content)
    shown = show(run)
    assert shown
    assert "\nkept " not in shown
    assert "\nbest       validation was best at epoch " in shown


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_run_json_that_says_nothing_is_refused(run, content):
    (run / "run.json").write_bytes(content)
    assert show(run) is None


HISTORIES: dict[str, bytes] = {
    "nothing": b"",
    "a header alone": b"epoch,loss\n",
    "rows without epoch": b"loss\n0.5\n",
    "rows without loss": b"epoch,accuracy\n1,0.5\n",
    "a row that is too short": b"epoch,loss\n1\n",
    "a loss that is empty": b"epoch,loss\n1,\n",
    "a loss that is not a number": b"epoch,loss\n1,low\n",
    "a loss that is not finite": b"epoch,loss\n1,nan\n2,inf\n",
    "an epoch that is not a number": b"epoch,loss\none,0.5\n",
    "an epoch that is a command": b"epoch,loss\n\x1b[2J,0.5\n",
    "an epoch of 5,000 digits": b"epoch,loss\n" + b"9" * 5_000 + b",0.5\n",
    "an epoch that is empty": b"epoch,loss\n,0.5\n",
    "an empty val_loss": b"epoch,loss,val_loss\n1,0.5,\n",
    "no encoding": b"epoch,loss\n1,0.\xff\n",
    "NUL bytes": b"\0" * 100,
    "an open quote": b'epoch,loss\n"1,0.5\n' * 1_000,
}


@pytest.mark.parametrize("content", HISTORIES.values(), ids=HISTORIES.keys())
def test_a_history_without_a_best_epoch_is_left_out(run, content):
    (run / "history.csv").write_bytes(content)
    shown = show(run)
    assert shown
    assert "kept       epoch 3 of 3" in shown
    assert "best" not in shown


def test_a_row_of_too_many_cells_is_read(run):
    (run / "history.csv").write_bytes(b"epoch,loss\n1,0.5,7,8\n2,0.25\n3,0.25\n")
    assert "best       the training loss was best at epoch 2 (0.25)" in (show(run) or "")


STRANGE: dict[str, Callable[[bytes], bytes]] = {
    "another status": with_entries(status="stolen"),
    "no status": with_entries(status=None),
    "a number for status": with_entries(status=3),
    "data that is a list": with_entries(data=[]),
    "a table that is a list": with_entries(data={"train": []}),
    "a table that is nested": with_entries(data={"train": {"rows": {"rows": 1}}}),
    "a table without rows": with_entries(data={"train": {}}),
    "a text for rows": with_entries(data={"train": {"rows": "many"}}),
    "a text for epochs": with_entries(epochs="many"),
    "half an epoch": with_entries(epochs=1.5),
    "epochs beyond all bounds": with_entries(epochs=10**4_000, best_epoch=-(10**4_000)),
    "checksums that are a list": with_entries(checksums=[]),
    "checksums of nothing": with_entries(checksums={}),
    "one key twice": lambda data: data.replace(b"{", b'{"status": "running", ', 1),
}


@pytest.mark.parametrize("change", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_run_json_is_shown_or_refused(run, change):
    (run / "run.json").write_bytes(change((run / "run.json").read_bytes()))
    show(run)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_no_file(run, name):
    (run / name).unlink()
    (run / name).mkdir()
    assert bool(show(run)) == (name != "run.json")


COMMANDS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "status": ("run.json", with_entries(status=f"running{COMMAND}")),
    "started": ("run.json", with_entries(started=COMMAND)),
    "the name of a table": ("run.json", with_entries(data={COMMAND: {"rows": 1}})),
    "the rows of a table": ("run.json", with_entries(data={"train": {"rows": COMMAND}})),
    "the path of a table": ("run.json", with_entries(data={"train": {"rows": 1, "path": COMMAND}})),
    "the name of a metric": ("metrics.json", with_entries(**{COMMAND: 0.5})),
}


@pytest.mark.parametrize(("name", "change"), COMMANDS.values(), ids=COMMANDS.keys())
def test_commands_to_the_terminal_are_shown_not_given(run, name, change):
    (run / name).write_bytes(change((run / name).read_bytes()))
    assert r"\x1b[2J\x9b2J\r\x07" in (show(run) or "")


def test_commands_in_the_names_of_columns_are_shown_not_given(project, frame):
    project.table(frame.rename({"age": "age\x1b[2J"}))
    shown = describe_dataset(
        project.dataset({"data.target": "age\x1b[2J", "loss": "mse", "layers": [{"units": 1}]})
    )
    assert not CONTROL.search(shown)
    assert r"target    age\x1b[2J: " in shown


def test_text_beyond_ascii_stays_as_it_is(run):
    change = with_entries(data={"train": {"rows": 1, "path": "/tmp/Größe 表\t🙂.csv"}})
    (run / "run.json").write_bytes(change((run / "run.json").read_bytes()))
    assert r"/tmp/Größe 表\t🙂.csv" in (show(run) or "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(COMMAND),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TOKENS = [
    b"",
    b"\n",
    b",",
    b'"',
    b"{",
    b"}",
    b"[]",
    b"null",
    b"-1",
    b"1e999",
    b"NaN",
    b"\0",
    b"\x1b[2J",
    b"\\ud800",
]


def forge(data: st.DataObject, content: bytes) -> bytes:
    """Return other bytes: some replaced, or where they are a JSON object some of its entries."""
    if content.startswith(b"{") and data.draw(st.booleans()):
        entries = json.loads(content)
        changes = data.draw(
            st.dictionaries(st.sampled_from([*entries, "other"]), JSON, min_size=1, max_size=3)
        )
        return with_entries(**changes)(content)
    for _ in range(data.draw(st.integers(1, 4))):
        start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(content))] * 2)))
        end = data.draw(st.sampled_from([start, min(start + 1, end), end]))
        content = (
            content[:start]
            + data.draw(st.sampled_from(TOKENS) | st.binary(max_size=20))
            + content[end:]
        )
    return content


@settings(max_examples=100, deadline=None, database=None)
@given(data=st.data())
def test_whatever_the_files_of_a_run_hold_it_is_shown_or_refused(finished, tmp_path_factory, data):
    run = Path(shutil.copytree(finished, tmp_path_factory.mktemp("forged") / "run"))
    for name in data.draw(st.sets(st.sampled_from(FILES), min_size=1)):
        (run / name).write_bytes(forge(data, (finished / name).read_bytes()))
    show(run)
