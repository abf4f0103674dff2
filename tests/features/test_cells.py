"""Cells read as values: what each reader returns, and that nothing is counted by reading."""

import io

import polars as pl
import pytest

from nnrun.features.categories import encode_categories
from nnrun.features.dates import parse_dates
from nnrun.features.faults import MISSING, ColumnFaults
from nnrun.features.labels import encode_labels, order_keys
from nnrun.features.numbers import parse_booleans, parse_numbers
from nnrun.tables.block import Block
from nnrun.tables.table import open_table

NULLS = ["", "NA", "-999"]


def block_of(*cells: str) -> Block:
    """Return the only block of a table with the column `a`."""
    text = "a,b\n" + "".join(f'"{cell}",x\n' for cell in cells)
    (block,) = open_table(text.encode(), NULLS, "t.csv").blocks()
    return block


def faulty(parsed) -> dict[str, list[int]]:
    """Return the rows of each kind of fault that there is."""
    rows = {kind: mask.arg_true().to_list() for kind, mask in parsed.faulty.items()}
    return {kind: found for kind, found in rows.items() if found}


def test_plain_numbers_are_read_without_their_text():
    parsed = parse_numbers(block_of("1", "-2.5", "3e2"), "a")
    assert parsed.values.to_list() == [1, -2.5, 300]
    assert (parsed.needed_text, parsed.faulty) == (False, {})


def test_numbers_that_are_faulty_are_null_and_say_how():
    parsed = parse_numbers(block_of("+1", "NA", "x", "inf", "1e39", "-999", "-999.5"), "a")
    assert parsed.values.to_list() == [1, None, None, None, None, None, -999.5]
    assert faulty(parsed) == {
        "missing": [1, 5],
        "not_number": [2],
        "not_finite": [3],
        "too_large": [4],
    }


def test_true_and_false_are_numbers_where_they_are_meant():
    block = block_of("true", "FALSE", "1", "maybe")
    assert parse_booleans(block, "a").values.to_list() == [1, 0, 1, None]
    assert faulty(parse_booleans(block, "a")) == {"not_number": [3]}
    assert faulty(parse_numbers(block, "a")) == {"not_number": [0, 1, 3]}


def test_other_numbers_are_neither_true_nor_false():
    parsed = parse_booleans(block_of("yes", "N", "2", "0", "0.5", "1.0"), "a")
    assert parsed.values.to_list() == [1, 0, None, 0, None, 1]
    assert faulty(parsed) == {"not_number": [2, 4]}
    assert faulty(parse_booleans(block_of("1", "2"), "a")) == {"not_number": [1]}


def test_dates_of_another_format_are_faulty():
    parsed = parse_dates(block_of("2020-01-31", "", "1/31/2020"), "a", "%Y-%m-%d")
    assert parsed.values.is_null().to_list() == [False, True, True]
    assert faulty(parsed) == {"missing": [1], "other_format": [2]}


def test_a_missing_cell_is_a_category_where_training_had_one():
    block = block_of("York", "", "Hull")
    assert encode_categories(block, "a", ["York", None]).values.to_list() == [0, 1, None]
    assert faulty(encode_categories(block, "a", ["York"]))["unseen_category"] == [1, 2]


def test_labels_have_codes_however_they_are_spelt():
    parsed = encode_labels(block_of("Yes", "no", "maybe", ""), "a", {"no": 0, "yes": 1})
    assert parsed.values.to_list() == [1, 0, None, None]
    assert faulty(parsed) == {"missing": [3], "unknown_label": [2]}


@pytest.mark.parametrize(
    ("keys", "positives", "expected"),
    [
        (["10.0", "9.0"], [], ["9.0", "10.0"]),
        (["10.0", "9.0", "x"], [], ["10.0", "9.0", "x"]),
        (["no", "yes"], ["No"], ["yes", "no"]),
        (["0.0", "1.0"], ["0", "hit"], ["1.0", "0.0"]),
    ],
    ids=["numbers by value", "text by letters", "positive last", "a number that is positive"],
)
def test_labels_are_in_order_and_the_positive_one_is_the_last(keys, positives, expected):
    assert order_keys(keys, positives) == expected


def test_to_read_a_column_twice_counts_nothing_twice():
    block = block_of("1", "x", "")
    first, second = parse_numbers(block, "a"), parse_numbers(block, "a")
    assert first.values.equals(second.values)
    assert faulty(first) == faulty(second)
    faults = ColumnFaults("a").record(block, first)
    assert (faults.rows, faults.present, faults["not_number"].count) == (3, 2, 1)


def test_faults_of_two_blocks_are_one_message_and_the_first_ledger_is_as_it_was():
    block, other = block_of("1", "", "2"), block_of("", "3")
    one = ColumnFaults("a").record(block, parse_numbers(block, "a"))
    two = one.record(other, parse_numbers(other, "a"))
    assert one.messages({"missing": MISSING}) == [f"t.csv:3: column 'a': {MISSING}"]
    message = f"t.csv:3: column 'a': {MISSING} (2 such cells: lines 3, 2)"
    assert two.messages({"missing": MISSING}) == [message]


@pytest.mark.parametrize("rows", [(0, 2), (1, 2), (2, 9)], ids=["head", "middle", "tail"])
def test_a_slice_of_a_typed_file_has_its_own_cells_and_places(rows):
    file = io.BytesIO()
    pl.DataFrame({"a": [1.5, None, 2.5, -1.0]}).write_parquet(file)
    (block,) = open_table(file.getvalue(), NULLS, "t").blocks()
    part = block.slice(*rows)
    expected = [1.5, None, 2.5, -1.0][rows[0] : rows[0] + rows[1]]
    assert part.cells("a").to_list() == part.frame["a"].to_list() == expected
    assert part.texts("a").is_null().to_list() == [number is None for number in expected]
    assert part.places([0, 1]) == [f"row {rows[0] + 1}", f"row {rows[0] + 2}"]
