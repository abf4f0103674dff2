"""Tables in files: the same as in memory, converted once, and safe against crashes and other runs."""

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.marks import usual
from support.processes import DEADLINE

from nnrun.errors import TableError
from nnrun.features import cache_folder, loading, matrix_store
from nnrun.features.cache_folder import CACHE, MARKER, new_folder, remove_abandoned
from nnrun.features.cache_manifest import write_manifest
from nnrun.features.dataset import Dataset, Part
from nnrun.features.loading import load_dataset
from nnrun.features.matrix_store import Store, map_matrix
from nnrun.tables import csv_pieces
from nnrun.tables.prefetch import ahead
from nnrun.training import batches
from nnrun.training.backend import keras
from nnrun.training.batches import RowBlocks, row_order
from nnrun.training.trainer import train

HIDDEN = {"units": 6, "activation": "relu"}
SIGMOID = {"units": 1, "activation": "sigmoid"}
GAPS = {"data.missing": "mean"}


@pytest.fixture
def gaps(project, frame) -> pl.DataFrame:
    """The project's table with missing cells, and a text column with some too."""
    row = pl.int_range(60)
    missing = pl.when(row % 7 == 0).then(None).otherwise("age").alias("age")
    town = (
        pl.when(row % 5 == 0)
        .then(None)
        .when(row % 2 == 0)
        .then(pl.lit("Oslo"))
        .otherwise(pl.lit("Rome"))
    )
    changed = frame.with_columns(missing, town=town).select(
        "town", "age", "height", "dose", "label"
    )
    project.table(changed)
    return changed


@pytest.fixture
def mapped(project) -> Callable[..., Dataset]:
    """Load the good config with changes, its table in files under `cache`."""

    def call(changes: dict[str, Any] | None = None, **more: Any) -> Dataset:
        config = project.load({**(changes or {}), "data.in_memory": False}, **more)
        return load_dataset(config, project.folder / "cache")

    return call


@pytest.fixture
def small_blocks(monkeypatch) -> None:
    """Tables are read in blocks of a few rows, and epochs run over blocks of a few batches."""
    monkeypatch.setattr(csv_pieces, "BLOCK", 256)
    monkeypatch.setattr(matrix_store, "FILL_ROWS", 7)
    monkeypatch.setattr(batches, "BLOCK_BYTES", 256)
    monkeypatch.setattr(batches, "SMALL_BLOCK_BYTES", 0)
    monkeypatch.setattr(batches, "CHUNK_BYTES", 128)
    monkeypatch.setattr(batches, "RESIDENT_CHUNKS", 2)


def folders(project: Any) -> list[Path]:
    """Return the folders of converted tables, and whatever else lies there."""
    return sorted((project.folder / "cache").iterdir())


def equal(a: Part | None, b: Part | None) -> bool:
    if a is None or b is None:
        return a is b
    same = np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y)
    return same and (a.name, a.dropped, a.unseen) == (b.name, b.dropped, b.unseen)


OTHER = {"data.validation_split": 0, "data.validation": "other.csv", "data.test": "third.csv"}
CASES: dict[str, dict[str, Any]] = {
    "missing: mean": GAPS,
    "missing: drop": {"data.missing": "drop"},
    "no rows held out": {**GAPS, "data.validation_split": 0},
    "validation and test tables": {**GAPS, **OTHER},
    "numbers": {**GAPS, "data.target": "dose", "loss": "mse", "layers": [HIDDEN, {"units": 1}]},
    "two targets": {
        **GAPS,
        "data.target": ["dose", "height"],
        "loss": "mse",
        "layers": [HIDDEN, {"units": 2}],
    },
    "three labels": {**GAPS, "data.target": "town", "loss": "SparseCategoricalCrossentropy"},
}


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("changes", CASES.values(), ids=CASES.keys())
def test_a_table_in_files_is_the_table_in_memory(project, gaps, mapped, changes):
    project.table(gaps[10:30].with_columns(town=pl.lit("Bern")), "other.csv")
    project.table(gaps[20:50], "third.csv")
    ours, theirs = mapped(changes), project.dataset(changes)
    assert ours.encoder == theirs.encoder
    assert ours.label_counts == theirs.label_counts
    assert isinstance(ours.train.x, np.memmap)
    assert not isinstance(theirs.train.x, np.memmap)
    for part in ("train", "validation", "test"):
        assert equal(getattr(ours, part), getattr(theirs, part)), part
    assert not np.isnan(ours.train.x).any()


def test_missing_numbers_get_the_mean_of_the_training_rows(gaps, mapped):
    loaded = mapped({**GAPS, "data.validation_split": 0, "data.drop": ["town"]})
    rows = [row for row in range(60) if row % 7 == 0]
    np.testing.assert_allclose(loaded.train.x[rows, 0], gaps["age"].mean(), rtol=1e-6)
    known = [row for row in range(60) if row % 7]
    np.testing.assert_array_equal(
        loaded.train.x[known, 0], gaps["age"].drop_nulls().to_numpy().astype(np.float32)
    )


ENGINES: dict[str, dict[str, Any]] = {
    "last batch smaller": {"batch_size": 4},
    "every batch of the same size": {"batch_size": 9},
    "batches larger than a chunk": {"batch_size": 20},
    "one batch": {"batch_size": 1000},
    "class weights": {"batch_size": 4, "class_weight": {"0": 1, "1": 3.5}},
    "dropout": {"batch_size": 4, "layers": [HIDDEN, {"type": "Dropout", "rate": 0.3}, SIGMOID]},
    "xla": {"batch_size": 4, "jit_compile": True},
    "validation and test tables": {"batch_size": 4, **OTHER},
}
STORED = {f"{name}, in files": (changes, False) for name, changes in ENGINES.items()} | {
    f"{name}, in memory": (changes, True) for name, changes in ENGINES.items()
}
USUAL = "validation and test tables, in files"


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("stored", usual(STORED, USUAL))
def test_both_engines_agree_bit_for_bit_on_a_table_in_blocks(project, frame, mapped, stored):
    changes, in_memory = stored
    for name in ("other.csv", "third.csv"):
        project.table(frame[5:50], name)
    loaded = project.dataset(changes) if in_memory else mapped(changes)
    ours = train(loaded, stem="x", path=project.folder / "ours")
    theirs = train(loaded, stem="x", path=project.folder / "theirs", engine="keras")
    assert ours.run.history.read_text() == theirs.run.history.read_text()
    assert ours.metrics == theirs.metrics
    weights = [
        keras.saving.load_model(result.run.model, compile=False).get_weights()
        for result in (ours, theirs)
    ]
    assert all(np.array_equal(a, b) for a, b in zip(*weights, strict=True))


@pytest.mark.exhaustive
@pytest.mark.parametrize("small", [True, False], ids=["small blocks", "one block"])
def test_training_from_files_is_as_good_as_from_memory(project, mapped, request, small):
    if small:
        request.getfixturevalue("small_blocks")
    changes = {"epochs": 60, "batch_size": 4}
    ours = train(mapped(changes), stem="x", path=project.folder / "ours").metrics
    theirs = train(project.dataset(changes), stem="x", path=project.folder / "theirs").metrics
    assert ours["val_accuracy"] >= theirs["val_accuracy"] - 0.1
    assert ours["loss"] == pytest.approx(theirs["loss"], rel=0.2, abs=0.02)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 16, 17, 100, 1000])
@pytest.mark.parametrize("chunk", [1, 4, 8])
def test_every_row_comes_once_an_epoch_and_epochs_differ(monkeypatch, rows, chunk):
    monkeypatch.setattr(batches, "RESIDENT_CHUNKS", 2)
    orders = [row_order(0, epoch, rows, chunk=chunk) for epoch in range(5)]
    assert all(
        order.dtype == np.int32 and np.array_equal(np.sort(order), np.arange(rows))
        for order in orders
    )
    assert np.array_equal(row_order(0, 3, rows, chunk=chunk), orders[3])
    if rows > 8:
        assert len({tuple(order) for order in orders}) == 5
        assert tuple(row_order(1, 0, rows, chunk=chunk)) != tuple(orders[0])


def test_no_more_chunks_than_are_resident_are_read_at_a_time(monkeypatch):
    monkeypatch.setattr(batches, "RESIDENT_CHUNKS", 3)
    order = row_order(0, 0, 1000, chunk=10)
    assert all(
        len({row // 10 for row in order[start : start + 30]}) == 3 for start in range(0, 990, 30)
    )
    assert len({row // 100 for row in order[:30]}) > 1  # from all over the table
    assert any(np.diff(order[:30]) != 1)  # and mixed row by row


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(
    ("in_memory", "small_block_bytes"),
    [
        pytest.param(True, 0, id="in memory, ahead"),
        pytest.param(True, 1 << 20, id="in memory, when asked for"),
        pytest.param(False, 0, id="in files"),
    ],
)
@pytest.mark.parametrize("batch_size", [3, 4, 8, 30])
def test_blocks_of_a_table_are_whole_batches_in_order(
    project, mapped, monkeypatch, batch_size, in_memory, small_block_bytes
):
    monkeypatch.setattr(batches, "SMALL_BLOCK_BYTES", small_block_bytes)
    loaded = (project.dataset if in_memory else mapped)({"data.validation_split": 0})
    arrays = loaded.arrays(loaded.train)
    rows = RowBlocks(arrays, batch_size)
    assert in_memory or rows.chunk % batch_size == 0
    orders = [row_order(0, epoch, 60, chunk=rows.chunk) for epoch in range(3)]
    blocks = [x.numpy()[:count] for (x, _), count in rows.blocks(orders)]
    assert len(blocks) == 3 * rows.blocks_per_order > 3
    assert all(len(block) % batch_size == 0 for block in blocks[: rows.blocks_per_order - 1])
    np.testing.assert_array_equal(np.concatenate(blocks), arrays.x[np.concatenate(orders)])
    np.testing.assert_array_equal(
        np.concatenate([x.numpy()[:count] for (x, _), count in rows.in_order()]), arrays.x
    )


def test_who_wants_no_more_blocks_does_not_wait_for_the_next():
    wanted, made = threading.Event(), []

    def blocks() -> Iterator[int]:
        yield 1
        wanted.wait(60)
        made.append(2)
        yield 2

    stream = ahead(blocks())
    assert next(stream) == 1
    stream.close()
    assert not made
    wanted.set()


@pytest.fixture
def conversions(monkeypatch) -> list[str]:
    """Grows by one with every conversion of a table."""
    done: list[str] = []
    encode = loading.encode

    def counted(*arguments: Any) -> Any:
        done.append("conversion")
        return encode(*arguments)

    monkeypatch.setattr(loading, "encode", counted)
    return done


def test_a_second_run_converts_nothing(mapped, project, conversions):
    first, second = mapped(), mapped()
    assert len(conversions) == len(folders(project)) == 1
    assert first.encoder == second.encoder
    assert equal(first.train, second.train)
    assert equal(first.validation, second.validation)


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 9},
        {"batch_size": 7},
        {"class_weight": "balanced"},
        {"optimizer": "sgd"},
        {"layers": [{"units": 9, "activation": "tanh"}, SIGMOID]},
        {"metrics": ["AUC"]},
    ],
)
def test_what_does_not_touch_the_table_needs_no_new_conversion(mapped, conversions, changes):
    mapped()
    loaded = mapped(changes)
    assert len(conversions) == 1
    assert all(getattr(loaded.config, key) != getattr(mapped().config, key) for key in changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"data.missing": "mean"},
        {"data.missing": "drop"},
        {"data.null_values": ["-"]},
        {"data.drop": ["age"]},
        {"data.features": ["dose", "age"]},
        {"data.target": "dose", "loss": "mse", "layers": [{"units": 1}]},
        {"data.validation_split": 0.5},
        {"data.validation_split": 0, "data.validation": "other.csv"},
        {"data.test": "other.csv"},
        {"data.positive": 0},
        {"data.normalize": False},
        {"seed": 1},
    ],
)
def test_what_touches_the_table_is_converted_anew(project, frame, mapped, conversions, changes):
    project.table(frame, "other.csv")
    mapped()
    loaded = mapped(changes)
    assert len(conversions) == len(folders(project)) == 2
    fresh = project.dataset(changes)
    assert loaded.encoder == fresh.encoder
    assert equal(loaded.train, fresh.train)


@pytest.mark.parametrize("key", ["data.train", "data.validation", "data.test"])
def test_a_changed_table_is_converted_anew(project, frame, mapped, conversions, key):
    for name in ("other.csv", "third.csv"):
        project.table(frame, name)
    changes = {**OTHER, key: "changing.csv"}
    changing = project.table(frame, "changing.csv")
    mapped(changes)
    project.table(frame.with_columns(pl.col("age") + 1), "changing.csv")
    os.utime(changing, ns=(0, time.time_ns()))
    part = getattr(mapped(changes), key.removeprefix("data."))
    assert len(conversions) == len(folders(project)) == 2
    np.testing.assert_array_equal(part.x[:, 0], (frame["age"] + 1).to_numpy().astype(np.float32))


def test_auto_keeps_small_tables_in_memory_and_takes_files_for_large_ones(project, monkeypatch):
    config, cache = project.load(), project.folder / "cache"
    assert not isinstance(load_dataset(config, cache).train.x, np.memmap)
    assert not cache.exists()
    monkeypatch.setattr(loading, "memory_bytes", lambda: 1000)
    assert isinstance(load_dataset(config, cache).train.x, np.memmap)
    kept = load_dataset(project.load({"data.in_memory": True}), project.folder / "none")
    assert not isinstance(kept.train.x, np.memmap)
    assert not (project.folder / "none").exists()


DAMAGE: dict[str, tuple[str, Any]] = {
    "no parts.json": ("parts.json", None),
    "empty parts.json": ("parts.json", b""),
    "a list for parts.json": ("parts.json", b"[]"),
    "parts.json without parts": ("parts.json", b"{}"),
    "a part of another name": (
        "parts.json",
        lambda data: data.replace(b"validation", b"validatiom"),
    ),
    "a part without its rows": ("parts.json", lambda data: data.replace(b"45", b"")),
    "a part with other rows": ("parts.json", lambda data: data.replace(b"45", b"44")),
    "half of parts.json": ("parts.json", lambda data: data[: len(data) // 2]),
    "parts.json in no encoding": ("parts.json", b"\xff" * 99),
    "parts.json nested deeply": ("parts.json", b"[" * 100_000),
    "no encoding.json": ("encoding.json", None),
    "half of encoding.json": ("encoding.json", lambda data: data[: len(data) // 2]),
    "encoding.json with a column less": (
        "encoding.json",
        lambda data: json.dumps(without_a_feature(data)).encode(),
    ),
    "encoding.json nested deeply": ("encoding.json", b'{"a":' * 100_000),
    "no x": ("train-x.f32", None),
    "no y to validate on": ("validation-y.f32", None),
    "empty x": ("train-x.f32", b""),
    "x without its last row": ("train-x.f32", lambda data: data[:-12]),
    "x without its last byte": ("train-x.f32", lambda data: data[:-1]),
    "y without its last row": ("train-y.f32", lambda data: data[:-4]),
    "y with a row more": ("validation-y.f32", lambda data: data + bytes(4)),
    "labels that are not there": (
        "train-y.f32",
        lambda data: np.full(len(data) // 4, 7, np.float32).tobytes(),
    ),
    "labels that are not numbers": ("validation-y.f32", lambda data: b"\xff" * len(data)),
}


def without_a_feature(data: bytes) -> Any:
    encoding = json.loads(data)
    return {**encoding, "features": encoding["features"][1:]}


def damage(path: Path, content: Any) -> None:
    """Remove a file, or write other bytes in its place, or what a function makes of those that it holds."""
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content(path.read_bytes()) if callable(content) else content)


@pytest.mark.parametrize("forged", [False, True], ids=["by accident", "with their checksums"])
@pytest.mark.parametrize(("name", "content"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_files_are_converted_anew(project, mapped, conversions, name, content, forged):
    mapped()
    [folder] = folders(project)
    damage(folder / name, content)
    if forged:
        write_manifest(folder)
    loaded, expected = mapped(), project.dataset()
    assert len(conversions) == 3
    assert loaded.encoder == expected.encoder
    assert equal(loaded.train, expected.train)
    assert equal(loaded.validation, expected.validation)
    assert folders(project) == [folder]
    mapped()
    assert len(conversions) == 3


def test_a_file_where_the_folder_of_converted_tables_should_be_is_a_message(
    project, mapped, problems
):
    mapped()
    [folder] = folders(project)
    shutil.rmtree(folder)
    folder.write_text("x")
    assert problems(mapped) == [
        f"{folder}: is not a table that nnrun converted, or holds more; remove it"
    ]
    assert folder.read_text() == "x"


MANIFESTS = {
    "none": None,
    "empty": b"",
    "of another format": lambda data: data.replace(b'"format": 1', b'"format": 2'),
    "without a format": lambda data: data.replace(b'"format": 1,', b""),
    "without a file": lambda data: data.replace(b"train-x.f32", b"train-z.f32"),
    "of other sizes": lambda data: data.replace(b'"size": ', b'"size": 1'),
    "nested deeply": b"[" * 100_000,
}


@pytest.mark.parametrize("content", MANIFESTS.values(), ids=MANIFESTS.keys())
def test_a_folder_whose_manifest_is_damaged_is_converted_anew(
    project, mapped, conversions, content
):
    mapped()
    [folder] = folders(project)
    damage(folder / "manifest.json", content)
    assert equal(mapped().train, project.dataset().train)
    assert len(conversions) == 3


def test_other_numbers_of_the_same_size_are_told_and_converted_anew(project, mapped, frame):
    mapped()
    [folder] = folders(project)
    numbers = np.fromfile(folder / "train-x.f32", np.float32)
    (numbers + 1).tofile(folder / "train-x.f32")
    lines: list[str] = []
    config = project.load({"data.in_memory": False})
    loaded = load_dataset(config, project.folder / "cache", lines.append)
    reason = "the converted table is damaged: train-x.f32 is not what was written"
    assert lines == [f"warning: {folder}: {reason}; it is converted again"]
    assert equal(loaded.train, project.dataset().train)


def test_a_copy_of_the_converted_tables_is_used_after_it_was_hashed(project, mapped, conversions):
    mapped()
    [folder] = folders(project)
    shutil.copytree(folder, folder.with_name("copy"))
    shutil.rmtree(folder)
    folder.with_name("copy").rename(folder)
    mapped()
    assert len(conversions) == 1


NO_FILES: dict[str, Callable[[Path], None]] = {
    "a link": lambda path: path.symlink_to(path.with_name("elsewhere")),
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("name", ["manifest.json", "parts.json", "encoding.json", "train-x.f32"])
@pytest.mark.parametrize("make", NO_FILES.values(), ids=NO_FILES.keys())
def test_links_pipes_and_folders_among_converted_tables_are_refused(
    project, mapped, problems, name, make
):
    mapped()
    [folder] = folders(project)
    (folder / name).rename(folder / "elsewhere")
    make(folder / name)
    [line] = problems(mapped)
    kind = next(kind for kind, made in NO_FILES.items() if made is make)
    assert line == f"{folder / name}: is {kind}, not a file; remove it"
    assert (folder / "elsewhere").exists()


@pytest.mark.parametrize("which", ["all", "one"])
def test_a_link_to_another_folder_is_refused(project, mapped, problems, which):
    mapped()
    [folder] = folders(project)
    link = folder if which == "one" else folder.parent
    link.rename(project.folder / "real")
    (project.folder / "real" / ".tmp-of-another").mkdir()
    link.symlink_to(project.folder / "real")
    assert problems(mapped) == [f"{link}: is a link, and links are not followed; remove it"]
    assert (project.folder / "real" / ".tmp-of-another").exists()


def test_a_damaged_folder_that_holds_other_files_is_refused(project, mapped, problems):
    mapped()
    [folder] = folders(project)
    damage(folder / "train-x.f32", b"")
    (folder / "thesis.txt").write_text("x")
    assert problems(mapped) == [
        f"{folder}: is not a table that nnrun converted, or holds more; remove it"
    ]
    assert (folder / "thesis.txt").exists()


@pytest.mark.parametrize(("name", "content"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_files_that_cannot_be_removed_are_a_message(
    project, mapped, monkeypatch, problems, name, content
):
    mapped()
    [folder] = folders(project)
    damage(folder / name, content)
    monkeypatch.setattr(loading, "remove_folder", lambda _: None)
    [line] = problems(mapped)
    assert line.startswith(f"{folder}")
    assert "\n" not in line


@pytest.mark.parametrize("calls", [1, 3, 9])
def test_a_conversion_that_fails_leaves_nothing_and_the_next_one_works(
    project, mapped, monkeypatch, calls
):
    monkeypatch.setattr(csv_pieces, "BLOCK", 256)
    append, left = Store.append, [calls]

    def failing(self: Store, rows: Any) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        append(self, rows)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "append", failing)
        with pytest.raises(OSError, match="No space left"):
            mapped()
    assert folders(project) == []
    assert equal(mapped().train, project.dataset().train)


def test_a_mistake_in_a_table_leaves_no_folder(project, frame, mapped):
    project.table(frame.with_columns(age=pl.lit("old")), "other.csv")
    with pytest.raises(TableError, match="column 'age' holds text"):
        mapped({"data.test": "other.csv"})
    assert folders(project) == []


def test_what_a_killed_run_left_does_not_stop_the_next(project, mapped):
    mapped()
    [folder] = folders(project)
    half_built = folder.with_name(
        f".tmp-{folder.name}-{os.getpid()}"
    )  # in a container every run has one process id
    folder.rename(half_built)
    (half_built / "parts.json").unlink()
    assert equal(mapped().train, project.dataset().train)


def test_what_killed_runs_left_is_removed(project, mapped):
    killed = """
import os
from pathlib import Path
from nnrun.features.cache_folder import new_folder
with new_folder(Path("cache", "key")) as folder:
    (folder / "train-x.f32").write_bytes(bytes(1000))
    os._exit(9)
"""
    subprocess.run([sys.executable, "-c", killed], cwd=project.folder, check=False, timeout=60)
    [left] = folders(project)
    assert left.name.startswith(".tmp-key-")
    mapped()
    assert left not in folders(project)


@pytest.mark.parametrize("content", [None, "nnrun.lock-new"])
def test_what_a_run_left_that_was_killed_before_it_marked_its_folder_is_removed(
    project, mapped, content
):
    mapped()
    [made] = folders(project)
    now = time.time_ns()
    unborn, new, filled = (
        made.with_name(f".tmp-{made.name}-7-{now - hours * 3600 * 10**9}") for hours in (2, 0, 3)
    )
    for folder in (unborn, new, filled):
        folder.mkdir()
        if content:
            (folder / content).touch()
    (filled / "thesis.txt").touch()
    mapped()  # it converts nothing: the folder is there
    assert sorted(folders(project)) == sorted([made, new, filled])


def test_a_finished_folder_that_has_no_name_yet_is_not_taken_for_abandoned(tmp_path, monkeypatch):
    give_name = cache_folder._give_name

    def after_another_looked(temporary: Path, path: Path) -> None:
        remove_abandoned(tmp_path)
        give_name(temporary, path)

    monkeypatch.setattr(cache_folder, "_give_name", after_another_looked)
    with new_folder(tmp_path / "made") as temporary:
        (temporary / "x.json").touch()
    assert (tmp_path / "made" / "x.json").exists()


def test_what_a_living_run_makes_and_what_others_left_is_kept(tmp_path):
    (tmp_path / ".tmp-of-another").mkdir()
    (tmp_path / ".tmp-of-another" / "train-x.f32").write_bytes(b"1234")
    (tmp_path / "finished").mkdir()
    with new_folder(tmp_path / "slow") as slow:
        with new_folder(tmp_path / "made") as temporary:
            (temporary / "x").write_text("x")
        assert slow.exists()
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == [".tmp-of-another", "finished", "made", "slow"]


def test_an_abandoned_folder_keeps_what_nnrun_did_not_put_there(tmp_path):
    left = tmp_path / ".tmp-key-1-1"
    left.mkdir()
    for name in (MARKER, "train-x.f32", "thesis.txt"):
        (left / name).write_text("x")
    with new_folder(tmp_path / "made"):
        pass
    assert "thesis.txt" in [path.name for path in left.iterdir()]


def test_a_full_disk_under_the_cache_names_the_folder(project, mapped, monkeypatch):
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(matrix_store.os, "posix_fallocate", full)
    with pytest.raises(OSError, match="No space left") as error:
        mapped()
    assert error.value.filename == str(project.folder / "cache")
    assert folders(project) == []


def test_of_two_runs_at_once_the_first_to_finish_counts(tmp_path):
    with new_folder(tmp_path / "made") as slower:
        (slower / "x.json").write_text("slower")
        with new_folder(tmp_path / "made") as faster:
            (faster / "x.json").write_text("faster")
    assert [path.name for path in tmp_path.iterdir()] == ["made"]
    assert (tmp_path / "made" / "x.json").read_text() == "faster"


def test_two_processes_at_once_both_succeed(project):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(20_000, 3)).round(3)
    project.table(pl.DataFrame({"a": x[:, 0], "b": x[:, 1], "label": (x[:, 2] > 0).astype(int)}))
    project.config({"data.in_memory": False})
    command = [sys.executable, "-m", "nnrun", "check", "config.yaml"]
    both = [
        subprocess.Popen(
            command, cwd=project.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    results = [process.communicate(timeout=DEADLINE) for process in both]
    assert [process.returncode for process in both] == [0, 0], results
    assert results[0] == results[1]
    assert len(list((project.folder / "runs" / CACHE).iterdir())) == 1


def test_the_cache_lies_beside_the_run(project, nnrun):
    project.config({"data.in_memory": False})
    assert nnrun("train", "config.yaml", "-q").code == 0
    assert len(list(Path("runs", CACHE).iterdir())) == 1
    assert nnrun("train", "config.yaml", "-q", "-o", "elsewhere/run").code == 0
    assert len(list(Path("elsewhere", CACHE).iterdir())) == 1
    assert (
        nnrun("predict", "runs/config", "table.csv").out
        == nnrun("predict", "elsewhere/run", "table.csv").out
    )


@pytest.mark.parametrize("where", ["data.validation", "data.test"])
@pytest.mark.parametrize("in_memory", [True, False], ids=["in memory", "in files"])
def test_a_table_all_of_whose_rows_are_left_out_is_refused(
    project, frame, problems, where, in_memory
):
    project.table(frame.with_columns(age=pl.lit(None)), "other.csv")
    changes = {
        "data.missing": "drop",
        "data.validation_split": 0,
        where: "other.csv",
        "data.in_memory": in_memory,
    }
    lines = problems(load_dataset, project.load(changes), project.folder / "cache")
    assert len(lines) == 1
    assert lines[0].endswith("other.csv: every row is left out for a missing cell")


def test_a_store_returns_what_was_put_in(tmp_path):
    blocks = [
        np.arange(6, dtype=np.float64).reshape(2, 3),
        np.full((1, 3), np.nan),
        np.zeros((0, 3)),
    ]
    expected = np.array([[0, 1, 2], [3, 4, 5], [7, 8, 9]], np.float32)
    for path in (None, tmp_path / "x.f32"):
        store = Store(5, 3, path)  # more rows than come
        for block in blocks:
            store.append(block)
        matrix = store.finish(np.array([7.0, 8.0, 9.0]))
        assert matrix.dtype == np.float32
        np.testing.assert_array_equal(matrix, expected)
    np.testing.assert_array_equal(map_matrix(tmp_path / "x.f32", 3), expected)


def test_a_table_to_test_on_is_never_taken_for_one_to_validate_on(project, frame, mapped):
    project.table(frame, "other.csv")
    role = {"data.validation_split": 0}
    assert mapped({**role, "data.validation": "other.csv"}).test is None
    tested = mapped({**role, "data.test": "other.csv"})
    assert tested.validation is None
    assert len(tested.test.x) == 60
