"""Tables: what is read, what is refused and in which words, rows held out, and the encoder."""

import errno
import gzip
import json
import os
import random
import re
from typing import Any

import numpy as np
import polars as pl
import pytest

from nnrun.checks.registry import lint, raise_errors
from nnrun.config.schema import Data
from nnrun.errors import NnrunError, RunError, TableError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.faults import MISSING, ColumnFaults
from nnrun.features.loading import load_dataset
from nnrun.features.numbers import parse_booleans, parse_numbers
from nnrun.features.split import hold_out
from nnrun.ordinary_files import open_named, open_ordinary
from nnrun.tables.opening import readable
from nnrun.tables.table import open_table

NULLS = Data(train="a", target="b").null_values
ZIPPED = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7919 % 1009) for i in range(3000)))
CORRUPT = ZIPPED[:200] + b"xxxx" + ZIPPED[204:]

REFUSED = [  # the file, and what each line of the refusal begins with
    ("a,b\n1,2\n3,4,5\n6,7\n", ["3: 3 cells, but the header has 2"]),
    ("a,b\n1,2\n3\n6,7,8\n", ["3: 1 cell, but the header has 2", "4: 3 cells, but the header has 2"]),
    ("a,b\n1,2\n3,4,\n5,6", ["3: 3 cells, but the header has 2"]),
    ('a,b\n"1\n\n",2\n3,4,5\n', ["5: 3 cells, but the header has 2"]),
    ("a,b\n" + "1\n" * 12, [*[f"{i}: 1 cell" for i in range(2, 12)], " and 2 more such lines"]),
    ("a,b\n1,2\n1,x\n3,4\n", ["3: column 'b': 'x' is not a number"]),
    ("a,b\r\n1,2\r\n\r\n3,x\r\n4,5\r\n", ["4: column 'b': 'x' is not a number"]),
    ('a,b\n"1","\n2"\n3,x\n5,6\n7,8', ["4: column 'b': 'x' is not a number"]),
    ('"a\n",b\n1,x\n3,4\n5,6\n', ["3: column 'b': 'x' is not a number"]),
    ("a,b\n\n1,2\n\n\n3,x\n\n4,5\n", ["6: column 'b': 'x' is not a number"]),
    ("a\n1\n\n2\nx\n", ["5: column 'a': 'x' is not a number"]),
    ("a,b\nx,y\n1,2\n1,2\n", ["2: column 'a': 'x' is not a number", "2: column 'b': 'y' is not a number"]),
    ("a\n" + "1\n" * 9 + "x\n" * 5, ["11: column 'a': 'x' is not a number (5 such cells: lines 11, 12, 13"]),
    ("a,b\n1,u\n1,v\n1,w\n1,x\n", [" column 'b' holds text ('u', 'v', 'w')"]),
    ("a\n1\n0x10\n2\n", ["3: column 'a': '0x10' is not a number"]),
    ("a\n1\n+-5\n2\n", ["3: column 'a': '+-5' is not a number"]),
    ("a\n1\nNAN\n2\n", ["3: column 'a': 'NAN' is not finite"]),
    ("a\n1\n-inf\n1e999\n2\n", ["3: column 'a': '-inf' is not finite"]),
    ("a\n1\n1e39\n2\n", ["3: column 'a': '1e39' is beyond what float32 holds"]),
    ("a,b\n1,2\n1,\n1,NA\n,2\n", ["5: column 'a': the cell is", "3: column 'b': the cell is"]),
    ("a,b\n1,2\n1, \n3,2\n2,2\n", ["3: column 'b': the cell is missing"]),
    ("a,b\n1,2\n1, NA \n3,2\n2,2\n", ["3: column 'b': the cell is missing"]),
    ("a,b,a,b\n1,2,3,4\n", ["1: 2 columns are named 'a'; names", "1: 2 columns are named 'b'; names"]),
    ("a, a\n1,2\n", ["1: 2 columns are named 'a'; names must differ"]),
    ("a,,b,\n1,2,3,4\n", ["1: column 2 has no name; give it one"]),
    ("a,b,\n1,2,3\n", ["2: there is a cell in column 3, which has no name"]),
    ("", [" the file is empty; a table has a header and rows"]),
    ("\na,b\n1,2\n", ["1: "]),
    ("a,b\n", [" there is only a header; a table needs rows"]),
    ("a,b\n\n\n", [" there is only a header; a table needs rows"]),
    ("a,b\n1,2\n3,é\n".encode("latin-1"), ["3: cell 2 is not UTF-8 ('3,\ufffd'); save"]),
    ("é,b\n1,2\n".encode("latin-1"), ["1: cell 1 is not UTF-8"]),
    ("a;b\n1;2\n3;é\n".encode("latin-1"), ["3: cell 2 is not UTF-8"]),
    ('a,b\n"1,5",é\n'.encode("latin-1"), ["2: cell 2 is not UTF-8"]),
    (b"a,b\n" + b"1,2\n" * 50_000 + b"3,\xe9\n", ["50002: cell 2 is not UTF-8"]),
    (gzip.compress(b"a,b\n1,2\n3,\xe9\n"), ["3: cell 2 is not UTF-8"]),
    ("a,b\n1,2\n3,\x004\n5,6\n", ["3: column 'b': '\\x004' is not a number; it holds a NUL byte"]),
    ("a\0,b\n1,2\n", ["1: 'a\\x00' holds a NUL byte"]),
    ('a,b\n1,"1,5"\n2,"2,5"\n', ["2: column 'b': '1,5' is not a number; decimals are written with a point"]),
    ("a;b\n1;1.5\n2;-2,5\n3;3\n", ["3: column 'b': '-2,5' is not a number; decimals are written with"]),
    ('a,b\n1,2\n"3,4\n5,6\n', ["3: unexpected end of data; is a quote left open here?"]),
    ('a,b\n1,2\n3,"4\n', ["3: unexpected end of data; is a quote left open here?"]),
    ('a,"b\n1,2\n', ["1: the header cannot be read"]),
    ('a,b\n1,2\n3,4"5\n6,7\n', ["3: "]),
    ('a,b\n1,2\n3,"4"5\n6,7\n', ["3: ',' expected after '\"'"]),
    (f'a,b\n1,2\n3,"{"x" * 200_000}"\n6,7\n', ["3: column 'b': 'xxx"]),
    (ZIPPED[: len(ZIPPED) // 2], [" cannot be read: "]),
    (ZIPPED[:8], [" cannot be read: "]),
    (CORRUPT, [" cannot be read: "]),
]  # fmt: skip
FINE = [
    b"\xef\xbb\xbfa,b\n1,2\n3,4\n",
    b"a,b\r\n1,2\r\n3,4\r\n",
    b"a,b\n1,2\n3,4",
    b"a,b\n\n1,2\n\n\n3,4\n\n",
    b"a , b\n 1 ,2\n3,\t4 \n",
    b"a,b\n+1,2.0\n3e0,.4E1\n",
    b'"a","b"\n"1","2"\n"3\n",4\n',
    b"a;b\n1;2\n3;4\n",
    b"a\tb\n1\t2\n3\t4\n",
    gzip.compress(b"a,b\n1,2\n3,4\n"),
]

FEATURE = {"name": "age", "kind": "number", "mean": 1.0, "variance": -1.0}
ALTERED = [
    "",
    "{",
    "[]",
    "{}",
    {"x": 1},
    {"features": None},
    {"features": [FEATURE]},
    {"features": []},
]
ALTERED += [{"targets": []}, {"labels": ["0"]}, {"labels": ["0", "0"]}]


@pytest.fixture
def read(project):
    """Read a table's text as numbers, as training does, and return the frame."""

    def read(content, parse=parse_numbers):
        table = open_table(project.table(content), NULLS)
        faults = {name: ColumnFaults(name) for name in table.columns}
        frames = []
        for block in table.blocks():
            parsed = {name: parse(block, name) for name in faults}
            faults = {name: faults[name].record(block, parsed[name]) for name in faults}
            frames.append(pl.DataFrame({name: cells.values for name, cells in parsed.items()}))
        wrong = []
        for column in faults.values():
            wrong += column.number_messages({"missing": MISSING}, "; drop it")
        if wrong:
            raise TableError(wrong)
        return pl.concat(frames)

    return read


@pytest.mark.parametrize(("content", "expected"), REFUSED, ids=range(len(REFUSED)))
def test_every_mistake_in_a_table_is_named_with_its_line_and_column(
    read, problems, project, content, expected
):
    lines = problems(read, content)
    place = f"{project.folder}/table.csv:"
    assert [line[: len(place + start)] for line, start in zip(lines, expected, strict=True)] == [
        place + start for start in expected
    ]
    assert all(len(line) < 1000 for line in lines)


def test_what_is_no_file_is_refused(tmp_path, problems):
    assert problems(open_table, tmp_path, NULLS) == [f"{tmp_path}: is a folder; give a .csv file"]
    for missing in (tmp_path / "no.csv", tmp_path / ("x" * 300)):
        assert problems(open_table, missing, NULLS) == [f"{missing}: there is no such file"]


@pytest.mark.parametrize("content", FINE, ids=range(len(FINE)))
def test_tables_are_read_as_people_and_programs_write_them(read, content):
    assert read(content).to_dict(as_series=False) == {"a": [1, 3], "b": [2, 4]}


def test_columns_of_true_and_false_are_1_and_0(read):
    assert read("a,b\ntrue,True\n FALSE,false \n", parse_booleans).rows() == [(1, 1), (0, 0)]


def test_numbers_are_read_to_the_last_bit(read):
    numbers = [random.Random(3).uniform(-1, 1) * 10.0**e for e in range(-300, 38, 7)]
    assert read("a\n" + "\n".join(map(repr, numbers)))["a"].to_list() == numbers


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_the_same_share_of_every_label_is_held_out(fraction):
    labels = pl.Series(["rare"] * 40 + ["common"] * 400).sample(fraction=1, shuffle=True, seed=1)
    kept, held = hold_out(labels, 440, fraction, seed=0)
    assert sorted([*kept, *held]) == list(range(440))
    assert dict(labels[held].value_counts().iter_rows()) == {
        "rare": 40 * fraction,
        "common": 400 * fraction,
    }
    assert list(held) == sorted(held)


@pytest.mark.parametrize(
    "labels",
    [None, pl.Series(["0", "1"] * 50), pl.Series(["0"] * 50 + ["1"] * 50)],
    ids=["no labels", "labels in turn", "labels in order"],
)
def test_the_rows_held_out_depend_on_the_seed_and_are_never_simply_the_last(labels):
    draws = [tuple(hold_out(labels, 100, 0.2, seed)[1].tolist()) for seed in range(20)]
    assert draws == [tuple(hold_out(labels, 100, 0.2, seed)[1].tolist()) for seed in range(20)]
    assert len(set(draws)) == 20
    assert all(len(held) == 20 and set(held) != set(range(80, 100)) for held in draws)
    assert len({row for held in draws for row in held}) > 90


def test_other_seeds_hold_out_the_same_rows_where_the_split_has_its_own(project):
    data = {"data.validation_split": 0.3}
    rows = [
        load_dataset(project.load({**data, **seeds})).validation.x.tolist()
        for seeds in (
            {"seed": 5},
            {"seed": 1, "data.split_seed": 5},
            {"seed": 2, "data.split_seed": 5},
            {"seed": 2},
        )
    ]
    assert rows[0] == rows[1] == rows[2] != rows[3]


def test_statistics_are_float64_and_of_the_training_rows_alone(project, frame):
    project.table(frame.with_columns(age=1e8 + pl.col("age")))
    dataset = project.dataset()
    kept, held = hold_out(frame["label"].cast(pl.String), len(frame), 0.25, seed=0)
    assert len(dataset.train.x) == len(kept)
    assert len(dataset.validation.x) == len(held) == 15
    ages = 1e8 + frame["age"].to_numpy()[kept]
    feature = dataset.encoder.features[0]
    assert feature.mean == pytest.approx(ages.mean(), rel=1e-14)
    assert feature.variance == pytest.approx(np.var(frame["age"].to_numpy()[kept]), rel=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -7.7, 1e8 + 0.1, 1e-20, 1e30])
def test_a_constant_column_has_variance_1_and_a_constant_target_scale_1(project, frame, value):
    project.table(frame.with_columns(age=pl.lit(value), dose=pl.lit(value)))
    assert project.dataset().encoder.features[0].variance == 1.0
    numbers = {"loss": "mse", "data.target": "dose", "layers": [{"units": 1}]}
    assert project.dataset(numbers).encoder.targets[0].scale == 1.0


@pytest.mark.parametrize(
    ("no", "yes", "positive"),
    [
        ("0", "1", None),
        ("0.0", "1.0", None),
        ("False", "True", None),
        (" 0", "1 ", None),
        ("no", "yes", "yes"),
        ("yes", "no", "no"),
        ("2", "1", 1),
        ("1.0", "0.0", 0),
        ("true", "false", False),
    ],
)
def test_the_positive_label_is_1(project, frame, no, yes, positive):
    labels = frame["label"].replace_strict({0: no, 1: yes}, return_dtype=pl.String)
    project.table(frame.with_columns(label=labels))
    dataset = project.dataset({"data.positive": positive, "data.validation_split": 0})
    assert dataset.encoder.labels == [no.strip(), yes.strip()]
    assert (dataset.arrays(dataset.train).y[:, 0] == frame["label"].to_numpy()).all()
    raise_errors(lint(dataset))


def test_spellings_of_one_label_are_one_label(project, frame):
    mixed = [f"{label}.0" if row % 2 else str(label) for row, label in enumerate(frame["label"])]
    project.table(frame.with_columns(label=pl.Series(mixed)))
    dataset = project.dataset({"data.validation_split": 0})
    assert list(dataset.label_counts.values()) == [
        len(frame) - frame["label"].sum(),
        frame["label"].sum(),
    ]


@pytest.mark.parametrize("cell", ["", " ", "NA"])
def test_a_row_without_target_is_refused(project, problems, frame, cell):
    labels = [cell if row == 5 else str(label) for row, label in enumerate(frame["label"])]
    project.table(frame.with_columns(label=pl.Series(labels)))
    (line,) = problems(project.dataset)
    assert "table.csv:7: column 'label'" in line


def test_a_label_that_training_never_saw_is_refused_in_the_other_tables(project, problems, frame):
    project.table(frame.with_columns(label=pl.lit(2)), "other.csv")
    for key in ("validation", "test"):
        config = project.load({f"data.{key}": "other.csv", "data.validation_split": 0})
        (line,) = problems(lambda c: raise_errors(lint(load_dataset(c))), config)
        assert re.search(r"other\.csv:.* '2'.* training", line)


def test_columns_are_found_by_name_in_any_order(project, frame):
    project.table(
        frame.select("label", pl.lit("x").alias("note"), "dose", "height", "age"), "other.csv"
    )
    dataset = project.dataset({"data.validation": "other.csv", "data.validation_split": 0})
    assert (dataset.arrays(dataset.validation).x == dataset.arrays(dataset.train).x).all()


def test_missing_columns_are_all_listed(project, problems, frame):
    path = project.table(frame.select("height"), "other.csv")
    config = project.load({"data.validation": "other.csv", "data.validation_split": 0})
    assert problems(load_dataset, config)[0].endswith(
        "other.csv:1: 3 columns are missing: 'age', 'dose', 'label'"
    )
    (line,) = problems(
        list, EncodedReader(project.dataset().encoder, open_table(path, NULLS), target=False)
    )
    assert line == f"{path}:1: 2 columns are missing: 'age', 'dose'"
    lines = problems(project.dataset, {"data.target": "lable", "data.features": ["age", "hieght"]})
    assert [re.search(r"('\w+') is not a column", line)[1] for line in lines] == [
        "'lable'",
        "'hieght'",
    ]
    assert lines[1].endswith("; did you mean 'height'?")


def test_an_encoder_comes_back_from_json_the_same(project):
    encoder = project.dataset().encoder
    assert Encoder.load(project.write("encoding.json", json.dumps(encoder.model_dump()))) == encoder


@pytest.mark.parametrize("change", ALTERED)
def test_altered_json_is_refused(project, change):
    good = project.dataset().encoder.model_dump()
    text = change if isinstance(change, str) else json.dumps({**good, **change})
    with pytest.raises(RunError, match=r"/encoding\.json: \w.*; the file was altered$"):
        Encoder.load(project.write("encoding.json", text))


def test_a_path_is_a_path_and_no_pattern(project):
    project.table("a\n1\n", "t1.csv")
    for text, name in (("2", "t[1].csv"), ("3", "t*.csv")):
        (block,) = open_table(project.table(f"a\n{text}\n", name), NULLS).blocks()
        assert block.frame.rows() == [(text,)]


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"PK\x03\x04rest", "a workbook or an archive"), ("a\n1\n".encode("utf-16"), "UTF-16")],
)
def test_other_kinds_of_files_are_named(project, problems, content, kind):
    assert f": is {kind}" in problems(open_table, project.table(content), NULLS)[0]


def test_line_ends_of_old_macs_are_named(project, problems):
    assert "lines end in CR alone" in problems(open_table, project.table(b"a,b\r1,2\r"), NULLS)[0]


def test_every_label_stays_in_training():
    labels = pl.Series(["a"] * 10 + ["b"])
    kept, held = hold_out(labels, 11, 0.9, 0)
    assert set(labels[kept]) == {"a", "b"}
    assert len(held) == 9


def test_too_many_open_files_are_no_fault_of_the_table():
    error = OSError(errno.EMFILE, "Too many open files")
    with pytest.raises(NnrunError, match=r"a\.csv: Too many open files; raise the limit") as raised:
        _fail_reading("a.csv", error)
    assert raised.value.exit_code == 1


@pytest.mark.parametrize("open_file", [open_ordinary, open_named])
def test_too_many_open_files_are_no_fault_of_any_file(tmp_path, monkeypatch, open_file):
    path = tmp_path / "config.yaml"
    path.touch()

    def refuse(*_: Any, **__: Any) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(
        NnrunError, match=r"config\.yaml: Too many open files; raise the limit"
    ) as raised:
        open_file(path)
    assert raised.value.exit_code == 1


def _fail_reading(name: str, error: OSError) -> None:
    with readable(name):
        raise error
