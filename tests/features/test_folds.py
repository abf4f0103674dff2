"""Which rows the folds of a cross-validation train on, and which they hold out."""

import numpy as np
import polars as pl
import pytest

from nnrun.errors import InputError
from nnrun.features.folds import draw_folds
from nnrun.features.kept_table import keep_table


@pytest.fixture
def folds_of(project):
    """Draw the folds of the project's table; return them with the profile."""

    def draw(count, repeat=0, **changes):
        profile = keep_table(project.load(changes)).profile
        return draw_folds(profile, count, repeat)

    return draw


@pytest.mark.parametrize("count", [2, 3, 7, 60])
def test_each_row_is_held_out_once_and_folds_are_of_one_size(folds_of, count):
    folds = folds_of(count)
    assert sum(fold.held_out.astype(int) for fold in folds).tolist() == [1] * 60
    sizes = [int(fold.held_out.sum()) for fold in folds]
    assert max(sizes) - min(sizes) <= 1
    assert all((fold.trained == ~fold.held_out).all() for fold in folds)


def test_each_label_keeps_its_share(project, folds_of, frame):
    label = np.repeat([0, 1], [50, 10])
    project.table(frame.with_columns(label=pl.Series(label)))
    assert [int(label[fold.held_out].sum()) for fold in folds_of(5)] == [2] * 5


def test_seed_and_repeat_decide_the_draw(folds_of):
    first = folds_of(3)[0].held_out
    assert (folds_of(3)[0].held_out == first).all()
    assert (folds_of(3, repeat=1)[0].held_out != first).any()
    assert (folds_of(3, seed=1)[0].held_out != first).any()


def test_numbers_are_dealt_by_the_draw_alone(folds_of):
    regression = {
        "data.target": "dose",
        "layers": [{"units": 1}],
        "loss": "MeanSquaredError",
    }
    folds = folds_of(4, **regression)
    assert [int(fold.held_out.sum()) for fold in folds] == [15] * 4


def test_a_label_of_one_row_is_refused_with_the_others_like_it(project, folds_of, problems, frame):
    labels = ["a"] * 30 + ["b"] * 28 + ["c", "d"]
    project.table(frame.with_columns(label=pl.Series(labels)))
    several = {
        "layers": [{"units": 4, "activation": "softmax"}],
        "loss": "SparseCategoricalCrossentropy",
    }
    found = problems(folds_of, 3, **several)
    assert [line.split(": the label ")[1][:15] for line in found] == [
        "'c' has 1 row, ",
        "'d' has 1 row, ",
    ]


def test_more_folds_than_rows_are_refused(folds_of):
    with pytest.raises(InputError, match=r"--folds 61: .*table\.csv has 60 rows; give fewer"):
        folds_of(61)


def test_numbers_of_rows_count_those_that_are_left_out(project, frame):
    rows = frame.write_csv().splitlines()
    rows[3] = "1.0,,1.0,1"  # the third row
    project.table("\n".join([*rows, ""]))
    table = keep_table(project.load({"data.missing": "drop"}))
    assert table.numbers.tolist() == [1, 2, *range(4, 61)]
    held_out = table.rows(np.arange(59) == 2)
    (block,) = held_out.blocks()
    assert block.places([0]) == ["5"]


def by_column(kind):
    return {"data.split": {kind: "by"}, "data.validation_split": 0}


def test_no_group_is_in_two_folds(project, folds_of, frame):
    group = np.arange(60) % 9
    project.table(frame.with_columns(by=pl.Series(group)))
    folds = folds_of(4, **by_column("group"))
    assert sum(fold.held_out.astype(int) for fold in folds).tolist() == [1] * 60
    assert all(not set(group[f.held_out]) & set(group[f.trained]) for f in folds)
    with pytest.raises(InputError, match="--folds 10: column 'by' has 9 groups; give fewer"):
        folds_of(10, **by_column("group"))


def test_each_fold_by_time_follows_the_rows_that_it_trains_on(project, folds_of, frame):
    days = np.random.default_rng(1).permutation(60) // 2
    project.table(frame.with_columns(by=pl.Series(days)))
    folds = folds_of(4, **by_column("time"))
    for fold in folds:
        assert days[fold.trained].max() < days[fold.held_out].min()
    assert [int(fold.held_out.sum()) for fold in folds] == [12] * 4
    assert [int(fold.trained.sum()) for fold in folds] == [12, 24, 36, 48]


def test_times_are_dealt_once_and_to_no_more_folds_than_they_allow(project, folds_of, frame):
    project.table(frame.with_columns(by=pl.int_range(60) // 20))
    with pytest.raises(InputError, match="--repeats: a split by time has one order"):
        folds_of(2, repeat=1, **by_column("time"))
    with pytest.raises(InputError, match="--folds 3: column 'by' has 3 times; give fewer"):
        folds_of(3, **by_column("time"))
    project.table(frame.with_columns(by=pl.Series([0] * 50 + list(range(1, 11)))))
    with pytest.raises(InputError, match="--folds 5: column 'by' has times of too many rows each"):
        folds_of(5, **by_column("time"))


def test_rows_that_a_column_names_for_training_are_dealt(project, folds_of, frame):
    parts = np.array(["train"] * 40 + ["validation"] * 12 + ["test"] * 8)
    project.table(frame.with_columns(by=pl.Series(parts)))
    folds = folds_of(4, **by_column("column"))
    held_out = sum(fold.held_out.astype(int) for fold in folds)
    assert held_out.tolist() == [1] * 40 + [0] * 20
    for fold in folds:
        assert (fold.trained[:40] == ~fold.held_out[:40]).all()
        assert fold.trained[40:].tolist() == [True] * 12 + [False] * 8


def test_the_seed_of_the_split_decides_the_draw_before_that_of_the_weights(folds_of):
    fixed = {"data.split_seed": 3}
    first = folds_of(3, seed=1, **fixed)[0].held_out
    assert (folds_of(3, seed=2, **fixed)[0].held_out == first).all()
    assert (folds_of(3, seed=3)[0].held_out == first).all()
