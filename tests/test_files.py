"""Files are wholly there or not there."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from nnrun.files import (
    DISK_ERRORS,
    atomic_path,
    disk_error,
    named_errors,
    sha256,
    write_json,
    write_text,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is there already, alone in its folder."""
    path = tmp_path / "model.keras"
    path.write_text("old")
    return path


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_a_file_is_replaced_whole(path: Path) -> None:
    write_text(path, "neu\nzwei\n")
    assert path.read_bytes() == b"neu\nzwei\n"
    assert list(path.parent.iterdir()) == [path]


def test_until_the_body_ends_the_old_file_stands(path: Path) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
        assert temporary.parent == path.parent  # else a rename is a copy
        assert temporary.suffix == ".keras"  # Keras chooses the format by it
    assert path.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_a_failing_body_leaves_the_old_file_and_nothing_else(
    path: Path, error: type[BaseException]
) -> None:
    with pytest.raises(error), atomic_path(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_failing_body_leaves_no_file_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop"), atomic_path(tmp_path / "new.json"):
        raise ValueError("stop")
    assert not list(tmp_path.iterdir())


def test_a_failing_rename_leaves_the_old_file_and_nothing_else(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        write_text(tmp_path / "nowhere" / "a.json", "text")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no modes")
def test_the_mode_is_that_of_an_ordinary_new_file(tmp_path: Path, umask: int) -> None:
    ordinary, written = tmp_path / "ordinary", tmp_path / "written"
    ordinary.write_text("")
    write_text(written, "")
    assert oct(written.stat().st_mode) == oct(ordinary.stat().st_mode)
    assert os.umask(umask) == umask  # which looking at the mask has not changed


def test_json_is_readable_and_keeps_every_letter(path: Path) -> None:
    write_json(path, {"größe": [1.5, None, "日本"]})
    assert (
        path.read_text(encoding="utf-8")
        == '{\n  "größe": [\n    1.5,\n    null,\n    "日本"\n  ]\n}\n'
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_json_refuses_what_is_no_json_and_leaves_the_old_file(path: Path, number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"loss": number})
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_json_numbers_come_back_exactly(path: Path) -> None:
    write_json(path, [0.1 + 0.2, 1e-300, 2**53 + 1])
    assert json.loads(path.read_text()) == [0.1 + 0.2, 1e-300, 2**53 + 1]


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_sha256_is_of_all_the_bytes(tmp_path: Path, size: int) -> None:
    path = tmp_path / "bytes"
    path.write_bytes(b"\xff" * size)
    assert sha256(path) == hashlib.sha256(b"\xff" * size).hexdigest()


@pytest.mark.parametrize("number", DISK_ERRORS, ids=os.strerror)
def test_a_disk_error_in_the_words_of_another_library_has_a_place(number):
    error = disk_error(RuntimeError(f"out/variables: {os.strerror(number)}"), Path("out"))
    assert error is not None
    assert (error.errno, error.filename) == (number, "out")


def test_another_error_is_no_disk_error():
    assert disk_error(ValueError("shapes do not fit"), Path("out")) is None


def test_an_error_in_a_temporary_folder_names_the_place(tmp_path):
    temporary = tmp_path / "temporary"
    with pytest.raises(OSError, match="No space") as error, named_errors(tmp_path, temporary):
        raise OSError(28, "No space left on device", str(temporary / "train-x.f32"))
    assert error.value.filename == str(tmp_path)
