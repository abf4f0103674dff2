"""What the columns of a Parquet file become, by the types that the file gives them."""

import io
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import pytest

from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.tables.table import open_table

ROWS = 40


def dataset_of(project, column: pl.Series, **changes):
    frame = pl.DataFrame({"x": column, "age": range(ROWS), "label": [0, 1] * (ROWS // 2)})
    frame.write_parquet(project.folder / "t.parquet")
    changes = {"data.train": "t.parquet", "data.validation_split": 0, **changes}
    return project.dataset(changes)


CODES = ["1", "2", "10", "1"] * (ROWS // 4)


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["1", "2", "10"])], ids=str)
def test_strings_are_text_though_they_look_like_numbers(project, dtype):
    column = pl.Series(CODES, dtype=dtype)
    (feature, _) = dataset_of(project, column).encoder.features
    assert (feature.kind, feature.categories) == ("text", ["1", "10", "2"])
    changes = {"data.numeric_columns": ["x"]}
    (feature, _) = dataset_of(project, column, **changes).encoder.features
    assert (feature.kind, feature.maximum) == ("number", 10)


def test_strings_that_are_nearly_all_distinct_may_be_numbers(project, problems):
    (line,) = problems(dataset_of, project, pl.Series([str(row / 7) for row in range(ROWS)]))
    assert "nearly all of it distinct" in line
    assert "the file says that it is text: if it is numbers, set `numeric_columns: [x]`" in line


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pl.Series([Decimal(row) / 4 for row in range(ROWS)]), "number"),
        (pl.Series([row % 2 == 0 for row in range(ROWS)]), "boolean"),
        (pl.Series([date(2024, 1, 1 + row % 28) for row in range(ROWS)]), "date"),
        (pl.Series(["2024-01-01", "2024-02-03"] * (ROWS // 2)), "date"),
        (pl.Series([timedelta(hours=row % 3) for row in range(ROWS)]), "number"),
        (pl.Series([[row % 2] for row in range(ROWS)]), "text"),
    ],
    ids=["decimals", "booleans", "dates", "dates as strings", "durations", "lists"],
)
def test_other_types_are_what_they_are_in_a_csv(project, column, kind):
    (feature, *_) = dataset_of(project, column, **{"data.dates": "expand"}).encoder.features
    assert feature.kind == kind


def test_a_run_that_read_numbers_from_strings_still_does():
    encoder = Encoder(features=[{"name": "x"}], targets=[{"name": "y"}], labels=[])
    file = io.BytesIO()
    pl.DataFrame({"x": ["1", "2.5"]}).write_parquet(file)
    reader = EncodedReader(encoder, open_table(file.getvalue(), [""]), target=False)
    assert [row for _, x, _ in reader for row in x.tolist()] == [[1], [2.5]]
