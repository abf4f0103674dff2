"""Dates: which forms are known, which cells among them are mistakes, and how later tables have them."""

from datetime import UTC, datetime

import polars as pl
import pytest

from nnrun.features.date_survey import BEGINNINGS
from nnrun.features.dates import FORMATS, FORMATS_BY_ORDER, date_parts, read_dates
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.tables.table import open_table

EXPANDED = {"data.dates": "expand", "data.validation_split": 0}


def write(project, *cells: str, rows: int = 20) -> None:
    """Write a table with the cells, over and over, in the column `day`."""
    days = pl.Series([cells[row % len(cells)] for row in range(rows)])
    project.table(pl.DataFrame({"day": days, "age": range(rows), "label": [0, 1] * (rows // 2)}))


def inputs_of(project, **changes) -> dict[str, list[float]]:
    """Return the parts of the days of the training rows, by their names."""
    dataset = project.dataset({**EXPANDED, **changes})
    return dict(zip(dataset.encoder.input_names, dataset.train.x.T.tolist(), strict=True))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-01-05", "2024-01-05 00:00:00"),
        ("2024/1/5", "2024-01-05 00:00:00"),
        ("2024-01-05T10:00", "2024-01-05 10:00:00"),
        ("2024-01-05T10:00:30.25Z", "2024-01-05 10:00:30.250000"),
        ("2024-01-05 10:00:30", "2024-01-05 10:00:30"),
        ("2024-01-05T10:00:00+02:00", "2024-01-05 08:00:00"),
        ("2024-01-05T10:00-0200", "2024-01-05 12:00:00"),
        ("5.1.2024", "2024-01-05 00:00:00"),
        ("05.01.24 17:30", "2024-01-05 17:30:00"),
        ("05-Jan-2024", "2024-01-05 00:00:00"),
        ("5-jan-24", "2024-01-05 00:00:00"),
        ("Jan 5, 2024", "2024-01-05 00:00:00"),
        ("January 5 2024 3:04 pm", "2024-01-05 15:04:00"),
        ("5 January 2024 12:00 AM", "2024-01-05 00:00:00"),
        ("1/25/24", "2024-01-25 00:00:00"),
        ("1/25/99 3:04:05PM", "1999-01-25 15:04:05"),
        ("25-1-2024", "2024-01-25 00:00:00"),
    ],
)
def test_a_form_of_dates_is_known(project, cell, expected):
    write(project, cell)
    (feature, *_) = project.dataset(EXPANDED).encoder.features
    assert (feature.kind, feature.example) == ("date", cell)
    (date,) = read_dates(pl.Series([cell]), [feature.format]).dates
    assert str(date) == expected


@pytest.mark.parametrize("cell", ["1.2.3", "98115-4820", "2-10", "2024", "10/12", "5/30/1"])
def test_what_only_looks_like_a_date_is_none(cell):
    for formats in FORMATS_BY_ORDER.values():
        assert read_dates(pl.Series([cell]), formats).dates.to_list() == [None]


@pytest.mark.parametrize("date_format", FORMATS)
def test_a_column_of_each_form_begins_as_its_order_does_and_has_parts(date_format):
    text = datetime(2024, 11, 25, 15, 4, 5, tzinfo=UTC).strftime(
        date_format.replace("%.f", ".5").replace("%:z", "+01:00")
    )
    (order,) = [order for order, formats in FORMATS_BY_ORDER.items() if date_format in formats]
    assert pl.Series([text]).str.contains(BEGINNINGS[order]).all()
    assert read_dates(pl.Series([text]), [date_format]).dates.null_count() == 0
    assert date_parts(date_format)


@pytest.mark.parametrize(
    ("cells", "months", "days"),
    [
        (("1/5/24", "13/5/24"), [], [1, 13]),
        (("1/5/24", "1/13/24"), [], [5, 13]),
        (("1/5/2024", "2/28/24 3:04 PM"), [1, 2], [5, 28]),
    ],
    ids=["day first", "month first", "years of two and four digits"],
)
def test_the_cells_tell_whether_the_day_comes_first(project, cells, months, days):
    write(project, *cells)
    inputs = inputs_of(project)
    assert inputs["day of day"][:2] == days
    assert inputs.get("month of day", [])[:2] == months


@pytest.mark.parametrize("cell", ["1/5/24", "03/04/2021", "1-2-2020 10:00"])
def test_where_both_fit_the_config_says_it(project, problems, cell):
    write(project, cell, cell.replace("1", "2", 1))
    (line,) = problems(project.dataset, EXPANDED)
    assert "column 'day' holds dates in which day or month may come first" in line
    assert "set `day_first: true` or `day_first: false` under data" in line
    first, second = (int(part) for part in cell.replace("-", "/").split("/")[:2])
    for day_first, day in ((True, first), (False, second)):
        feature = project.dataset({**EXPANDED, "data.day_first": day_first}).encoder.features[0]
        table = open_table(f"day,age\n{cell},1\n".encode(), [""])
        read = Encoder(
            features=[{**feature.model_dump(), "part": "day"}], targets=[{"name": "y"}], labels=[]
        ).transform(next(iter(table.blocks())))
        assert read.values.tolist() == [[day]]


def test_mixed_precision_is_one_column_of_dates(project):
    write(project, "2024-01-01", "2024-01-02 10:30", "2024-01-03T11:00:30.5Z")
    inputs = inputs_of(project)
    assert inputs["hour of day"][:3] == [0, 10, 11]
    assert inputs["day of day"][:3] == [1, 2, 3]


@pytest.mark.parametrize("dates", ["error", "expand"])
@pytest.mark.parametrize("cell", ["soon", "2024-13-01", "2024-01-32", "1/5/2024", "7"])
@pytest.mark.parametrize("place", [0, 11])
def test_a_cell_that_is_no_date_among_dates_is_an_error(project, problems, cell, dates, place):
    cells = [f"2024-01-{1 + row // 2:02}" for row in range(20)]
    cells[place] = cell
    write(project, *cells)
    lines = problems(project.dataset, {"data.dates": dates})
    assert (
        f"table.csv:{place + 2}: column 'day': {cell!r} is not a date, unlike most cells"
        in lines[-1]
    )
    assert "categorical: [day]" in lines[-1]
    assert "null_values: [" in lines[-1]
    assert project.dataset({**EXPANDED, "data.null_values": [cell], "data.missing": "mean"})
    assert project.dataset({"data.categorical": ["day"], "data.drop": ["age"]})


def notes_and_inputs(encoder: Encoder, *cells: str):
    text = "day,age\n" + "".join(f'"{cell}",1\n' for cell in cells)
    reader = EncodedReader(encoder, open_table(text.encode(), [""], "new.csv"), target=False)
    return [row for _, x, _ in reader for row in x.tolist()]


def test_a_later_date_in_another_form_is_read(project):
    write(project, *[f"2024-0{month}-1{month}" for month in range(1, 9)])
    encoder = project.dataset(EXPANDED).encoder
    plain = notes_and_inputs(encoder, *["2024-03-17"] * 5)
    others = ["17.3.2024", "17-Mar-2024", "March 17, 2024", "2024/3/17", "2024-03-17T09:00:00Z"]
    assert notes_and_inputs(encoder, *others) == plain


@pytest.mark.parametrize("cell", ["3/17/2024", "17/3/24", "soon", "10:30"])
def test_a_later_date_that_could_be_read_two_ways_is_told_with_an_example(project, problems, cell):
    write(project, "2024-01-11", "2024-02-12")
    encoder = project.dataset(EXPANDED).encoder
    assert problems(notes_and_inputs, encoder, "2024-01-01", cell) == [
        f"new.csv:3: column 'day': {cell!r} does not have the form of the dates in training, "
        "as in '2024-01-11'"
    ]


def test_an_encoding_of_an_earlier_version_reads_its_dates():
    feature = Feature(name="day", kind="date", format="%d/%m/%Y", part="day")
    encoder = Encoder(features=[feature], targets=[{"name": "y"}], labels=[])
    (block,) = open_table(b"day\n3/4/2020\n2020-04-05\n", [""]).blocks()
    assert encoder.transform(block).values.tolist() == [[3], [5]]
