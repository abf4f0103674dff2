"""Rows held out by a column: whole groups, the last ones by time, or those that the column names."""

import json

import numpy as np
import polars as pl
import pytest

from nnrun.config.loading import load_config
from nnrun.errors import NnrunError
from nnrun.features.loading import load_dataset

PATIENTS = [f"p{row % 7}" for row in range(60)]
DAYS = [f"{1 + row % 28}/{1 + row // 28}/2023" for row in range(60)]
FOLDS = ["train", "train ", "TRAIN", "Validation", "test"] * 12


def ages(part):
    return part.x[:, 0].round(3).tolist()


@pytest.fixture
def split(project, frame):
    """Return a function that loads the table with one more column, split as given."""

    def load(split, cells, **changes):
        project.table(frame.with_columns(pl.Series("by", cells, strict=False)))
        return project.dataset({"data.validation_split": 0, "data.split": split, **changes})

    return load


def told(load, *arguments, **changes):
    with pytest.raises(NnrunError) as error:
        load(*arguments, **changes)
    return error.value.problems


def test_no_group_is_on_both_sides(split, frame):
    dataset = split({"group": "by", "validation": 0.3}, PATIENTS)
    groups = dict(zip(frame["age"].cast(pl.Float32).round(3), PATIENTS, strict=True))
    sides = [{groups[np.float32(age)] for age in part.x[:, 0]} for part in dataset.parts.values()]
    assert sides[0] | sides[1] == set(PATIENTS)
    assert not sides[0] & sides[1]
    assert 16 <= dataset.validation.rows <= 18  # of 8 or 9 rows each, two fit into 18


def test_the_seed_decides_which_groups_are_held_out(split):
    drawn = {tuple(ages(split({"group": "by"}, PATIENTS, seed=s).validation)) for s in range(8)}
    assert 2 < len(drawn) <= 7
    first, again = (split({"group": "by"}, PATIENTS, seed=3).validation for _ in range(2))
    assert ages(first) == ages(again)


def test_one_of_the_smallest_groups_is_held_out_where_none_fits(split):
    dataset = split({"group": "by", "validation": 0.1}, ["a", "b", "b"] * 20)
    assert dataset.validation.rows == 20


@pytest.mark.parametrize(
    "cells",
    [DAYS, list(range(1960, 2020)), [f"2023-01-{1 + row // 2}" for row in range(60)]],
    ids=["dates", "numbers", "days of two rows"],
)
def test_the_last_rows_by_time_are_held_out(split, frame, cells):
    shuffled = np.random.default_rng(1).permutation(60)
    frame_ages = frame["age"].cast(pl.Float32).round(3).to_numpy()
    dataset = split({"time": "by"}, [cells[rank] for rank in shuffled])
    assert dataset.validation.rows == 12
    assert set(ages(dataset.validation)) == set(frame_ages[shuffled >= 48].tolist())


def test_rows_of_one_time_stay_on_one_side(split):
    assert split({"time": "by"}, [1] * 30 + [2] * 10 + [3] * 20).validation.rows == 20
    assert split({"time": "by"}, [1] * 59 + [2]).validation.rows == 1


def test_a_column_says_where_each_row_belongs(split, frame):
    dataset = split({"column": "by"}, FOLDS)
    rounded = frame["age"].cast(pl.Float32).round(3).to_list()
    assert ages(dataset.validation) == rounded[3::5]
    assert ages(dataset.test) == rounded[4::5]
    assert dataset.train.rows == 36


def test_the_column_is_no_feature_unless_the_config_names_it(split):
    assert [f.name for f in split({"time": "by"}, range(60)).encoder.features] == [
        "age", "height", "dose",
    ]  # fmt: skip
    named = split({"time": "by"}, range(60), **{"data.features": ["age", "by"]})
    assert [feature.name for feature in named.encoder.features] == ["age", "by"]


@pytest.mark.parametrize("kind", ["group", "time", "column"])
def test_a_table_in_files_is_split_the_same_way(split, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    cells = {"group": PATIENTS, "time": DAYS, "column": FOLDS}[kind]
    expected = split({kind: "by"}, cells)
    for _ in ("converted", "loaded again"):
        dataset = split({kind: "by"}, cells, **{"data.in_memory": False})
        for part, other in zip(expected.parts.values(), dataset.parts.values(), strict=True):
            assert np.array_equal(part.x, other.x)


@pytest.mark.parametrize(
    ("kind", "cells", "problem"),
    [
        (
            "group",
            ["a"] * 60,
            "split.group: column 'by' has the same value in all rows, so no row could",
        ),
        ("group", [None, "b"] * 30, "table.csv:2: column 'by': the cell is missing, and the split"),
        ("time", ["2023-01-01", None] * 30, "table.csv:3: column 'by': the cell is missing, and"),
        (
            "time",
            [*DAYS[:59], "soon"],
            "table.csv:61: column 'by': 'soon' is not a date, unlike most ce",
        ),
        ("time", ["soon", "late"] * 30, "table.csv: column 'by' holds text ('soon', 'late'); the"),
        ("time", ["1", "2", "x"] * 20, "table.csv:4: column 'by': 'x' is not a number (20 such c"),
        ("time", ["1/2/2023", "3/4/2023"] * 30, "table.csv: column 'by' holds dates in which day"),
        ("time", ["10:30", "11:30"] * 30, "table.csv: column 'by' holds times of a day without d"),
        ("column", ["train", "Dev"] * 30, "table.csv:3: column 'by': 'Dev' is none of train, val"),
        ("column", [None, "test"] * 30, "table.csv:2: column 'by': the cell is missing, and the "),
        ("column", ["train", "test"] * 30, "split.column: no row of column 'by' says validation"),
        ("column", ["validation"] * 60, "data.split.column: no row of column 'by' says train"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_cells_that_place_no_row_are_told(split, kind, cells, problem):
    assert problem in told(split, {kind: "by"}, cells)[0]


def test_rows_of_test_beside_a_table_of_test_are_refused(split, project, frame):
    project.table(frame, "other.csv")
    (line,) = told(split, {"column": "by"}, FOLDS, **{"data.test": "other.csv"})
    assert "it names rows to test on, and so does data.test; leave one" in line


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"data.split": 0.2}, "must be {group: COLUMN}, {time: COLUMN} or {column: COLUMN}; recei"),
        ({"data.split": {"group": "age", "time": "age"}}, "COLUMN}; received group and time"),
        ({"data.split": {}}, "{column: COLUMN}; received none of these keys"),
        (
            {"data.split": {"column": "age", "validation": 0.2}},
            "where each row belongs; leave validati",
        ),
        ({"data.split": {"group": "label"}}, "'label' is the target; split by another column"),
        ({"data.split": {"group": "agee"}}, "table.csv; did you mean 'age'?"),
        ({"data.split": {"groups": "age"}}, "data.split.groups: unknown key; did you mean 'group'"),
        ({"data.split": {"group": "age", "validation": 1}}, "validation: must be less than 1"),
        (
            {"data.split": {"group": "age"}, "data.validation_split": 0.2},
            "give validation_split or split, not both",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_a_wrong_split_is_told(project, changes, problem):
    lines = told(project.dataset, {"data.validation_split": 0, **changes})
    assert any(problem in line for line in lines), lines


def test_the_saved_config_has_the_share_and_loads_again(project, tmp_path):
    config = project.load({"data.validation_split": 0, "data.split": {"group": "age"}})
    path = tmp_path / "saved.yaml"
    path.write_text(config.to_yaml(), encoding="utf-8")
    assert "validation: 0.2" in config.to_yaml()
    assert load_config(path).data == config.data
    assert json.loads(json.dumps(config.data.split.model_dump())) == {
        "group": "age", "time": None, "column": None, "validation": 0.2,
    }  # fmt: skip


def test_a_missing_column_is_told_by_its_place(project):
    with pytest.raises(NnrunError, match=r"config\.yaml:\d+:\d+: data\.split\.time: 'when' is not"):
        load_dataset(project.load({"data.validation_split": 0, "data.split": {"time": "when"}}))
