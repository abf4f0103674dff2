"""Profiles: what one reading tells of columns, and the plan of columns to read as numbers."""

import polars as pl
import pytest
from support.profiles import NULLS, profile_of, survey_of

from nnrun.features.column_profile import kind_of
from nnrun.features.profile import profile_table
from nnrun.features.unfit_columns import why_unfit
from nnrun.tables.table import open_table

MANY = [str(number / 4) for number in range(150)]

KINDS = {
    "numbers": (["1", "2.5", "3"], "number"),
    "a wrong cell among numbers": (["1", "2", "3", "x"], "number"),
    "numbers with decimal commas": (["1,5", "2,5", "3,5"], "number"),
    "true and false": (["true", "FALSE", ""], "boolean"),
    "true among numbers": (["true", "1", "2"], "number"),
    "dates": (["2020-01-31", "", "2021-02-28"], "date"),
    "a date that is none": (["2020-01-31", "soon", "later"], "text"),
    "words": (["York", "Ely", "Bath"], "text"),
    "nothing": (["", "NA", ""], "number"),
}


@pytest.mark.parametrize(("cells", "kind"), KINDS.values(), ids=KINDS.keys())
@pytest.mark.parametrize("blocks", [1, 3])
def test_the_kind_of_a_column_is_told_from_its_profile(cells, kind, blocks):
    assert kind_of(profile_of(cells, blocks=blocks)) == kind


@pytest.mark.parametrize("blocks", [1, 2, 4])
def test_a_profile_counts_what_the_cells_are_whatever_the_blocks(blocks):
    profile = profile_of(["3", "x", "", "3", "-1", "1e39", "NA", "x"], blocks=blocks)
    assert (profile.rows, profile.missing, profile.present, profile.numbers) == (8, 2, 6, 3)
    assert profile.text_counts == {"3": 2, "x": 2, "-1": 1, "1e39": 1}
    assert (profile.minimum, profile.maximum, profile.whole) == (-1, 3, True)


@pytest.mark.parametrize("blocks", [1, 4])
def test_of_many_distinct_cells_the_first_are_known_and_none_is_counted(blocks):
    profile = profile_of(MANY, blocks=blocks)
    assert profile.texts == tuple(MANY[:101])
    assert profile.has_many_texts
    assert profile.text_counts == {}
    assert (profile.minimum, profile.maximum, profile.whole) == (0, 37.25, False)


def test_dates_that_fit_two_formats_are_told():
    profile = profile_of(["01/02/2020", "03/04/2021"])
    assert [dates.order for dates in profile.dates] == ["month first", "day first"]
    reason = why_unfit(profile, expand_dates=True)
    assert reason is not None
    assert "'01/02/2020'" in reason


def test_a_column_is_read_as_numbers_once_its_texts_matter_no_more():
    assert survey_of(MANY).reads_as_numbers
    assert not survey_of(["1", "2", "3"]).reads_as_numbers  # they may yet be categories
    assert not survey_of([*MANY, "x"]).reads_as_numbers
    assert survey_of([*MANY, "x", *MANY[1:]], blocks=2).reads_as_numbers is False


def test_a_profile_is_plain_and_gives_the_same_encoder_every_time(project, frame):
    project.table(frame.with_columns(town=pl.Series(["York", "Ely", "Bath"] * 20)))
    config = project.load()
    table = open_table(project.folder / "table.csv", NULLS)
    profile = profile_table(table, config)
    assert profile.problems() == profile.problems() == []
    assert profile.encoder() == profile.encoder()
    (block,) = table.blocks()
    first, second = (profile.encoder().transform(block).values for _ in range(2))
    assert (first == second).all()
    assert first.shape == (60, 6)


def test_columns_know_their_inputs_by_number(project, frame):
    days = pl.Series("day", ["2021-01-05", "2022-02-06", "2023-03-07"] * 20)
    town = pl.Series("town", ["Bern", "York"] * 30)
    project.table(frame.with_columns(days, town))
    encoder = project.dataset({"data.dates": "expand"}).encoder
    inputs = encoder.column_inputs
    assert list(inputs) == ["age", "height", "dose", "day", "town"]
    assert [number for numbers in inputs.values() for number in numbers] == list(
        range(len(encoder.inputs))
    )
    assert [encoder.input_names[number] for number in inputs["town"]] == [
        "town is Bern",
        "town is York",
    ]
