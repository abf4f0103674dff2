"""A table that is replaced or written to while it is read: refused, and never half of each."""

import gzip
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from nnrun.errors import TableError
from nnrun.features import loading
from nnrun.features.loading import load_dataset
from nnrun.tables import csv_pieces, parquet_rows, stored_file
from nnrun.tables.fingerprint import fingerprint
from nnrun.tables.stored_file import StoredFile
from nnrun.tables.table import open_table

CHANGED = "the table changed while it was read; start again once nothing writes to it any more"

Write = Callable[[pl.DataFrame], bytes]
Change = Callable[[Path, bytes], None]


def as_parquet(frame: pl.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()


FORMATS: dict[str, Write] = {
    "csv": lambda frame: frame.write_csv().encode(),
    "gzip": lambda frame: gzip.compress(frame.write_csv().encode()),
    "parquet": as_parquet,
}


def replace(path: Path, content: bytes) -> None:
    """Put another file in the place of this one, as a download or an editor does."""
    other = path.with_name("other")
    other.write_bytes(content)
    other.replace(path)


def rewrite(path: Path, content: bytes) -> None:
    """Write into the file itself."""
    path.write_bytes(content)


def remove(path: Path, _: bytes) -> None:
    path.unlink()


CHANGES: dict[str, Change] = {"replaced": replace, "rewritten": rewrite, "removed": remove}


@pytest.fixture(params=FORMATS)
def write(request) -> Write:
    """Turn a frame into the bytes of a table, in each format."""
    return FORMATS[request.param]


@pytest.fixture(params=CHANGES)
def change(request) -> Change:
    """Change a file in each way."""
    return CHANGES[request.param]


@pytest.fixture
def read_twice(monkeypatch) -> None:
    """Nothing of a table is kept in memory for a second reading."""
    monkeypatch.setattr(loading, "KEPT", 0)


def hook(monkeypatch: Any, name: str, *, before: Any = None, after: Any = None) -> None:
    """Let a function of loading.py be preceded or followed by something."""
    function = getattr(loading, name)

    def call(*args: Any) -> Any:
        if before:
            before()
        result = function(*args)
        if after:
            after()
        return result

    monkeypatch.setattr(loading, name, call)


def longer(frame: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([frame, frame])


@pytest.mark.parametrize(
    ("in_memory", "moment"),
    [
        (True, "profile_table"),
        (False, "profile_table"),
        (False, "cache_key"),
    ],
    ids=["before-rows-are-encoded", "before-rows-are-converted", "after-hashing"],
)
@pytest.mark.usefixtures("read_twice")
def test_a_table_that_changes_between_two_readings_is_refused(
    project, frame, write, change, in_memory, moment, monkeypatch, problems
):
    path = project.table(write(frame))
    other = write(longer(frame))
    hook(monkeypatch, moment, after=lambda: change(path, other))
    config = project.load({"data.in_memory": in_memory})
    lines = problems(load_dataset, config, project.folder / "cache")
    assert lines == [f"{path}: {CHANGED}"]
    cache = project.folder / "cache"
    assert not cache.exists() or list(cache.iterdir()) == []


@pytest.mark.parametrize("which", ["validation", "test"])
@pytest.mark.usefixtures("read_twice")
def test_a_table_that_changes_between_counting_and_encoding_is_refused(
    project, frame, write, which, monkeypatch, problems
):
    path = project.table(write(frame), "other.csv")
    height = loading.Table.height

    def change_after(table: Any) -> int:
        rows = height(table)
        replace(path, write(longer(frame)))
        return rows

    monkeypatch.setattr(loading.Table, "height", change_after)
    config = project.load({f"data.{which}": "other.csv", "data.validation_split": 0})
    assert problems(load_dataset, config) == [f"{path}: {CHANGED}"]


def test_a_table_that_changes_between_its_header_and_its_rows_is_refused(
    project, frame, write, change
):
    path = project.table(write(frame))
    table = open_table(path, [""], "t")
    change(path, write(frame.select(reversed(frame.columns))))
    with pytest.raises(TableError) as error:
        list(table.blocks())
    assert str(error.value) == f"t: {CHANGED}"


def test_a_table_that_grows_while_its_rows_are_read_is_refused(project, frame, write, monkeypatch):
    monkeypatch.setattr(csv_pieces, "BLOCK", 256)
    monkeypatch.setattr(parquet_rows, "ROWS", 16)
    path = project.table(write(frame))
    table = open_table(path, [""], "t")
    blocks = table.blocks()
    next(blocks)
    with path.open("ab") as file:
        file.write(b"1,2,3,0\n")
    with pytest.raises(TableError, match="changed while it was read"):
        list(blocks)


def test_other_bytes_under_the_same_size_and_time_are_refused(project, frame, change):
    path = project.table(frame)
    status = path.stat()
    table = open_table(path, [""], "t")
    list(table.blocks())
    path.write_bytes(path.read_bytes().replace(b"1", b"2"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(TableError, match="changed while it was read"):
        list(table.blocks())


@pytest.mark.parametrize("in_memory", [True, False])
@pytest.mark.usefixtures("read_twice")
def test_a_dataset_has_the_fingerprints_and_the_sizes_of_the_bytes_that_were_read(
    project, frame, write, in_memory, monkeypatch
):
    content = write(frame)
    path = project.table(content)
    hook(monkeypatch, "encode", after=lambda: replace(path, write(longer(frame))))
    config = project.load({"data.in_memory": in_memory})
    dataset = load_dataset(config, project.folder / "cache")
    assert dataset.fingerprints == {"train": hashlib.sha256(content).hexdigest()}
    assert dataset.sizes == {"train": len(content)}


@pytest.mark.usefixtures("read_twice")
def test_a_changed_table_takes_no_matrices_of_another(project, frame, write, monkeypatch):
    path = project.table(write(frame))
    config = project.load({"data.in_memory": False})
    hook(monkeypatch, "encode", after=lambda: replace(path, write(longer(frame))))
    assert len(load_dataset(config, project.folder / "cache").train.x) == 45
    monkeypatch.undo()
    assert len(load_dataset(config, project.folder / "cache").train.x) == 90
    assert len(list((project.folder / "cache").iterdir())) == 2


def test_a_table_is_hashed_in_the_pass_in_which_it_is_read(project, frame, write, monkeypatch):
    path = project.table(write(frame))
    opened: list[Path] = []
    open_file = StoredFile.open

    def count(stored: StoredFile) -> Any:
        opened.append(stored.path)
        return open_file(stored)

    monkeypatch.setattr(stored_file, "_sha256_by_file", {})
    table = open_table(path, [""], "t")
    monkeypatch.setattr(StoredFile, "open", count)
    list(table.blocks())
    assert table.fingerprint() == hashlib.sha256(path.read_bytes()).hexdigest()
    assert opened == [path]
    assert fingerprint(str(path)) == table.fingerprint()


def test_parts_have_one_fingerprint(project, frame):
    for number in (1, 2):
        project.table(frame, f"part-{number}.csv")
    pattern = project.folder / "part-*.csv"
    table = open_table(pattern, [""], "t")
    list(table.blocks())
    assert table.fingerprint() == fingerprint(str(pattern))
    assert table.fingerprint() != fingerprint(str(project.folder / "part-1.csv"))


def test_bytes_have_no_fingerprint():
    assert open_table(b"a\n1\n", [""], "t").fingerprint() == ""


def test_the_first_block_is_as_large_as_in_earlier_versions(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("number\n" + "".join(f"{row}\n" for row in range(10_000)))
    first = next(csv_pieces.read_pieces(StoredFile(path, "table.csv")))
    in_4_kib = path.read_bytes()[: 4 << 10]
    assert first == in_4_kib[: in_4_kib.rindex(b"\n") + 1]
