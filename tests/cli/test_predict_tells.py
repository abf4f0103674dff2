"""What predict and evaluate tell of a table that is unlike that of training."""

import polars as pl
import pytest


@pytest.fixture
def table(project, frame):
    """Write a table of a few rows with changes."""

    def write(**columns):
        texts = frame[:3].cast(pl.String)
        return project.table(texts.with_columns(**columns), "new.csv")

    return write


def test_a_header_alone_gives_a_header_alone(project, shared_run, nnrun):
    for text in ("age,height,dose\n", "age,height,dose", "dose,age,height\n,,\n"):
        done = nnrun("predict", shared_run, project.table(text, "new.csv"))
        assert (done.code, done.out) == (0, "probability,prediction\n")
    done = nnrun("predict", shared_run, project.table("age,x,height,dose\n"), "--keep", "x")
    assert (done.code, done.out) == (0, "x,probability,prediction\n")
    assert nnrun("evaluate", shared_run, project.table("age,height,dose,label\n")).code == 2


def test_strict_refuses_what_is_told_otherwise(project, shared_run, nnrun, table):
    path = table(age=pl.Series(["30", "9000", "31"]))
    done = nnrun("predict", shared_run, path)
    assert (done.code, done.err.count("column 'age'")) == (0, 1)
    assert "1 number lies beyond the range" in done.err
    assert "('9000'; line 3)" in done.err
    strict = nnrun("predict", shared_run, path, "--strict", "-o", "out.csv")
    assert (strict.code, "1 number lies beyond the range" in strict.err) == (2, True)
    assert not (project.folder / "out.csv").exists()
    assert nnrun("predict", shared_run, table(), "--strict", "-o", "out.csv").code == 0
    path = table(age=pl.Series(["30", "9000", "31"]))
    assert nnrun("evaluate", shared_run, path).err.count("column 'age'") == 1
    assert nnrun("evaluate", shared_run, path, "--strict").code == 2


@pytest.mark.parametrize("cell", ["oops", "?", ""])
def test_one_cell_does_not_cost_a_batch(shared_run, nnrun, table, cell):
    path = table(age=pl.Series(["30", cell, "31"]))
    assert nnrun("predict", shared_run, path).code == 2
    done = nnrun("predict", shared_run, path, "--bad-cells", "missing")
    assert (done.code, len(done.out.splitlines())) == (0, 4)
    assert "filled with the mean of training" in done.err
    both = nnrun("predict", shared_run, path, "--bad-cells", "missing", "--strict")
    assert (both.code, "filled with the mean of training" in both.err) == (2, True)


def test_null_values_are_added_to_those_of_the_config(shared_run, nnrun, table):
    path = table(age=pl.Series(["?", "-9", "NA"]))
    arguments = ["--null-values", "?", "--null-values", "-9"]
    done = nnrun("predict", shared_run, path, *arguments)
    assert done.code == 2
    assert "the cell is missing" in done.err
    assert "(3 such cells: lines 2, 3, 4)" in done.err
    done = nnrun("predict", shared_run, path, *arguments, "--bad-cells", "missing")
    assert "every cell is missing, and is filled with the mean" in done.err


def test_strict_writes_no_row_to_stdout_of_a_table_that_it_refuses(shared_run, nnrun, table):
    path = table(age=pl.Series(["30", "9000", "31"]))
    refused = nnrun("predict", shared_run, path, "--strict")
    assert (refused.code, refused.out) == (2, "")
    path = table(age=pl.Series(["30", "oops", "31"]))
    assert nnrun("predict", shared_run, path, "--strict").out == ""
    plain, strict = (nnrun("predict", shared_run, table(), *more) for more in ([], ["--strict"]))
    assert (strict.code, strict.out) == (0, plain.out)


def test_json_lines_take_no_table_and_no_file(shared_run, nnrun):
    for more in (["new.csv"], ["-o", "out.csv"], ["--keep", "age"], ["--escape-formulas"]):
        done = nnrun("predict", shared_run, "--json-lines", *more)
        assert (done.code, "leave out DATA" in done.err) == (2, True)
