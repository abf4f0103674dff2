"""`nnrun train --smoke`: the whole path on little, with nothing left behind."""

import json
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from support.forgery import everything

from nnrun.errors import Interrupted
from nnrun.tables import parquet_rows, table
from nnrun.training import trainer
from nnrun.workflows import smoke


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory, monkeypatch) -> Path:
    """A folder for temporary files of this test alone."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_smoke_goes_the_whole_way_and_leaves_nothing(project, nnrun, temporary, frame):
    project.table(pl.concat([frame] * 10))
    config = project.config(
        epochs=50, expect={"val_accuracy": ">= 1"}, checkpoint={"every_seconds": 0.001}
    )
    before = everything(project.folder)
    done = nnrun("train", config, "--smoke")
    assert done.code == 0
    assert done.out.startswith("smoke: ok: 256 rows, 2 epochs, 600 predictions in ")
    assert everything(project.folder) == before
    left = [
        path for path in temporary.iterdir() if "autograph" not in path.name
    ]  # which goes with the process
    assert left == []
    said = json.loads(nnrun("train", config, "--smoke", "--json", "--engine", "keras").out)
    assert {**said, "seconds": 0} == {
        "smoke": "ok",
        "rows": 256,
        "epochs": 2,
        "predictions": 600,
        "seconds": 0,
    }
    assert nnrun("train", config, "--smoke", "-q", "--set", "epochs=1") == (0, "", "")


def test_smoke_finds_what_train_would_find(project, nnrun):
    done = nnrun("train", project.config(layers=[{"units": 2}]), "--smoke")
    assert (done.code, done.out) == (2, "")
    assert "[output-units]" in done.err
    project.table("age,label\n1,0\nx,1\n2,1\n")
    assert (
        "table.csv:3: column 'age': 'x' is not a number"
        in nnrun("train", project.config(), "--smoke").err
    )
    assert nnrun("train", project.config({"data.target": "lable"}), "--smoke").code == 2


@pytest.mark.parametrize("arguments", [["-o", "run"], ["--overwrite"]])
def test_smoke_refuses_what_would_keep_or_replace_a_run(project, nnrun, arguments):
    done = nnrun("train", project.config(), "--smoke", *arguments)
    assert (done.code, done.out) == (2, "")
    assert "--smoke leaves no run behind" in done.err


@pytest.mark.parametrize(("units", "blocks"), [(1, 7), (3, 9)])
def test_of_a_large_table_the_head_is_read_until_it_shows_every_label(
    project, monkeypatch, units, blocks
):
    monkeypatch.setattr(smoke, "KEPT", 1 << 10)
    monkeypatch.setattr(parquet_rows, "ROWS", 1_000)
    number = np.arange(10_000)
    label = (number >= 6_500) * 1 + (number == 8_900) * (units > 1)
    pl.DataFrame({"x": number % 7, "label": label}).write_parquet(project.folder / "table.csv")
    read = []
    original = table.Table.blocks
    monkeypatch.setattr(
        table.Table,
        "blocks",
        lambda *args: (read.append(block) or block for block in original(*args)),
    )
    loss = "BinaryCrossentropy" if units == 1 else "SparseCategoricalCrossentropy"
    config = project.load({"loss": loss, "layers": [{"units": units, "activation": "softmax"}]})
    head = smoke.read_head(smoke.open_tables(config)["train"], config)
    assert [len(block.frame) for block in read] == [1_000] * blocks
    frames = list(head.blocks())
    assert [len(block.frame) for block in frames[:6]] == [1_000] + [256] * 5
    assert frames[6].places([2]) == ["row 6503"]
    if units > 1:
        assert (len(frames[8].frame), frames[8].places([0])) == (100, ["row 8901"])


@pytest.mark.parametrize(
    "changes",
    [
        {"data.target": "dose", "loss": "mse", "layers": [{"units": 1}]},
        {"data.missing": "drop"},
        {
            "loss": "SparseCategoricalCrossentropy",
            "layers": [{"units": 3, "activation": "softmax"}],
            "data.target": "c",
        },
        {
            "data.validation": "table.csv",
            "data.test": "table.csv",
            "data.validation_split": 0,
            "data.drop": ["c"],
        },
    ],
)
def test_smoke_takes_every_kind_of_config(project, frame, eager, changes):
    if "c" in (changes.get("data.target"), *changes.get("data.drop", [])):
        frame = frame.with_columns(c=pl.Series(["a", "b", "z"] * 20))
    frame = (
        frame.with_columns(age=pl.when(pl.int_range(60) == 5).then(None).otherwise("age"))
        if "data.missing" in changes
        else frame
    )
    project.table(frame)
    done = smoke.smoke(project.load(changes))
    assert done["epochs"] == 2
    assert done["predictions"] == 60 - ("data.missing" in changes)


def test_few_rows_have_every_label(project, frame):
    project.table(
        pl.concat(
            [frame.with_columns(label=pl.lit(0))] * 10
            + [frame.head(2).with_columns(label=pl.lit(1))]
        )
    )
    dataset = project.dataset({"data.validation_split": 0})
    few = smoke.few_rows(dataset.train, dataset.encoder)
    assert len(few.x) == 256
    assert np.bincount(few.y[:, 0].astype(int)).tolist() == [255, 1]


def test_an_interrupted_smoke_names_no_folder_to_go_on_with(project, nnrun, monkeypatch, temporary):
    def stop(*_, **__):
        raise Interrupted("go on with: nnrun resume somewhere", 15)

    monkeypatch.setattr(trainer, "train", stop)
    assert nnrun("train", project.config(), "--smoke") == (
        143,
        "",
        "the training was interrupted, and leaves no file\n",
    )
    assert not [path for path in temporary.iterdir() if path.name.startswith("nnrun-")]
