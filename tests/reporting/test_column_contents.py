"""What columns hold: bars, and shares of missing cells, as polars counts them."""

import polars as pl
import pytest

from nnrun.reporting.column_contents import BARS, column_contents

KINDS = {
    "town": ["Bern", "York", None, "Bern"],
    "day": ["2021-01-05", "2022-02-06", None, "2023-03-07"],
    "rooms": [1, 2, 3, None],
}


@pytest.fixture
def contents(project, frame):
    columns = [pl.Series(name, cells * 15) for name, cells in KINDS.items()]
    project.table(frame.with_columns(columns))
    dataset = project.dataset({"data.missing": "mean", "data.dates": "expand"})
    return {column.name: column for column in column_contents(dataset)}


@pytest.mark.parametrize(
    ("column", "kind"),
    [("town", "text"), ("month of day", "date"), ("rooms", "number")],
)
def test_a_quarter_of_the_cells_is_missing(contents, column, kind):
    assert contents[column].kind == kind
    assert contents[column].missing == pytest.approx(0.25)


def test_bars_count_categories_whole_numbers_and_ranges(contents):
    assert contents["town"].counts == (30, 15, 15)
    assert contents["town"].names[0] == "Bern"
    assert contents["rooms"].counts == (15, 15, 15)
    assert len(contents["age"].counts) == BARS
    assert sum(contents["age"].counts) == 60
    assert max(contents["age"].heights) == 1


def test_targets_that_are_numbers_have_bars_too(project):
    changes = {"data.target": "age", "loss": "mse", "layers": [{"units": 1}]}
    (*_, target) = column_contents(project.dataset(changes))
    assert (target.name, target.kind) == ("age", "target")
    assert target.missing == 0
