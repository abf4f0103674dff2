"""What a reader tells of cells that are unlike those of training."""

import numpy as np
import polars as pl
import pytest

from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.tables.table import open_table

ALL_ROWS = {"data.validation_split": 0}
FILLED = "filled with the mean of training"
SEVERAL_BLANK = "2 rows that hold only separators are"


@pytest.fixture
def encoder(project) -> Encoder:
    """An encoder of rows in which `income` is missing in one of ten, and other cells never are."""
    rows = np.arange(40)
    frame = pl.DataFrame(
        {
            "age": 20 + rows,
            "income": [None if row % 10 == 3 else row * 100.0 for row in rows],
            "joined": [f"{2000 + row % 5}-01-0{1 + row % 3}" for row in rows],
            "town": ["York", "Ely"] * 20,
            "label": rows % 2,
        }
    )
    project.table(frame)
    changes = {"data.missing": "mean", "data.dates": "expand", **ALL_ROWS}
    return project.dataset(changes).encoder


def notes_on(encoder: Encoder, text: str, **options) -> list[str]:
    table = open_table(text.encode(), ["", "NA"], "new.csv")
    reader = EncodedReader(encoder, table, target=False, owed=True, **options)
    list(reader)
    return reader.notes()


def rows_of(column: str, *cells: str) -> str:
    """Return a table of rows like those of training but for a column."""
    lines = []
    for cell in cells:
        row = {"age": "30", "income": "900", "joined": "2003-01-02", "town": "Ely", column: cell}
        lines.append(",".join(row.values()))
    return "\n".join([",".join(row), *lines]) + "\n"


@pytest.mark.parametrize(
    ("column", "cells", "said"),
    [
        pytest.param(
            "age",
            ["31", "", "NA"],
            f"2 cells are missing, and are {FILLED}, 39.5; none were missing in training",
            id="none were missing in training",
        ),
        pytest.param(
            "income",
            ["1", "2", "3", "4", "5", "6", "7", "8", "9", ""],
            None,
            id="as many as before",
        ),
        pytest.param(
            "income",
            ["1", "", ""],
            f"2 cells are missing, and are {FILLED}, 1967; 10 % of the rows were missing in training",
            id="many more than before",
        ),
        pytest.param(
            "income",
            ["", "NA", ""],
            f"every cell is missing, and is {FILLED}, 1967; 10 % of the rows were missing in training",
            id="a column wholly empty",
        ),
        pytest.param(
            "joined",
            ["2001-01-01", ""],
            "1 cell is missing, and is filled with the means of training; none were missing in training",
            id="a date",
        ),
        pytest.param(
            "town",
            ["", "", ""],
            "every cell is missing, and is taken as none of the categories; none were missing in training",
            id="a column of text wholly empty",
        ),
        pytest.param("age", ["-19", "98"], None, id="no farther than the width"),
        pytest.param(
            "age",
            ["40", "-20", "99", "1e6", "99"],
            "4 numbers lie beyond the range 20 to 59 of training by more than its width "
            "('-20', '99', '1000000'; lines 3, 4, 5, ...)",
            id="beyond the range",
        ),
        pytest.param(
            "joined",
            ["2001-01-01", "2031-01-01"],
            "1 year lies beyond the range 2000 to 2004 of training by more than its width "
            "('2031-01-01'; line 3)",
            id="a year beyond the range",
        ),
        pytest.param(
            "town",
            ["Hull", "Ely", ""],
            "2 cells hold categories that training never saw ('Hull', a missing cell), and are taken as no category",
            id="categories",
        ),
    ],
)
def test_cells_unlike_those_of_training_are_told_once_a_column(encoder, column, cells, said):
    expected = [] if said is None else [f"new.csv: column {column!r}: {said}"]
    assert notes_on(encoder, rows_of(column, *cells)) == expected


def test_a_column_of_several_blocks_is_told_once(encoder):
    text = rows_of("age", *["900"] * 7)
    (note,) = notes_on(encoder, text, most_rows=2)
    assert "7 numbers lie beyond" in note


def test_another_number_than_that_of_a_constant_column_is_told(project, frame):
    project.table(frame.with_columns(dose=pl.lit(3)))
    encoder = project.dataset(ALL_ROWS).encoder
    assert notes_on(encoder, "age,height,dose\n40,170,3\n40,170,3.5\n") == [
        "new.csv: column 'dose': 1 number differs from 3, which the column constantly is in "
        "training ('3.5'; line 3)"
    ]


@pytest.mark.parametrize(
    ("column", "cell", "what"),
    [
        ("age", "abc", "not a number"),
        ("age", "inf", "not finite"),
        ("income", "1e39", "beyond what float32 holds"),
        ("joined", "soon", "not a date of the form that training read"),
    ],
)
def test_bad_cells_are_refused_or_taken_as_missing_and_counted(
    encoder, problems, column, cell, what
):
    text = rows_of(column, cell, "")
    assert problems(notes_on, encoder, text)[0].startswith(
        f"new.csv:2: column {column!r}: {cell!r}"
    )
    (note,) = notes_on(encoder, text, bad_cells="missing")
    assert (
        f"1 cell is {what} ({cell!r}; line 2), and is taken as missing and filled with the mean"
        in note
    )


def test_bad_cells_are_filled_also_where_training_missed_none(project, frame, problems):
    encoder = project.dataset(ALL_ROWS).encoder
    text = frame[:2].cast(pl.String).with_columns(age=pl.Series(["x", None])).write_csv()
    assert len(problems(notes_on, encoder, text)) == 2
    table = open_table(text.encode(), [""], "new.csv")
    reader = EncodedReader(encoder, table, target=False, owed=True, bad_cells="missing")
    ((_, x, _),) = reader
    assert x[:, 0].tolist() == [encoder.features[0].mean] * 2


def test_a_run_of_an_earlier_version_tells_of_empty_columns_alone(encoder):
    old = encoder.model_dump()
    for feature in old["features"]:
        del feature["missing_share"]
    encoder = Encoder(**old)
    assert notes_on(encoder, rows_of("age", "", "1e6")) == []
    note = f"new.csv: column 'age': every cell is missing, and is {FILLED}, 39.5"
    assert notes_on(encoder, rows_of("age", "", "")) == [note]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("blank", [[], [1, 3], [0], [5]], ids=str)
def test_rows_of_nothing_but_separators_are_no_rows(encoder, blank, separator):
    header, *rows = rows_of("age", "30", "oops", "31", "1e6").replace(",", separator).splitlines()
    for place in blank:
        rows.insert(place, separator * header.count(separator))
    text = "\n".join([header, *rows])
    notes = notes_on(encoder, text, bad_cells="missing")
    if blank:
        counted = "1 row that holds only separators is" if len(blank) == 1 else SEVERAL_BLANK
        assert notes.pop(0) == f"new.csv: {counted} left out"
    line = 2 + next(place for place, row in enumerate(rows) if "oops" in row)
    assert f"('oops'; line {line})" in notes[0]
    far = 2 + next(place for place, row in enumerate(rows) if "1e6" in row)
    assert f"('1e6'; line {far})" in notes[0] or f"('1000000'; line {far})" in notes[0]


def test_a_table_of_separators_alone_is_a_header_alone(encoder):
    text = "age,income,joined,town\n,,,\n,,,\n"
    assert notes_on(encoder, text) == ["new.csv: 2 rows that hold only separators are left out"]


def test_training_counts_rows_of_separators_among_those_left_out(project, frame):
    text = frame.write_csv() + ",,,\n,,,\n"
    project.table(text)
    dataset = project.dataset({"data.missing": "mean", **ALL_ROWS})
    assert (len(dataset.train.x), dataset.train.dropped) == (60, 2)
