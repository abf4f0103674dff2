"""Columns that a table lacks are told with the one that may be meant."""

import unicodedata

import pytest

from nnrun.tables.missing_columns import missing_columns
from nnrun.wording import did_you_mean

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "é") for form in ("NFC", "NFD"))


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (["Height"], "'height' (did you mean 'Height'?)"),
        (["hei ght"], "'height' (did you mean 'hei ght'?)"),
        (["hieght", "x"], "'height' (did you mean 'hieght'?)"),
        (["h", "x"], "'height'"),
    ],
    ids=["case", "spaces", "letters that changed places", "nothing near"],
)
def test_the_nearest_column_is_named(columns, shown):
    assert missing_columns(["height"], columns) == [shown]


def test_a_column_that_is_required_itself_is_meant_by_no_other_name():
    assert missing_columns(["size_1", "size_2"], ["size_2", "other"]) == ["'size_1'"]


def test_nobody_sees_how_normal_forms_differ_so_it_is_said():
    shown = f"{DECOMPOSED!r} in another Unicode normal form"
    assert missing_columns([COMPOSED], [DECOMPOSED]) == [f"{COMPOSED!r} (did you mean {shown}?)"]
    assert did_you_mean(COMPOSED, ["a", DECOMPOSED]) == f"; did you mean {shown}?"
    assert did_you_mean("ﬁeld", ["field"]) == "; did you mean 'field'?"


def test_names_that_are_too_long_or_too_many_are_not_compared():
    assert missing_columns(["a" * 1_000_000], ["a" * 999_999]) == [repr("a" * 1_000_000)]
    assert len(missing_columns([f"a{n}" for n in range(9_000)], ["b0"])) == 9_000
