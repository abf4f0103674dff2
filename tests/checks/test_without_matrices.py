"""A table that is checked alone: nothing of it is kept, and the same is told."""

import numpy as np
import polars as pl
import pytest

from nnrun.checks.registry import lint
from nnrun.features.loading import load_dataset
from nnrun.reporting.json import summarize_dataset
from nnrun.reporting.text import describe_dataset

TOWN = pl.Series("town", ["Bath", "Ely", "York", None] * 15)
COPY = pl.col("label").alias("copy")
WHEN = pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 2, 29)).alias("when")
NUMBERS = {
    "data.target": ["age", "height"],
    "loss": "MeanSquaredError",
    "layers": [{"units": 2}],
}
CASES = {
    "numbers": ({}, []),
    "nothing held out": ({"data.validation_split": 0}, []),
    "text": ({"data.missing": "mean"}, [TOWN]),
    "rows left out": ({"data.missing": "drop"}, [TOWN]),
    "a copy of the target": ({}, [COPY]),
    "dates": ({"data.dates": "expand"}, [WHEN]),
    "a test table": ({"data.test": "table.csv", "data.missing": "mean"}, [TOWN]),
    "numbers as targets": (NUMBERS, [pl.col("age").alias("copy")]),
}


def rounded(feature):
    """Return what is told of a feature; sums of fewer columns are rounded elsewhere."""
    return {
        key: float(f"{value:.12g}") if isinstance(value, float) else value
        for key, value in feature.items()
    }


@pytest.mark.parametrize(("changes", "columns"), CASES.values(), ids=CASES.keys())
def test_a_table_is_told_alike_without_its_matrices(project, frame, changes, columns):
    project.table(frame.with_columns(columns))
    config = project.load(changes)
    whole = load_dataset(config)
    checked = load_dataset(config, has_matrices=False)
    assert {part.x.shape[0] for part in checked.parts.values()} == {0}
    assert lint(checked) == lint(whole)
    assert describe_dataset(checked) == describe_dataset(whole)
    summary, expected = summarize_dataset(checked), summarize_dataset(whole)
    features = zip(summary.pop("features"), expected.pop("features"), strict=True)
    assert all(rounded(feature) == rounded(other) for feature, other in features)
    assert summary == expected
    for part, other in zip(checked.parts.values(), whole.parts.values(), strict=True):
        np.testing.assert_array_equal(part.y, other.y)


def test_mistakes_are_told_alike_without_matrices(project, frame, problems):
    project.table(frame.with_columns(age=pl.Series(["x", *map(str, range(59))])))
    config = project.load()
    whole = problems(load_dataset, config)
    assert problems(load_dataset, config, has_matrices=False) == whole
