"""history.csv, as training writes it and as strangers do: read within bounds, or refused."""

import json
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from nnrun import load
from nnrun.errors import RunError
from nnrun.runs.directory import Run
from nnrun.runs.history import (
    append_history,
    best_epoch,
    check_history,
    count_epochs,
    read_history,
    read_rows,
)

SECONDS = (
    5  # of the processor, which a busy machine counts twice; far less than reading such a file
)
READERS: dict[str, Callable[[Path], Any]] = {
    "its rows": check_history,
    "its columns": read_history,
    "how many epochs it has": count_epochs,
}


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "history.csv"


def write_long(path: Path, epochs: int) -> None:
    """Write as many epochs, of which the one before the last is the best."""
    losses = np.linspace(0.7, 0.1, epochs).round(15)
    losses[-1] = 1.0
    columns = dict.fromkeys(("loss", "accuracy", "val_loss", "val_accuracy"), losses)
    pl.DataFrame({"epoch": np.arange(1, epochs + 1), **columns}).write_csv(path)


def test_what_is_appended_is_read_again_to_the_last_bit(path):
    losses = [0.1 + 0.2, 5e-324, 1e308, float("inf"), -0.0]
    append_history(path, [{"loss": loss, "auc": 1.0} for loss in losses[:2]], 0)
    append_history(path, [{"loss": loss, "auc": 1.0} for loss in losses[2:]], 2)
    columns = read_history(path)
    assert list(columns) == ["epoch", "loss", "auc"]
    assert columns["loss"].tobytes() == np.array(losses).tobytes()
    assert [row["epoch"] for row in read_rows(path)] == ["1", "2", "3", "4", "5"]
    assert count_epochs(path) == 5


def test_without_a_file_no_epoch_has_ended(path):
    assert list(read_rows(path)) == []
    assert {name: len(values) for name, values in read_history(path).items()} == {
        "epoch": 0,
        "loss": 0,
    }
    assert count_epochs(path) == 0
    assert best_epoch(path) is None


def test_a_row_that_a_kill_cut_short_is_left_out(path):
    path.write_bytes(b"epoch,loss\n1,0.5\n2,0.1")
    assert [row["loss"] for row in read_rows(path)] == ["0.5"]
    assert read_history(path)["loss"].tolist() == [0.5]
    assert count_epochs(path) == 1
    assert best_epoch(path) == (1, "loss", 0.5)


def test_the_best_epoch_is_the_first_of_the_least_finite_loss(path):
    path.write_bytes(b"epoch,loss,val_loss\n1,0.1,nan\n2,0.2,0.5\n3,0.3,0.5\n4,0.4,-inf\n")
    assert best_epoch(path) == (2, "val_loss", 0.5)


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_file_larger_than_any_history_is_refused_before_it_is_read(path, read):
    with path.open("wb") as file:
        file.write(b"epoch,loss\n1,0.5\n")
        file.truncate(64 << 30)  # sparse: it takes no room on the disk
    began = time.process_time()
    with pytest.raises(RunError, match="cannot be read: it is larger than 512 MiB; was it altered"):
        read(path)
    assert time.process_time() - began < SECONDS
    assert best_epoch(path) is None


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_a_history_of_millions_of_columns_is_refused_in_little_time_and_memory(path, read):
    count = 9_500_000
    path.write_bytes(b"epoch,loss" + b",a" * count + b"\n1,1" + b",1" * count + b"\n")
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(RunError, match="it has a line of more than 64 KiB"):
            read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < SECONDS
    assert peak < 1 << 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"epoch,acc\n1,1\n", "it has no column 'loss'", id="no loss"),
        pytest.param(b"loss\n1\n", "it has no column 'epoch'", id="no epoch"),
        pytest.param(b"epoch,loss\n1,1\n2\n", "epoch 2 lacks 'loss'", id="a short row"),
        pytest.param(b"epoch,loss\n1,\xff\n", "'utf-8' codec can't decode byte", id="no text"),
    ],
)
def test_a_file_that_is_no_history_is_refused_with_the_reason(path, content, reason):
    path.write_bytes(content)
    with pytest.raises(RunError, match=f"{path}: cannot be read: {reason}"):
        check_history(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"epoch,loss\n1,low\n", id="a word"),
        pytest.param(b"epoch,loss\n2,0.5\n", id="a first epoch that is 2"),
        pytest.param(b"epoch,loss\nnan,0.5\n", id="an epoch that is not a number"),
        pytest.param(b"epoch,loss\n1,0.5,0.5\n", id="a cell too many"),
    ],
)
def test_columns_are_of_numbers_and_their_epochs_follow_each_other(path, content):
    path.write_bytes(content)
    with pytest.raises(RunError, match="was it altered"):
        read_history(path)


def test_rows_are_streamed(path):
    write_long(path, 20_000)
    tracemalloc.start()
    try:
        assert best_epoch(path) == (19_999, "val_loss", pytest.approx(0.1, abs=1e-3))
        assert count_epochs(path) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 1 << 20
    assert peak < 256 << 10


@pytest.mark.exhaustive
def test_a_run_of_many_epochs_is_shown_listed_and_loaded(nnrun, copied_run):
    epochs = 250_000
    write_long(copied_run / "history.csv", epochs)
    assert (copied_run / "history.csv").stat().st_size > 16 << 20
    said = json.loads(nnrun("show", copied_run, "--json").out)
    assert (said["best"]["epoch"], said["best"]["by"]) == (epochs - 1, "val_loss")
    frame = load(copied_run).history
    assert frame.height == epochs
    assert frame.schema["epoch"] == pl.Int64
    Run(copied_run).write_info(status="failed", checksums={})
    assert json.loads(nnrun("runs", copied_run, "--json").out)[0]["epochs"] == epochs
    assert f"{epochs} of 3 epochs" in nnrun("show", copied_run).out
