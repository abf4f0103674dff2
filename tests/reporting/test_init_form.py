"""`nnrun init` finds how a table is written: its encoding, title lines, header and numbers."""

import gzip
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.workbooks import workbook

from nnrun.checks.registry import lint
from nnrun.config.loading import load_config
from nnrun.features.loading import load_dataset
from nnrun.files import write_text
from nnrun.reporting.starter_config import StarterConfig, start_config

ROWS = 60
NUMBERS = np.random.default_rng(1).normal(size=(ROWS, 2)).round(2) * 10_000


@pytest.fixture
def started(project) -> Callable[..., StarterConfig]:
    """Write a table, and give what init makes of it; its config is `new.yaml`."""

    def call(content: str | bytes, target: str = "y", name: str = "odd.csv") -> StarterConfig:
        project.table(content, name)
        config = start_config(project.folder / name, target, project.folder)
        write_text(project.folder / "new.yaml", config.text)
        return config

    return call


@pytest.fixture
def checked(project, started) -> Callable[..., Any]:
    """Write a table and the config that init makes of it, check it and load it."""

    def call(content: str | bytes, target: str = "y", name: str = "odd.csv") -> Any:
        started(content, target, name)
        config = load_config(project.folder / "new.yaml")
        assert [str(finding) for finding in lint(load_dataset(config))] == []
        return config.data

    return call


def rows(*, decimal: str = ".", thousands: str = ",", separator: str = ";") -> str:
    """Return rows of two numbers and a label."""
    swap = str.maketrans({".": decimal, ",": thousands})
    lines = []
    for row, (a, b) in enumerate(NUMBERS):
        cells = [f"{a:,.2f}".translate(swap), f"{b:.1f}".translate(swap), "nj"[row % 2]]
        lines.append(separator.join(cells))
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("decimal", "thousands"),
    [(".", ","), (",", "."), (",", ""), (",", " "), (".", " "), (".", "'"), (".", "")],
)
def test_the_marks_of_numbers_are_found(checked, decimal, thousands):
    data = checked("a;b;y\n" + rows(decimal=decimal, thousands=thousands))
    assert (data.decimal, data.thousands) == (decimal, thousands)
    assert data.drop == []


def test_commas_in_plain_tables_are_no_marks(checked):
    lines = [
        f'{a:.3f},{row % 7},"{row % 3},{row % 2}",{"nj"[row % 2]}'
        for row, (a, _) in enumerate(NUMBERS)
    ]
    data = checked("a,b,c,y\n" + "\n".join(lines))
    assert (data.decimal, data.thousands) == (".", "")


def test_three_decimals_behind_a_zero_are_no_thousands(checked):
    lines = [f"0,{row:03};{row % 7};{'nj'[row % 2]}" for row in range(ROWS)]
    data = checked("a;b;y\n" + "\n".join(lines))
    assert (data.decimal, data.thousands) == (",", "")


def test_the_table_on_stderr_tells_of_the_decimal_comma(started):
    config = started("a;b;y\n" + rows(decimal=",", thousands=""))
    assert [column.made for column in config.columns] == [
        "number, decimal comma",
        "number, decimal comma",
        "target: two labels",
    ]


@pytest.mark.parametrize(
    "titles", ["Sales, by region\n", "Report\n\n# 2024, all\n", ";;\n", "Überblick\nStand 2024\n"]
)
def test_title_lines_are_skipped(started, checked, titles):
    count = titles.count("\n")
    assert checked(titles + "a;b;y\n" + rows(thousands="")).skip_rows == count
    assert "which the config skips" in started(titles + "a;b;y\n" + rows(thousands="")).notes[0]


def test_a_header_of_one_cell_less_than_the_rows_is_no_title(project, nnrun):
    project.table("a,b,y\n" + "\n".join(f"r{i},{i},{i * i % 7},n" for i in range(9)), "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "y")
    assert done.code == 2
    assert "every row has one cell more than the header" in done.err


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("cp1252", "cp1252"), ("latin-1", "cp1252"), ("utf-16", "utf-16"), ("utf-8-sig", "utf-8")],
)
def test_the_encoding_is_found(checked, encoding, found):
    text = "größe;b;y\n" + rows(thousands="").replace("n\n", "ö\xa0ß\n")
    assert checked(text.encode(encoding)).encoding == found


@pytest.mark.parametrize(
    "lines",
    [
        rows(thousands="", separator=","),
        rows(thousands="", decimal=","),
        "\n".join(f"{i * 7 % 50},{i * 3 % 50},{'nj'[i % 2]}" for i in range(ROWS)),
    ],
    ids=["fractions", "decimal commas", "a label that occurs again"],
)
def test_a_table_without_a_header_gets_names(started, checked, lines):
    data = checked(lines, "column_3")
    assert data.columns == ["column_1", "column_2", "column_3"]
    assert "has no header" in started(lines, "column_3").notes[0]


@pytest.mark.parametrize("header", ["region,2019,2020,y", "0,1,2,y", "a,b,c,y", "2019,2020,2021,y"])
def test_a_header_of_years_or_counts_is_one(checked, header):
    lines = [f"{i * 7 % 50},{i * 3 % 41}.5,{i * 11 % 43},{'nj'[i % 2]}" for i in range(ROWS)]
    assert checked(header + "\n" + "\n".join(lines)).columns is None


def test_the_table_on_stderr_tells_of_marks_in_the_target(started):
    config = started("a;y;c\n" + rows(decimal=",", thousands="."))
    assert config.columns[1].made.endswith("any number, decimal comma, thousands marked by '.'")


def test_gzip_is_looked_into(checked):
    text = "Titel\ngröße;b;y\n" + rows(decimal=",", thousands=".")
    data = checked(gzip.compress(text.encode("cp1252")), name="odd.csv.gz")
    assert (data.encoding, data.skip_rows, data.decimal, data.thousands) == ("cp1252", 1, ",", ".")


def test_parquet_is_read_as_it_is(project, checked):
    frame = pl.DataFrame({"a": NUMBERS[:, 0], "b": [1, 2, 5, 4] * 15, "y": ["n", "j"] * 30})
    frame.write_parquet(project.folder / "odd.parquet")
    content = (project.folder / "odd.parquet").read_bytes()
    assert checked(content, name="odd.parquet").drop == []


def test_one_of_several_files_in_another_encoding_is_found(project, nnrun):
    text = "a;b;y\n" + rows(thousands="")
    project.table(text, "part-0.csv")
    project.table(text.replace("n\n", "ö\n").encode("cp1252"), "part-1.csv")
    assert nnrun("init", "part-*.csv", "--target", "y", "-o", "new.yaml").code == 0
    assert load_config(project.folder / "new.yaml").data.encoding == "cp1252"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_a_pipe_is_refused_since_a_config_cannot_name_it(project, nnrun):
    os.mkfifo(project.folder / "pipe")
    done = nnrun("init", "pipe", "--target", "y")
    assert done.code == 2
    assert "pipe: is not an ordinary file; a config names a file that can be read again" in done.err


def sheet(price: str = "1.234,5") -> list[list[Any]]:
    """Return rows of a number, of a number in text, and of a label."""
    return [
        [a, price.replace("4", str(row % 10)), "nj"[row % 2]] for row, (a, _) in enumerate(NUMBERS)
    ]


NAMES = ["a", "price", "y"]


@pytest.mark.parametrize(
    ("titles", "skip_rows"),
    [([], 0), ([["Sales of a year"]], 1), ([["Sales"], [None], ["From a ministry"], []], 4)],
    ids=["no title", "one title", "titles with empty rows between"],
)
def test_titles_and_numbers_in_the_text_of_a_workbook_are_found(checked, titles, skip_rows):
    data = checked(workbook([*titles, NAMES, *sheet()]), name="odd.xlsx")
    assert (data.skip_rows, data.decimal, data.thousands) == (skip_rows, ",", ".")
    assert data.drop == []


def test_a_sign_beside_numbers_in_the_text_of_a_workbook_is_no_mistake(checked):
    data = checked(workbook([NAMES, *sheet("$1,234.50")]), name="odd.xlsx")
    assert (data.decimal, data.thousands, data.drop) == (".", ",", [])


def test_a_workbook_of_numbers_alone_is_read_as_it_is(checked):
    rows = [[a, b, "nj"[row % 2]] for row, (a, b) in enumerate(NUMBERS)]
    data = checked(workbook([NAMES, *rows]), name="odd.xlsx")
    assert (data.skip_rows, data.decimal, data.thousands, data.columns) == (0, ".", "", None)


def test_columns_of_a_workbook_without_a_header_get_names(checked):
    data = checked(workbook(sheet("1.5")), target="column_3", name="odd.xlsx")
    assert data.columns == ["column_1", "column_2", "column_3"]
