"""Rows that stand among the training rows and among those that are measured."""

import polars as pl
import pytest
from support.project import default_table

from nnrun.checks.registry import lint


def found(project, **changes):
    """Return what the rule says of a config of the project."""
    findings = lint(project.dataset(**changes))
    return [finding.message for finding in findings if finding.code == "repeated-rows"]


@pytest.fixture
def two_tables(project):
    """A training table, and a test table of ten other rows and three of the training rows."""
    table = default_table()
    project.table(table.head(50))
    project.table(pl.concat([table.tail(10), table.head(3)]), "test.csv")
    return project


@pytest.mark.parametrize("key", ["validation", "test"])
def test_rows_of_both_tables_are_counted(two_tables, key):
    changes = {f"data.{key}": "test.csv", "data.validation_split": 0}
    (message,) = found(two_tables, **changes)
    assert f"test.csv: 3 rows stand among the {key} rows and among the training rows" in message


def test_check_which_has_no_matrices_finds_them_too(two_tables, nnrun):
    two_tables.config({"data.test": "test.csv"})
    assert "[repeated-rows]" in nnrun("check", "config.yaml").err


def test_they_are_found_in_a_table_that_is_converted_to_files(two_tables):
    changes = {"data.test": "test.csv", "data.in_memory": False}
    for _ in range(2):  # the second time it is converted already
        assert len(found(two_tables, **changes)) == 1


def test_rows_with_another_target_are_others(two_tables):
    table = pl.read_csv(two_tables.folder / "test.csv")
    two_tables.table(table.with_columns(label=1 - pl.col("label")), "test.csv")
    assert found(two_tables, **{"data.test": "test.csv"}) == []


def test_both_sides_of_a_split_by_a_column_are_compared(project):
    table = default_table()
    parts = ["train"] * 40 + ["validation"] * 20
    doubled = pl.concat([table.head(40), table.head(5), table.tail(15)])
    project.table(doubled.with_columns(part=pl.Series(parts)))
    (message,) = found(project, **{"data.validation_split": 0, "data.split": {"column": "part"}})
    assert "5 rows stand among the validation rows" in message


def test_what_chance_explains_is_no_finding(project):
    few = pl.DataFrame({"age": [1, 2, 3] * 20, "label": [0, 1, 1] * 20})
    project.table(few)
    project.table(few.head(20), "test.csv")
    assert found(project, **{"data.test": "test.csv"}) == []


def test_a_share_that_is_drawn_is_not_compared(project):
    table = default_table()
    project.table(pl.concat([table, table]))
    assert found(project) == []


@pytest.mark.parametrize("write", ["parquet", "other spelling", "other order"])
def test_rows_are_equal_however_a_file_writes_them(two_tables, write):
    test = pl.read_csv(two_tables.folder / "test.csv")
    name = "test.csv"
    if write == "parquet":
        name = "test.parquet"
        test.write_parquet(two_tables.folder / name)
    elif write == "other spelling":
        two_tables.table(test.with_columns(height=pl.format("{}e0", "height")), name)
    else:
        two_tables.table(test.select(reversed(test.columns)), name)
    (message,) = found(two_tables, **{"data.test": name, "data.validation_split": 0})
    assert f"{name}: 3 rows stand among the test rows" in message


def test_rows_with_another_target_are_others_where_it_has_a_sign(two_tables):
    numbers = {"data.target": "dose", "loss": "MeanSquaredError", "layers": [{"units": 1}]}
    for name, more in (("table.csv", 0), ("test.csv", 1)):
        table = pl.read_csv(two_tables.folder / name)
        two_tables.table(table.with_columns(dose=pl.format("{} %", pl.col("dose") + more)), name)
    assert found(two_tables, **numbers, **{"data.test": "test.csv"}) == []
