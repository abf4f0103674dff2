"""Tables that write numbers or text in another way, or begin with title lines."""

import gzip
import io

import numpy as np
import polars as pl
import pytest

from nnrun.config.schema import Data
from nnrun.errors import TableError
from nnrun.features.numbers import parse_booleans, parse_numbers
from nnrun.tables.dialect import Dialect
from nnrun.tables.number_format import NumberFormat
from nnrun.tables.table import open_table
from nnrun.tables.table_file import ReadingPlan

NULLS = Data(train="a", target="b").null_values


def blocks(source, **keys):
    """Return the blocks of a table that is read by these keys of `data`."""
    dialect = Dialect.of(Data(train="a", target="b", **keys))
    table = open_table(source, NULLS, "t", dialect=dialect)
    return list(table.blocks(ReadingPlan(frozenset(table.columns))))


def numbers(text, **keys):
    """Return the numbers in the only column of a table."""
    (block,) = blocks(f"a\n{text}\n".encode(), **keys)
    return parse_numbers(block, "a").values.to_list()


@pytest.mark.parametrize(
    ("cell", "keys", "expected"),
    [
        ("-3,25", {"decimal": ","}, -3.25),
        ("+,5", {"decimal": ","}, 0.5),
        ("7,", {"decimal": ","}, 7),
        ("2,5e-3", {"decimal": ","}, 0.0025),
        ("12.345.678,9", {"decimal": ",", "thousands": "."}, 12_345_678.9),
        ("12345678,9", {"decimal": ",", "thousands": "."}, 12_345_678.9),
        ("4 812", {"thousands": " "}, 4812),
        ("4'812.75", {"thousands": "'"}, 4812.75),
        ('"4,812.75"', {"thousands": ","}, 4812.75),
        ("1.5", {"decimal": ","}, None),
        ("1.5", {"decimal": ",", "thousands": "."}, None),
        ("1234.567", {"decimal": ",", "thousands": "."}, None),
        ("1.234.56", {"decimal": ",", "thousands": "."}, None),
        ("1,2,3", {"decimal": ","}, None),
        (".", {"decimal": ",", "thousands": "."}, None),
        ("inf", {"decimal": ","}, None),
    ],
)
def test_a_number_is_read_as_the_config_says_that_it_is_written(cell, keys, expected):
    if '"' not in cell and keys.get("decimal") == ",":
        cell = f'"{cell}"'
    assert numbers(cell, **keys) == [expected]


def test_a_point_is_told_where_numbers_have_decimal_commas(project):
    project.table(b"a;b\n1,5;1\n2,25;0\n2.5;1\n7,5;0\n")
    said = "csv:4: column 'a': '2.5' is not a number; decimal and thousands under data say"
    with pytest.raises(TableError, match=said):
        project.dataset({"data.target": "b", "data.decimal": ",", "data.validation_split": 0.0})


def test_numbers_of_a_file_with_types_need_no_marks():
    file = io.BytesIO()
    pl.DataFrame({"a": [1.5, 2.5], "b": ["1.000,5", "2"]}).write_parquet(file)
    (block,) = blocks(file.getvalue(), decimal=",", thousands=".")
    assert parse_numbers(block, "a").values.to_list() == [1.5, 2.5]
    assert parse_numbers(block, "b").values.to_list() == [1000.5, 2]


def test_true_and_false_stand_beside_numbers_with_commas():
    (block,) = blocks(b"a;b\nTrue;1\n0,0;1\n", decimal=",")
    assert parse_booleans(block, "a").values.to_list() == [1, 0]


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16", "utf-16-le", "shift_jis", "utf-8-sig"])
@pytest.mark.parametrize("wrap", [bytes, gzip.compress, io.BytesIO], ids=["bytes", "gzip", "pipe"])
def test_a_table_is_read_in_the_encoding_that_the_config_says(encoding, wrap):
    text = "имя;n\n" + "Ящик;1\nЖизнь;2\n" * 40_000
    source = wrap(text.encode(encoding))
    if isinstance(source, io.BytesIO):
        source = io.BufferedReader(source)
    read = blocks(source, encoding=encoding)
    assert list(read[0].frame.columns) == ["имя", "n"]
    assert sum(len(block.frame) for block in read) == 80_000
    assert read[0].texts("имя")[0] == "Ящик"
    last = read[-1]
    assert last.places([len(last.frame) - 1]) == ["80001"]


def test_a_table_in_another_encoding_than_the_config_says_is_told_with_its_line():
    table = b"a,b\n1,x\n2,\xfc\n"
    with pytest.raises(TableError, match=r"^t:3: is not cp932, as"):
        blocks(table, encoding="cp932")


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("Zoë".encode("cp1252"), "or set `encoding: cp1252` under data, which reads 'Zoë'"),
        ("5 €".encode("cp1252"), "or set `encoding: cp1252` under data, which reads '5 €'"),
        (b"\x81\x8d", "save the table as UTF-8$"),
    ],
    ids=["accent", "euro", "no text"],
)
def test_a_table_that_is_not_utf_8_names_the_likely_encoding(line, remedy):
    with pytest.raises(TableError, match=remedy):
        blocks(b"a\n" + line + b"\n")


def test_title_lines_are_skipped_and_lines_are_still_those_of_the_file():
    table = b'\xef\xbb\xbfSales "2024\n\nsource: me\na,b\n1,2\n\n3,4\n'
    (block,) = blocks(table, skip_rows=3)
    assert block.frame.columns == ["a", "b"]
    assert block.places([0, 1]) == ["5", "7"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (b"x\na,a\n1,2\n", "t:2: 2 columns are named 'a'"),
        (b"x\na,b\n1,2\n1,2,3\n", "t:4: 3 cells, but the header has 2"),
        (b"x\n", "t: the file is empty"),
        (b"x", "t: the file is empty"),
        (b"x\n\n1\n", "t:2: the first line is blank"),
    ],
    ids=["names", "length", "nothing", "no line end", "blank"],
)
def test_a_mistake_below_title_lines_is_told_by_its_line(table, message):
    with pytest.raises(TableError, match=message):
        blocks(table, skip_rows=1)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"encoding": "latin-0"}, "'latin-0' is not a text encoding that Python knows"),
        ({"encoding": "hex"}, "'hex' is not a text encoding that Python knows"),
        ({"encoding": "a\0b"}, "is not a text encoding that Python knows"),
        ({"decimal": ",", "thousands": ","}, "',' is also the decimal mark"),
        ({"thousands": "."}, "'.' is also the decimal mark"),
    ],
)
def test_keys_that_fit_no_table_are_refused(keys, message):
    with pytest.raises(ValueError, match=message):
        Data(train="a", target="b", **keys)


@pytest.mark.parametrize("row", ["r1,5,6", "5,6,"], ids=["names of rows", "separators"])
def test_a_cell_more_in_every_row_is_told_once(row):
    with pytest.raises(TableError) as error:
        blocks(f"a,b\n{row}\n\n{row}\n{row}\n".encode())
    assert len(error.value.problems) == 1
    said = "t:2: every row has one cell more than the header, which has 2: names of rows"
    assert str(error.value).startswith(said)


def test_a_cell_more_in_some_rows_is_told_for_each():
    with pytest.raises(TableError, match="t:2: 3 cells, but the header has 2"):
        blocks(b"a,b\n1,2,3\n4,5\n")


def test_plain_numbers_are_read_as_numbers_at_once():
    (block,) = blocks(b"a,b\n1,2\n")
    assert block.frame.dtypes[0].is_float()
    assert NumberFormat().is_plain
    assert np.isclose(parse_numbers(block, "a").values[0], 1)


def test_predict_reads_a_table_as_the_run_read_its_own(project, nnrun):
    rows = "".join(f"{row},5;{row % 2}\n" for row in range(20))
    project.table(("Titel\ngröße;y\n" + rows).encode("latin-1"), "t.csv")
    keys = {"decimal": ",", "encoding": "latin-1", "skip_rows": 1}
    path = project.config(data={"train": "t.csv", "target": "y", **keys})
    assert nnrun("train", path, "-o", "run", "-q").code == 0
    done = nnrun("predict", "run", "t.csv")
    assert done.code == 0
    assert len(done.out.splitlines()) == 21


def test_columns_are_named_where_the_table_has_no_header():
    (block,) = blocks(b"1;x\n2;y\n", columns=["size", "b"])
    assert block.frame.columns == ["size", "b"]
    assert len(block.frame) == 2
    assert block.places([1]) == ["2"]


def test_columns_are_named_below_title_lines():
    (block,) = blocks(b"A title\n1,2\n", columns=["size", "b"], skip_rows=1)
    assert block.frame.rows() == [(1, 2)]
    assert block.places([0]) == ["2"]


def test_decimal_commas_do_not_separate_columns_that_are_named():
    (block,) = blocks(b"1,5;2,5;a\n", columns=["a", "b", "c"], decimal=",")
    assert parse_numbers(block, "b").values.to_list() == [2.5]


def test_a_table_without_a_header_may_lack_the_target():
    (block,) = blocks(b"1,2\n", columns=["a", "b", "c"])  # the target is b
    assert block.frame.columns == ["a", "c"]


def test_a_table_of_more_columns_than_are_named_is_refused():
    with pytest.raises(TableError, match=r"t:1: 4 cells, but data\.columns names 2 columns"):
        blocks(b"1,2,3,4\n", columns=["a", "b"])


def test_predict_names_the_columns_as_training_did(project, nnrun):
    rows = [f"{row},{row * row % 7},{row % 2}" for row in range(20)]
    project.table("\n".join(rows), "t.csv")
    project.table("\n".join(row[:-2] for row in rows), "new.csv")
    data = {"train": "t.csv", "target": "y", "columns": ["a", "b", "y"]}
    assert nnrun("train", project.config(data=data), "-o", "run", "-q").code == 0
    done = nnrun("predict", "run", "new.csv")
    assert done.code == 0
    assert len(done.out.splitlines()) == 21
    assert nnrun("evaluate", "run", "t.csv").code == 0


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("trailing", [1, 3])
def test_separators_at_each_lines_end_make_no_column(separator, line_end, trailing):
    lines = [separator.join(cells) + separator * trailing for cells in ("abc", "123", "456", "789")]
    (block,) = blocks((line_end.join(lines) + line_end).encode())
    names = block.frame.columns[:3]
    assert names == ["a", "b", "c"]
    assert [block.cells(name).to_list() for name in names] == [
        ["1", "4", "7"],
        ["2", "5", "8"],
        ["3", "6", "9"],
    ]
    assert block.places([2]) == ["4"]


def test_a_cell_behind_the_named_columns_is_told_with_its_line():
    with pytest.raises(TableError) as error:
        blocks(b"a,b,,\n1,2,,\n3,4,,x\n")
    assert str(error.value) == (
        "t:3: there is a cell in column 4, which has no name; give it one in the header"
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
def test_excels_line_on_the_separator_is_no_header(separator):
    text = f"sep={separator}\r\na{separator}b\r\n1{separator}x,y;z\r\n3{separator}4\r\n"
    if separator != "\t":
        text = text.replace("x,y;z", '"x,y;z"')
    (block,) = blocks(text.encode())
    assert block.cells("b").to_list() == ["x,y;z", "4"]
    assert block.places([0, 1]) == ["3", "4"]
