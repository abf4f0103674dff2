"""What is put at a path between the check and the use is not used: each file is opened once."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest
from support.forgery import members, npy, sign, zipped

from nnrun.errors import RunError
from nnrun.lock import held, is_held
from nnrun.ordinary_files import (
    NotOrdinaryError,
    hash_file,
    open_ordinary,
    read_small,
    size_of,
)
from nnrun.runs import saved_model
from nnrun.runs.arrays import read_arrays
from nnrun.runs.directory import Run
from nnrun.runs.history import append_history, count_epochs, read_history


def hold(path: Path) -> None:
    with held(path):
        pass


def as_link(path: Path) -> None:
    path.with_name("elsewhere").write_text("epoch,loss\n1,0.5\n")
    path.symlink_to("elsewhere")


SPECIAL: dict[str, Callable[[Path], object]] = {
    "a link": as_link,
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
}
READERS: dict[str, Callable[[Path], object]] = {
    "a history": read_history,
    "epochs": count_epochs,
    "arrays": lambda path: read_arrays(path, {}),
    "a lock": hold,
}


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL.keys())
@pytest.mark.parametrize("read", READERS.values(), ids=READERS.keys())
def test_a_file_that_is_none_when_it_is_opened_is_refused(tmp_path, make, read):
    make(tmp_path / "file")
    with pytest.raises(RunError, match=r"file: .*is a (link|pipe|folder), not a file"):
        read(tmp_path / "file")


@pytest.mark.parametrize("make", SPECIAL.values(), ids=SPECIAL.keys())
def test_nothing_is_appended_to_what_is_no_file(tmp_path, make):
    make(tmp_path / "history.csv")
    with pytest.raises(NotOrdinaryError):
        append_history(tmp_path / "history.csv", [{"loss": 1.0}], 1)
    elsewhere = tmp_path / "elsewhere"
    assert not elsewhere.exists() or elsewhere.read_text() == "epoch,loss\n1,0.5\n"


def test_a_socket_and_a_device_are_no_files(tmp_path):
    with pytest.raises(NotOrdinaryError, match="is a device"):
        open_ordinary(Path(os.devnull))
    with pytest.raises(OSError, match="larger than 0 MiB"):
        read_small(Path(__file__), most=10)


def test_a_lock_that_cannot_be_opened_counts_as_held(tmp_path):
    as_link(tmp_path / "lock")
    assert is_held(tmp_path / "lock")


@pytest.fixture
def swapped(monkeypatch, copied_run) -> Callable[[str, bytes], None]:
    """Arrange that a file of the run is another once its checksum was compared."""

    def arrange(name: str, content: bytes) -> None:
        compare = saved_model._Files._has_right_sum

        def compare_and_swap(self: Any, compared: str, checksum: str) -> bool:
            is_right = compare(self, compared, checksum)
            if compared == name:
                (copied_run / name).unlink()
                (copied_run / name).write_bytes(content)
            return is_right

        monkeypatch.setattr(saved_model._Files, "_has_right_sum", compare_and_swap)

    return arrange


def other_weights(run: Path) -> bytes:
    import numpy as np

    content = members(run / "weights.npz")
    name = "layers[0].weights[0].npy"
    return zipped({**content, name: npy(np.full((3, 4), 9, np.float32))})


def other_encoding(run: Path) -> bytes:
    return (run / "encoding.json").read_bytes().replace(b'"0"', b'"never"', 1)


def other_config(run: Path) -> bytes:
    return (run / "config.yaml").read_bytes().replace(b"relu", b"tanh", 1)


OTHERS = {
    "weights.npz": other_weights,
    "encoding.json": other_encoding,
    "config.yaml": other_config,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_was_hashed_is_what_is_used(nnrun, copied_run, command_on_run, swapped, name):
    expected = nnrun(*command_on_run("predict")).out
    swapped(name, OTHERS[name](copied_run))
    assert nnrun(*command_on_run("predict")).out == expected
    assert "was altered" in nnrun(*command_on_run("predict")).err


def test_a_run_records_the_size_of_each_file(copied_run):
    info = Run(copied_run).read_info()
    assert info.sizes == {name: (copied_run / name).stat().st_size for name in info.checksums}
    assert (info.saving, info.saving_sizes) == ({}, {})


def without_sizes(run: Path) -> None:
    info = json.loads((run / "run.json").read_bytes())
    del info["sizes"]
    (run / "run.json").write_text(json.dumps(info))


def test_a_run_without_sizes_is_read_as_before(nnrun, copied_run, command_on_run):
    expected = nnrun(*command_on_run("predict")).out
    without_sizes(copied_run)
    assert nnrun(*command_on_run("predict")).out == expected


@pytest.fixture
def unread(monkeypatch) -> None:
    """Fail the test where a large file is hashed."""

    def hash_small(file: IO[bytes], most: int) -> str:
        assert size_of(file) < HOLE
        return hash_file(file, most)

    monkeypatch.setattr(saved_model, "hash_file", hash_small)


HOLE = 64 << 30  # bytes, which take no room on the disk


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("name", ["model.keras", "weights.npz"])
@pytest.mark.parametrize("recorded", ["its size", "none", "that size"])
@pytest.mark.parametrize("command", ["show", "predict", "reproduce"])
def test_a_hole_is_not_hashed(copied_run, nnrun, command_on_run, name, recorded, command):
    os.truncate(copied_run / name, HOLE)
    if recorded == "none":
        without_sizes(copied_run)
    if recorded == "that size":
        info = json.loads((copied_run / "run.json").read_bytes())
        info["sizes"][name] = HOLE
        (copied_run / "run.json").write_text(json.dumps(info))
    done = nnrun(*command_on_run(command))
    assert done.code == 2
    if recorded == "its size":
        assert f"{name} was altered since training" in done.err
    else:
        assert (
            f"{name}: cannot be read: it has {HOLE:,} bytes, and the file of this network"
            in done.err
        )


NAMES = [".lock", "history.csv", "metrics.json", "curves.png", "verdict.json", "intervals.json"]
FOLDERS = dict.fromkeys(NAMES, "is a folder, not a file") | {
    ".tmp-x": "is a folder with the name of a temporary file"
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_where_a_file_belongs_ends_a_training_before_it_begins(
    project, nnrun, copied_run, command_on_run, name
):
    (copied_run / name).unlink(missing_ok=True)
    (copied_run / name).mkdir()
    for command in (
        command_on_run("resume"),
        ["train", project.config(), "-o", "run", "--overwrite"],
    ):
        done = nnrun(*command)
        assert done.code == 2
        assert f"{name}: {FOLDERS[name]}" in done.err


def test_a_folder_as_the_lock_of_a_new_run_is_refused(project, nnrun):
    (project.folder / "new" / ".lock").mkdir(parents=True)
    done = nnrun("train", project.config(), "-o", "new")
    assert (done.code, "new/.lock: is a folder, not a file" in done.err) == (2, True)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a text for a number": ({"epochs": "many"}, "epochs: Input should be a valid integer"),
    "a number for a text": ({"status": 3}, "status: Input should be a valid string"),
    "a list": ({"versions": [1]}, "versions: Input should be an object, received [1]"),
    "an engine": ({"engine": "\x1bx"}, r"received '\x1bx'"),
    "two keys": ({"seed": "a", "goal": -1}, "; seed: "),
    "an unknown part": ({"data": {"x\x1b": 1}}, r"data.x\x1b: "),
}


@pytest.mark.parametrize(("entries", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_key_of_run_json_is_named(copied_run, entries, message):
    sign(copied_run, **entries)
    with pytest.raises(RunError) as caught:
        Run(copied_run).read_info()
    assert str(caught.value).startswith(f"{copied_run / 'run.json'}: cannot be read: ")
    assert message in str(caught.value)
    assert "RunInfo" not in str(caught.value)


def test_a_wrong_key_of_a_verdict_is_named(nnrun, project, copied_run):
    (copied_run / "verdict.json").write_text('{"part": 3}')
    done = nnrun("show", copied_run)
    assert done.code == 2
    assert "received 3" in done.err
    assert "linear is missing" in done.err
