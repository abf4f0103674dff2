"""Kinds that a config says columns to have, whatever their cells look like."""

import polars as pl
import pytest

from nnrun.errors import ConfigError
from nnrun.features.encoded_reader import EncodedReader
from nnrun.tables.table import open_table

NO_SPLIT = {"data.validation_split": 0}
FLOORS = ["3", "3.0", "+3", "04", "2.50", "-1", "-1.00", "attic", "2.5", "4."] * 6
SPELT = ["3", "3", "3", "4", "2.5", "-1", "-1", "attic", "2.5", "4"] * 6


@pytest.fixture
def floors(project, frame):
    project.table(frame.with_columns(floor=pl.Series(FLOORS)))
    return project


def test_numbers_are_categories_in_any_spelling(floors):
    dataset = floors.dataset(
        {"data.categorical": ["floor"], "data.features": ["floor"], **NO_SPLIT}
    )
    (feature,) = dataset.encoder.features
    assert feature.categories == ["-1", "2.5", "3", "4", "attic"]
    expected = [[float(cell == category) for category in feature.categories] for cell in SPELT]
    assert dataset.train.x.tolist() == expected


def test_numbers_of_a_file_with_types_are_the_same_categories(floors, tmp_path):
    dataset = floors.dataset({"data.categorical": "floor", "data.features": ["floor"], **NO_SPLIT})
    path = tmp_path / "later.parquet"
    pl.DataFrame({"floor": [4.0, 2.5, -1.0]}).write_parquet(path)
    reader = EncodedReader(dataset.encoder, open_table(path, [""]), target=False)
    (block,) = reader
    assert block.x.argmax(axis=1).tolist() == [3, 1, 0]
    assert reader.notes() == []


def test_many_numbers_are_categories_where_the_config_says_so(project, frame):
    project.table(frame.with_columns(zip=pl.int_range(60) // 2 + 98_100))
    changes = {"data.categorical": ["zip"], "data.min_frequency": 2, **NO_SPLIT}
    dataset = project.dataset({**changes, "data.features": ["zip"]})
    assert dataset.train.x.shape == (60, 30)
    assert dataset.encoder.input_names[0] == "zip is 98100"


def test_text_in_a_column_of_numbers_is_an_error(floors, problems):
    cells = pl.Series(["x", "y", *map(str, range(58))])
    floors.table(pl.read_csv(floors.folder / "table.csv").with_columns(floor=cells))
    (line,) = problems(floors.dataset, {"data.numeric_columns": ["floor"]})
    assert ":2: column 'floor': 'x' is not a number (2 such cells: lines 2, 3)" in line


def test_a_column_of_dates_in_which_other_cells_stand_is_refused(floors, problems):
    (line,) = problems(floors.dataset, {"data.date_columns": ["floor"], "data.dates": "expand"})
    assert "column 'floor' is named in date_columns, and most of its cells are not dates" in line


@pytest.mark.parametrize("key", ["categorical", "numeric_columns", "date_columns"])
def test_a_column_that_is_not_there_is_told(floors, key):
    with pytest.raises(ConfigError, match=rf"data.{key}: 'flor' is not a column .* mean 'floor'"):
        floors.dataset({f"data.{key}": ["flor"]})


def test_a_column_has_one_kind(floors):
    changes = {"data.categorical": ["floor"], "data.date_columns": ["floor"]}
    with pytest.raises(ConfigError, match=r"data.categorical names 'floor' too"):
        floors.load(changes)
