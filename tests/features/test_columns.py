"""Columns: text, dates, true and false, and missing cells, in training and in every later table."""

import re
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive

from nnrun.checks.registry import lint
from nnrun.config.loading import load_config
from nnrun.errors import TableError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.loading import load_dataset
from nnrun.features.profile import FOR_LABELS
from nnrun.results.evaluated_rows import evaluate_rows
from nnrun.results.trained_run import load_run
from nnrun.tables import csv_pieces
from nnrun.tables.table import open_table

ROW = pl.int_range(60)
TOWNS = pl.Series("town", ["York", "Ely", "Bath"] * 20)
GAPS = pl.Series("town", ["York", "Ely", None] * 20)
NO_SPLIT = {"data.validation_split": 0}


@pytest.fixture
def matrix(project, frame):
    """Train on the default table with a column more, and return its inputs beside those of the default table."""

    def load(column, **changes):
        project.table(frame.with_columns(column))
        changes = {**NO_SPLIT, **{key.replace("__", "."): value for key, value in changes.items()}}
        dataset = project.dataset({**changes, "data.features": [column.name]})
        return dataset.train.x, dataset.encoder

    return load


def one_hot(texts, categories):
    return np.array([[float(text == category) for category in categories] for text in texts])


TEXTS = [  # cells, null_values, the categories, and the cells as categories
    (["York", "Ely", "Bath"], None, ["Bath", "Ely", "York"], None),
    (["York", " York ", "Ely"], None, ["Ely", "York"], ["York", "York", "Ely"]),
    (["York", "york", "York"], None, ["York", "york"], None),
    (["1", "A", "B"], None, ["1", "A", "B"], None),
    (["007", "7a", "x"], None, ["007", "7a", "x"], None),
    (["tall", "low", "tall"], None, ["low", "tall"], None),
    (["true", "false", "maybe"], None, ["false", "maybe", "true"], None),
    (["a, b", 'say "x"', "a\nb"], None, ["a\nb", "a, b", 'say "x"'], None),
    (["é", "ß", "Z"], None, ["Z", "ß", "é"], None),
    (["NA", "x", "y"], ["", "-"], ["NA", "x", "y"], None),
]


@pytest.mark.parametrize(("cells", "nulls", "categories", "meant"), TEXTS, ids=range(len(TEXTS)))
def test_text_is_an_input_for_each_of_its_categories_in_their_order(
    matrix, cells, nulls, categories, meant
):
    more = {} if nulls is None else {"data__null_values": nulls}
    x, encoder = matrix(pl.Series("town", cells * 20), **more)
    assert encoder.features[0].categories == categories
    np.testing.assert_array_equal(x, one_hot((meant or cells) * 20, categories))


def test_one_hot_is_what_polars_makes_of_it(matrix):
    x, _ = matrix(TOWNS)
    np.testing.assert_array_equal(
        x, TOWNS.to_frame().to_dummies().select("town_Bath", "town_Ely", "town_York")
    )


def test_categories_are_not_standardised(project, frame):
    project.table(frame.with_columns(TOWNS))
    inputs = project.dataset().encoder.inputs
    assert [(f.mean, f.variance) for f in inputs if f.kind == "text"] == [(0.0, 1.0)] * 3


BOOLEANS = [
    ["yes", "no"],
    ["Y", "N"],
    ["T", "f"],
    ["Yes", "NO"],
    ["true", "false"],
    ["True", "False"],
    ["TRUE", "false"],
    [" true", "False "],
]


@pytest.mark.parametrize("cells", BOOLEANS, ids=str)
def test_true_and_false_are_one_input(matrix, cells):
    x, encoder = matrix(pl.Series("wet", cells * 30))
    np.testing.assert_array_equal(x[:, 0], [1, 0] * 30)
    feature = encoder.features[0]
    assert (feature.kind, feature.mean, feature.variance) == ("boolean", 0.5, 0.25)


WHEN = [datetime(2019 + i % 3, 1 + i % 12, 1 + i % 28, i % 24, i % 60, i) for i in range(60)]  # noqa: DTZ001
DAYS, TIME = ["year", "month", "day", "weekday"], ["hour"]
DATES = [
    *[
        (form, DAYS)
        for form in (
            "%Y-%m-%d",
            "%Y/%m/%d",
            "%d.%m.%Y",
            "%m/%d/%Y",
            "%d/%m/%Y",
            "%b %d %Y",
            "%d %b %Y",
        )
    ],
    *[(form, TIME) for form in ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f")],
    *[
        (f"%Y-%m-%d{form}", DAYS + TIME)
        for form in ("T%H:%M:%S", "T%H:%M:%SZ", " %H:%M:%S", " %H:%M:%S.%f", " %H:%M")
    ],
    *[(form, DAYS + TIME) for form in ("%d.%m.%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d %b %Y %H:%M")],
]


@pytest.mark.parametrize(("form", "parts"), DATES, ids=[form for form, _ in DATES])
def test_dates_are_expanded_to_what_python_reads_in_them(matrix, form, parts):
    x, encoder = matrix(
        pl.Series("when", [when.strftime(form) for when in WHEN]), data__dates="expand"
    )
    assert [feature.part for feature in encoder.features] == parts
    expected = [[w.year, w.month, w.day, w.isoweekday(), w.hour] for w in WHEN]
    np.testing.assert_array_equal(
        x, np.array(expected)[:, [(DAYS + TIME).index(part) for part in parts]]
    )
    np.testing.assert_allclose([f.mean for f in encoder.inputs], x.mean(axis=0, dtype=float))
    np.testing.assert_allclose([f.variance for f in encoder.inputs], x.var(axis=0, dtype=float))


def test_missing_numbers_get_the_mean_of_the_training_rows_that_have_one(project, frame):
    project.table(frame.with_columns(age=pl.when(ROW % 4 > 0).then("age")))
    dataset = project.dataset({"data.missing": "mean"})
    whole = project.table(frame, "whole.csv") and project.dataset({"data.train": "whole.csv"})
    for part in ("train", "validation"):
        ours, full = getattr(dataset, part).x, getattr(whole, part).x
        absent = ours[:, 0] != full[:, 0]
        known = whole.train.x[dataset.train.x[:, 0] == whole.train.x[:, 0], 0].astype(float)
        np.testing.assert_array_equal(ours[absent, 0], np.float32(dataset.encoder.features[0].mean))
        assert dataset.encoder.features[0].mean == pytest.approx(known.mean(), rel=1e-6)
        assert dataset.encoder.features[0].variance == pytest.approx(known.var(), rel=1e-5)
    assert len(dataset.train.x) + len(dataset.validation.x) == 60


def test_missing_text_is_a_category_of_its_own(matrix):
    x, encoder = matrix(GAPS, data__missing="mean")
    assert encoder.features[0].categories == ["Ely", "York", None]
    np.testing.assert_array_equal(x, one_hot(GAPS, ["Ely", "York", None]))


@pytest.mark.parametrize(
    "column", [pl.Series("wet", ["true", "false", ""] * 20), pl.Series("wet", ["1", "0", ""] * 20)]
)
def test_a_missing_boolean_gets_the_share_of_true(matrix, column):
    np.testing.assert_array_equal(matrix(column, data__missing="mean")[0][:, 0], [1, 0, 0.5] * 20)


def test_a_missing_date_gets_the_mean_of_each_part(matrix):
    x, _ = matrix(
        pl.Series("when", ["2020-01-02", "2022-03-04", "?"] * 20),
        data__missing="mean",
        data__dates="expand",
    )
    np.testing.assert_array_equal(x[:3, :3], [[2020, 1, 2], [2022, 3, 4], [2021, 2, 3]])


def test_rows_with_a_missing_cell_are_left_out_whatever_the_column(project, frame):
    gaps = [("age", 1), ("town", 2), ("when", 3), ("wet", 4), ("label", 5)]
    full = frame.with_columns(
        TOWNS, when=pl.lit("2020-01-02"), wet=pl.lit("true"), note=pl.lit("x")
    )
    holes = [pl.when(row != ROW).then(name).alias(name) for name, row in gaps]
    project.table(full.with_columns(*holes, note=pl.when(ROW != 6).then("note")))
    project.table(full.filter(~ROW.is_in([row for _, row in gaps])), "other.csv")
    changes = {
        "data.missing": "drop",
        "data.dates": "expand",
        "data.drop": ["note"],
        "data.test": "table.csv",
    }
    dataset, other = (
        project.dataset(changes),
        project.dataset({**changes, "data.train": "other.csv"}),
    )
    for part in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(dataset, part).x, getattr(other, part).x)
        np.testing.assert_array_equal(getattr(dataset, part).y, getattr(other, part).y)
    assert (dataset.train.dropped, dataset.test.dropped, other.train.dropped) == (5, 5, 0)


@pytest.mark.parametrize("null", ["-999", "-", "-0.5", "none"])
def test_null_values_are_missing_even_where_they_are_numbers(project, frame, null):
    cells = [null if row % 5 == 0 else str(row) for row in range(60)]
    project.table(frame.with_columns(age=pl.Series(cells)))
    dataset = project.dataset({"data.missing": "drop", "data.null_values": [null], **NO_SPLIT})
    np.testing.assert_array_equal(dataset.train.x[:, 0], [row for row in range(60) if row % 5])


REFUSED = [  # a column, changes, and what the refusal says after the table's name
    (GAPS, {}, ":4: column 'town': the cell is missing; fill it in, or set missing: mean or missing: drop under data"),
    (GAPS, {}, "(20 such cells: lines 4, 7, 10, ...)"),
    (pl.Series("when", ["2020-01-02"] * 60), {}, ": column 'when' holds dates or times ('2020-01-02'); `dates: expand`"),
    (pl.Series("when", ["01/02/2020"] * 60), {"data.dates": "expand"}, "in which day or month may come first ('01/02/20"),
    (pl.Series("t", [f"c{i % 51}" for i in range(60)]), {}, None),
    (pl.Series("t", [f"c{i}" for i in range(50)] + ["c1"] * 10), {}, None),
    (pl.Series("t", [f"c{i}" for i in range(60)]), {}, ": column 't' holds text ('c0', 'c1', 'c2'), nearly all of it distinct"),
    (pl.Series("t", [f"c{i}" for i in range(10)] + [""] * 50), {"data.missing": "mean"}, "('c0', 'c1', 'c2'), nearly"),
    (pl.Series("t", [f"c{i % 9}" for i in range(10)] + [""] * 50), {"data.missing": "mean"}, None),
    (pl.Series("t", [""] * 60), {"data.missing": "mean"}, ": column 't' has no value: every cell is missing; to train"),
    (pl.Series("t", ["NA", "?", " null "] * 20), {}, ": column 't' has no value: every cell is missing"),
    (pl.Series("t", [""] * 60), {"data.missing": "drop"}, ": every row is left out for a missing cell; set missing: m"),
    (pl.Series("t", ["1", "2", "-"] * 20), {}, ":4: column 't': '-' is not a number (20 such cells: lines 4, 7, 10, ."),
    (pl.Series("t", ["true"] * 20 + ["5"] * 40), {}, ":2: column 't': 'true' is not a number (20 such cells: lines 2"),
    (pl.Series("t", ["1,5"] * 60), {}, ":2: column 't': '1,5' is not a number; decimals are written with a point"),
    (pl.Series("label", [None, "0", "1"] * 20), {}, ":2: column 'label': the target is missing; fill it in, or leave"),
    (pl.Series("label", [None] * 60), {"data.missing": "mean"}, "every row is left out for a missing cell, that of th"),
    (pl.Series("label", ["a", "b", "c"] * 20), {"loss": "mse"}, "loss: MeanSquaredError predicts numbers"),
]  # fmt: skip


@pytest.mark.parametrize(
    "loss", ["Poisson", "Huber", exhaustive("MeanSquaredError", id="MeanSquaredError")]
)
def test_text_under_a_loss_of_numbers_is_told_where_the_loss_stands(project, problems, frame, loss):
    project.table(frame.with_columns(label=pl.Series(["a", "b", "c"] * 20)))
    (line,) = problems(project.dataset, {"loss": loss, "layers": [{"units": 1}]})
    text, place, advice = line.split("; ", maxsplit=2)
    assert text.endswith("table.csv: column 'label' holds text ('a', 'b', 'c')")
    assert re.search(rf"config.yaml:\d+:\d+: loss: {loss} predicts numbers$", place)
    assert advice == FOR_LABELS


@pytest.mark.parametrize(("column", "changes", "phrase"), REFUSED, ids=range(len(REFUSED)))
@pytest.mark.parametrize("size", [100, exhaustive(1 << 20, id="one block")])
def test_a_column_that_is_no_input_is_refused_and_says_why(
    project, problems, frame, monkeypatch, column, changes, phrase, size
):
    monkeypatch.setattr(csv_pieces, "BLOCK", size)
    monkeypatch.chdir(project.folder)
    project.table(frame.with_columns(column))
    if phrase is None:
        project.dataset(changes)
        return
    (line,) = problems(project.dataset, changes)
    assert line.startswith("table.csv:")
    assert phrase in line


NAMES = [
    "town",
    "a b",
    "x: y",
    "true",
    "No",
    "1",
    "3.5",
    "#",
    "a,b",
    "it's",
    'say "x"',
    "é",
    "a\\b",
    "[x]",
    "~",
    "a\nb",
    "-",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_advice_to_drop_a_column_can_be_pasted(project, problems, frame, name):
    project.table(frame.with_columns(pl.Series(name, [f"c{i}" for i in range(60)])))
    (line,) = problems(project.dataset)
    pasted = line.rpartition("to train without it: `")[2].removesuffix("`")
    text = (
        project.config().read_text().replace("  target: label\n", f"  target: label\n  {pasted}\n")
    )
    config = load_config(project.write("config.yaml", text))
    assert config.data.drop == [name]
    assert load_dataset(config).encoder.features[-1].name == "dose"


def test_every_column_that_is_no_input_is_named_at_once_and_so_are_the_other_tables(
    project, problems, frame
):
    bad = {
        "id": pl.format("c{}", ROW),
        "when": pl.lit("2020-01-02"),
        "age": pl.lit("x") + pl.col("label").cast(str),
    }
    project.table(frame.with_columns(**{name: bad[name] for name in ("id", "when")}))
    project.table(
        frame.with_columns(height=pl.lit("tall"), id=pl.lit("c"), when=pl.lit("2020-01-02")),
        "other.csv",
    )
    lines = problems(project.dataset, {"data.test": "other.csv"})
    assert ["column 'id'" in lines[0], "column 'when'" in lines[1]] == [True, True]
    assert lines[2].endswith("to train without these 2 columns: `drop: [id, when]`")
    assert (
        "other.csv: column 'height' holds text ('tall'), and training read numbers here" in lines[3]
    )
    assert len(lines) == 4


LATER = [  # a training column, the cells of a later table, and what is said of them
    (
        TOWNS,
        ["York", "Hull", "Hull"],
        "2 cells hold categories that training never saw ('Hull'), and are taken as no category",
    ),
    (
        TOWNS,
        ["York", "Hull", ""],
        "2 cells hold categories that training never saw ('Hull', a missing cell), and are taken as no category",
    ),
    (
        TOWNS,
        ["a", "b", "c"],
        "3 cells hold categories that training never saw ('a', 'b', 'c'), and are taken as no category",
    ),
    (
        TOWNS,
        ["York", "york", "Ely"],
        "1 cell holds categories that training never saw ('york'), and is taken as no category",
    ),
    (GAPS, ["York", "", "NA"], None),
    (TOWNS, ["York", "Ely", " Bath"], None),
]


@pytest.mark.parametrize(("column", "cells", "said"), LATER, ids=range(len(LATER)))
def test_unseen_categories_are_zeros_counted_and_named(
    project, frame, monkeypatch, column, cells, said
):
    monkeypatch.chdir(project.folder)
    project.table(frame.with_columns(column))
    project.table(frame[:3].with_columns(town=pl.Series(cells)), "other.csv")
    dataset = project.dataset({"data.missing": "mean", "data.test": "other.csv"})
    message = f"other.csv: column 'town': {said}"
    assert [f.message for f in lint(dataset) if f.code == "unseen-category"] == [message] * (
        said is not None
    )
    categories = dataset.encoder.features[-1].categories
    meant = [cell.strip() or None if cell != "NA" else None for cell in cells]
    np.testing.assert_array_equal(dataset.test.x[:, 3:], one_hot(meant, categories))
    reading = EncodedReader(
        dataset.encoder,
        open_table(project.folder / "other.csv", ["", "NA"], "other.csv"),
        target=False,
    )
    np.testing.assert_array_equal(
        np.concatenate([x for _, x, _ in reading]).astype(np.float32), dataset.test.x
    )
    assert reading.notes() == [message] * (said is not None)


def test_a_category_that_occurs_only_in_rows_held_out_is_no_input(project, frame):
    found = set()
    for seed in range(12):
        project.table(
            frame.with_columns(
                town=pl.Series(["York", "Ely"] * 28 + ["York", "Bath", "Hull", None])
            )
        )
        dataset = project.dataset({"data.missing": "mean", "data.min_frequency": 1}, seed=seed)
        categories = dataset.encoder.features[-1].categories
        absent = [town for town in ("Bath", "Hull", None) if town not in categories]
        found.add(len(absent))
        assert dataset.train.x.shape[1] == dataset.validation.x.shape[1] == 3 + len(categories)
        assert (dataset.train.x[:, 3:].sum(axis=1) == 1).all()
        assert dataset.train.x[:, 3:].any(axis=0).all()
        assert (dataset.validation.x[:, 3:].sum(axis=1) == 0).sum() == len(absent)
        messages = [
            finding.message for finding in lint(dataset) if finding.code == "unseen-category"
        ]
        assert len(messages) == bool(absent)
        assert all(
            ("a missing cell" if town is None else repr(town)) in messages[0] for town in absent
        )
    assert found >= {0, 1}


ENDS = ["error", "mean", "drop"]
LAST = {
    "age": "31,32,,34",
    "town": "York,Ely,York,Ely",
    "height": "171,172,173,174",
    "dose": "0.4,0.5,0.5,0.6",
}
FILLED = "new.csv: column 'age': 1 cell is missing, and is filled with the mean of training, "


@pytest.fixture(params=ENDS)
def trained(request, project, trained_runs, frame):
    """A run with text, trained with each way to take missing cells."""
    project.table(frame.with_columns(TOWNS))
    return load_run(trained_runs.copy_to(project, {"data.missing": request.param}, epochs=1))


def later(**columns):
    """Return four rows, a cell of which is missing unless another column is given."""
    columns = {
        name: text.split(",") for name, text in {**LAST, "label": "0,1,0,1", **columns}.items()
    }
    return open_table(pl.DataFrame(columns).write_csv().encode(), ["", "NA"], "new.csv")


def test_a_missing_cell_is_taken_as_in_training_but_every_row_is_owed_a_prediction(trained):
    missing = trained.encoder.missing
    reading = EncodedReader(trained.encoder, later(), target=False, owed=True)
    if missing == "mean":
        filled = EncodedReader(
            trained.encoder,
            later(age=f"31,32,{trained.encoder.features[0].mean!r},34"),
            target=False,
        )
        ours, theirs = (pl.concat(trained.predictions(r)) for r in (reading, filled))
        assert ours.equals(theirs)
        (note,) = reading.notes()
        assert note.startswith(FILLED)
        return
    with pytest.raises(TableError) as caught:
        list(trained.predictions(reading))
    why = "in a row to predict; fill it in, or train with missing: mean"
    assert caught.value.problems[0].startswith(
        f"new.csv:4: column 'age': the cell is missing, {why}"
    )


@pytest.mark.parametrize("missing", ["mean", "drop"])
def test_a_table_of_text_without_a_target_is_refused(project, problems, frame, missing):
    cells = pl.Series([None] * 60, dtype=pl.String)
    project.table(frame.with_columns(town=pl.Series(["York", "Ely"] * 30), label=cells))
    (line,) = problems(project.dataset, {"data.missing": missing})
    assert "every row is left out for a missing cell" in line


NOTES = {
    "mean": "1 row is left out for a missing target",
    "drop": "2 rows are left out for a missing cell",
}


def test_evaluation_leaves_rows_out_and_says_so(trained):
    missing = trained.encoder.missing
    reading = EncodedReader(trained.encoder, later(label="0,,0,1"), target=True)
    if missing == "error":
        with pytest.raises(TableError) as caught:
            evaluate_rows(trained, reading)
        assert [line.partition(";")[0] for line in caught.value.problems] == [
            "new.csv:4: column 'age': the cell is missing",
            "new.csv:3: column 'label': the target is missing",
        ]
        return
    rows = evaluate_rows(trained, reading).rows
    left_out = {"mean": 1, "drop": 2}[missing]
    assert (rows, reading.dropped) == (4 - left_out, left_out)
    note, *filled = reading.notes()
    assert note == f"new.csv: {NOTES[missing]}"
    assert [line.startswith(FILLED) for line in filled] == [True] * (missing == "mean")


@pytest.mark.parametrize("columns", [{"label": ",,,"}, {"label": ",,,", "age": "1,2,3,4"}])
def test_a_table_without_a_row_that_counts_is_refused(trained, columns):
    with pytest.raises(
        TableError, match=r"every row is left out for a missing cell|the target is missing"
    ):
        evaluate_rows(trained, EncodedReader(trained.encoder, later(**columns), target=True))


def test_text_where_training_read_numbers_or_dates_is_refused_with_its_line(
    project, problems, frame
):
    when = pl.format("2020-01-{}", 1 + ROW % 28)
    project.table(frame.with_columns(when=when))
    project.table(
        frame.with_columns(when=pl.when(ROW == 4).then(pl.lit("1/5/2020")).otherwise(when)),
        "other.csv",
    )
    (line,) = problems(project.dataset, {"data.dates": "expand", "data.test": "other.csv"})
    assert line.endswith(
        "other.csv:6: column 'when': '1/5/2020' does not have the form of the dates in training, "
        "as in '2020-01-1'"
    )
