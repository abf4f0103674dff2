"""A sign that stands beside every number of a column is read as part of it."""

import polars as pl
import pytest

from nnrun.features.signs import bare_cell, find_sign, without_sign


@pytest.mark.parametrize(
    ("cells", "sign", "numbers"),
    [
        (["12.5%", "-3 %", None], "%", ["12.5", "-3", None]),
        (["$5.50", "-$7", "$ -1.5"], "$", ["5.50", "-7", "-1.5"]),
        (["€ 24.953", "3,5 €"], "€", ["24.953", "3,5"]),
        (["¥1,000", " ¥ 20 "], "¥", ["1,000", "20"]),
    ],
    ids=["per cent", "dollars", "euros before and behind", "yen"],
)
def test_a_sign_beside_all_numbers_is_found_and_left_out(cells, sign, numbers):
    texts = pl.Series(cells)
    assert find_sign(texts) == sign
    assert without_sign(texts, sign).to_list() == numbers


@pytest.mark.parametrize(
    "cells",
    [["$5", "6"], ["$5", "€6"], ["5 kg"], ["$"], ["US$ 5"], ["5%", "n/a"], [None], ["1.5", "2"]],
    ids=["some", "two signs", "unit", "alone", "letters", "word", "missing", "none"],
)
def test_other_cells_have_no_sign(cells):
    assert find_sign(pl.Series(cells, dtype=pl.String)) == ""


def test_a_cell_without_the_sign_is_no_number_of_its_column():
    assert without_sign(pl.Series(["5", "$6", "€7", "x"]), "$").to_list() == [None, "6", None, None]


def test_hints_look_at_the_number_alone():
    cells = ["$1,234", "5 %", "x%y", "7"]
    assert [bare_cell(cell) for cell in cells] == ["1,234", "5", "x%y", "7"]


def test_one_cell_is_read_as_a_column_of_it_is():
    cells = ["$1", "-$ 2.5", "€ 24.953", "3,5 €", "+7%", "%", "US$ 5", "$5$", "5 kg", " ¥ 20 "]
    for cell in cells:
        texts = pl.Series([cell])
        sign = find_sign(texts)
        assert bare_cell(cell) == (without_sign(texts, sign)[0] if sign else cell)


@pytest.fixture
def paid(project, frame):
    """A table with per cent, dollars and a target in euros, and the frame of plain numbers."""
    signed = frame.select(
        share=pl.format("{}%", pl.col("age")),
        price=pl.format("${}", pl.col("height")),
        paid=pl.format("{} €", pl.col("dose")),
    )
    project.table(signed)
    return frame.select(share="age", price="height", paid="dose")


NUMBERS = {"data.target": "paid", "loss": "mse", "layers": [{"units": 1}]}


def test_signed_columns_train_as_their_numbers(project, paid):
    signed = project.dataset(NUMBERS)
    project.table(paid)
    plain = project.dataset(NUMBERS)
    assert (signed.train.x == plain.train.x).all()
    assert (signed.train.y == plain.train.y).all()
    assert [feature.sign for feature in signed.encoder.features] == ["%", "$"]
    assert [target.sign for target in signed.encoder.targets] == ["€"]


@pytest.mark.slow
def test_a_table_to_predict_has_the_sign_too(project, paid, nnrun):
    config = project.config(NUMBERS)
    assert nnrun("train", config, "-o", "run", "-q").code == 0
    right = project.table("share,price\n5%,$3\n", "right.csv")
    assert nnrun("predict", "run", right).code == 0
    wrong = project.table("share,price\n5%,$3\n5,£3\n", "wrong.csv")
    done = nnrun("predict", "run", wrong)
    assert done.code == 2
    assert "wrong.csv:3: column 'share': '5' is not a number with '%' beside it" in done.err
    assert "wrong.csv:3: column 'price': '£3' is not a number with '$' beside it" in done.err


def test_marks_of_thousands_beside_a_sign_are_told(project, nnrun):
    rows = "".join(f'{row},"${row * 1_234:,}"\n' for row in range(1, 60))
    project.table("x,price\n" + rows)
    config = project.config({**NUMBERS, "data.target": "price"})
    done = nnrun("check", config)
    assert done.code == 2
    assert 'unless `thousands: ","` stands under data' in done.err
    assert "for labels" not in done.err
