"""Weights of rows, which a column holds: read with the tables, checked, and no input."""

import numpy as np
import polars as pl
import pytest

from nnrun.checks.registry import lint
from nnrun.errors import NnrunError

WEIGHTS = [0.5 + row % 7 for row in range(60)]


@pytest.fixture
def weighted(project, frame):
    """Return a function that loads the table with one more column, its weights."""

    def load(cells, **changes):
        project.table(frame.with_columns(pl.Series("weight", cells, strict=False)))
        return project.dataset({"data.sample_weight": "weight", **changes})

    return load


def test_each_row_keeps_its_weight_and_the_column_is_no_feature(weighted, frame):
    dataset = weighted(WEIGHTS)
    weight_of = dict(zip(frame["age"].cast(pl.Float32), WEIGHTS, strict=True))
    for part in (dataset.train, dataset.validation):
        assert part.weights.tolist() == [weight_of[age] for age in part.x[:, 0].tolist()]
    assert dataset.encoder.input_names == ["age", "height", "dose"]


def test_weights_of_rows_and_of_labels_are_multiplied(weighted):
    dataset = weighted(WEIGHTS, class_weight={"0": 1, "1": 3})
    labels = dataset.train.y[:, 0]
    expected = dataset.train.weights * np.where(labels == 1, 3, 1)
    assert np.array_equal(dataset.arrays(dataset.train, weighted=True).sample_weight, expected)
    validation = dataset.arrays(dataset.validation).sample_weight
    assert np.array_equal(validation, dataset.validation.weights)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_other_tables_may_have_weights_or_lack_them(weighted, project, frame, suffix):
    other = frame.with_columns(weight=pl.lit(2.5))
    if suffix == "csv":
        project.table(other, "other.csv")
    else:
        other.write_parquet(project.folder / "other.parquet")
    project.table(frame, "bare.csv")
    changes = {"data.validation_split": 0, "data.validation": f"other.{suffix}"}
    dataset = weighted(WEIGHTS, **changes, **{"data.test": "bare.csv"})
    assert dataset.validation.weights.tolist() == [2.5] * 60
    assert dataset.test.weights is None
    messages = [str(finding) for finding in lint(dataset)]
    assert any("has no column 'weight' of weights: all its rows" in line for line in messages)


def test_a_table_in_files_has_the_same_weights(weighted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = weighted(WEIGHTS)
    for _ in ("converted", "loaded again"):
        dataset = weighted(WEIGHTS, **{"data.in_memory": False})
        for part, other in zip(expected.parts.values(), dataset.parts.values(), strict=True):
            assert np.array_equal(part.weights, other.weights)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ([None, *WEIGHTS[1:]], "table.csv:2: column 'weight': the weight is missing; fill it in,"),
        (
            [1.0, -2.0, *WEIGHTS[2:]],
            "table.csv:3: column 'weight': '-2.0' is negative; a weight mu",
        ),
        (["1", "inf", *["2"] * 58], "table.csv:3: column 'weight': 'inf' is not finite"),
        (["1", "x", *["2"] * 58], "table.csv:3: column 'weight': 'x' is not a number"),
        (["much", "little"] * 30, "table.csv: column 'weight' holds text ('much', 'little'); we"),
    ],
    ids=["missing", "negative", "infinite", "not a number", "text"],
)
@pytest.mark.parametrize("missing", ["error", "mean"])
def test_a_cell_that_is_no_weight_is_told(weighted, cells, problem, missing):
    with pytest.raises(NnrunError) as error:
        weighted(cells, **{"data.missing": missing})
    assert problem in error.value.problems[0]


def test_a_negative_weight_is_not_taken_for_a_number_in_another_spelling(weighted):
    with pytest.raises(NnrunError) as error:
        weighted([1.0, -2.5, *WEIGHTS[2:]])
    assert "decimal" not in str(error.value)


@pytest.mark.parametrize("cell", [None, -1.0], ids=["missing", "negative"])
def test_a_cell_of_another_table_is_told_too(weighted, project, frame, cell):
    project.table(frame.with_columns(weight=pl.Series([1.0, cell] * 30)), "other.csv")
    with pytest.raises(NnrunError, match=r"other\.csv:3: column 'weight'"):
        weighted(WEIGHTS, **{"data.test": "other.csv"})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"data.sample_weight": "wait"}, "data.sample_weight: 'wait' is not a column of"),
        ({"data.sample_weight": "label"}, "data.target names 'label' too; weights are"),
        (
            {"data.sample_weight": "age", "data.features": ["age"]},
            "data.features names 'age' too",
        ),
    ],
    ids=["unknown", "the target", "a feature"],
)
def test_a_wrong_column_is_told(project, changes, problem):
    with pytest.raises(NnrunError, match=problem):
        project.dataset(changes)
