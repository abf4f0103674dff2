"""Text among numbers: a category where the numbers are few or codes, and mistakes elsewhere."""

import polars as pl
import pytest
import yaml
from support.profiles import profile_of

from nnrun.features.column_profile import kind_of
from nnrun.features.missing_marks import marks_missing

MANY = [str(number / 4) for number in range(150)]
ZIPS = [str(98_001 + zip_code) for zip_code in range(120)]

KINDS = {
    "sizes, and one that is open": (["52", "60", "75", "90", "90+"] * 20, "text"),
    "places, and a disqualification": ([*map(str, range(1, 21))] * 10 + ["DQ"] * 3, "text"),
    "ranges": (["2", "3", "2-10"] * 20, "text"),
    "zip codes, and a longer one": (ZIPS * 20 + ["98115-4820"], "text"),
    "zip codes, with a longer one first": (["98115-4820", *ZIPS * 20], "text"),
    "years, and a doubtful one": ([*map(str, range(1950, 2000))] * 10 + ["1950?"], "number"),
    "many numbers, and a trace": (MANY * 5 + ["T"], "number"),
    "few numbers of a small table": (["1", "2", "3", "4", "x"] * 3, "number"),
    "few numbers, and a dash": (["1", "2", "-"] * 20, "number"),
    "few numbers, and an error of a spreadsheet": (["1", "2", "#REF!"] * 20, "number"),
    "few numbers, and a decimal comma": (["1", "2", "1,5"] * 20, "number"),
    "few numbers, and true": (["5", "5", "true"] * 20, "number"),
    "dashes in most cells": (["-", "--", "7"] * 20, "number"),
    "nothing but dashes": (["-"] * 20, "text"),
}


@pytest.mark.parametrize(("cells", "kind"), KINDS.values(), ids=KINDS.keys())
def test_text_among_numbers_makes_a_category_or_is_a_mistake(cells, kind):
    assert kind_of(profile_of(cells)) == kind


@pytest.mark.parametrize(
    "text", ["-", "--", ".", "NULL", "n.a.", "N/A", "#DIV/0!", "\\N", "<NA>", "(blank)", "No data"]
)
def test_marks_of_missing_cells_are_known(text):
    assert marks_missing(text)


@pytest.mark.parametrize("text", ["no", "N", "T", "DQ", "90+", "1", "none of these"])
def test_other_text_is_no_mark(text):
    assert not marks_missing(text)


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_codes_are_counted_though_many_numbers_stand_before_the_text(blocks):
    cells = [*ZIPS * 10, *["98115-4820", "98001"] * 600]
    profile = profile_of(cells, blocks=blocks)
    assert kind_of(profile) == "text"
    assert profile.text_counts["98115-4820"] == 600
    assert profile.text_counts["98001"] == 610


def test_codes_are_spelt_alike_in_every_later_table(project, frame):
    project.table(frame.with_columns(size=pl.Series(["52", "60.0", "90+"] * 20)))
    dataset = project.dataset({"data.features": ["size"], "data.validation_split": 0})
    (feature,) = dataset.encoder.features
    assert (feature.categories, feature.spells_numbers) == (["52", "60", "90+"], True)


MISTAKES = {
    "one mark": (["-"] * 3, '"-"]` and `missing: mean`'),
    "several texts": (["-", "low", "-"], '"-", "low"]` and `missing: mean`'),
}


@pytest.mark.parametrize(("wrong", "end"), MISTAKES.values(), ids=MISTAKES.keys())
def test_text_among_many_numbers_is_told_with_the_line_that_makes_missing_cells_of_it(
    project, frame, problems, wrong, end
):
    cells = [*map(str, range(57)), *wrong]
    project.table(frame.with_columns(age=pl.Series(cells)))
    (line,) = problems(project.dataset)
    assert ":59: column 'age': '-' is not a number (3 such cells: lines 59, 60, 61)" in line
    assert '; if such cells are missing: `null_values: ["", "NA", "N/A", "n/a", "#N/A", ' in line
    assert line.endswith(f'"None", "?", {end}')


def test_the_line_that_is_told_loads(project, frame, problems):
    project.table(frame.with_columns(age=pl.Series([*map(str, range(58)), "-", 'a "b"'])))
    (line,) = problems(project.dataset)
    pasted = yaml.safe_load(line.split("`")[1])
    dataset = project.dataset({"data.null_values": pasted["null_values"], "data.missing": "mean"})
    assert dataset.encoder.features[0].kind == "number"
