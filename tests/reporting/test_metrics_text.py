"""Numbers and matrices as a terminal shows them: few digits, none broken, at most 80 columns."""

import numpy as np
import pytest

from nnrun.reporting.metrics_text import confusion_lines, wrapped
from nnrun.wording import short_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.123456, "0.1235"),
        (26680.7, "26681"),
        (1234567.0, "1234567"),
        (8.24e-06, "8.24e-06"),
        (1.0, "1"),
        (0.99998, "0.99998"),
        (-0.999999, "-0.999999"),
        (float("nan"), "nan"),
        (2e20, "2e+20"),
    ],
)
def test_numbers_have_four_digits_or_those_of_their_whole_part(value, text):
    assert short_number(value) == text


def test_a_confusion_matrix_of_ten_labels_fits_80_columns():
    labels = [f"label {number}" for number in range(10)]
    matrix = np.full((10, 10), 1234)
    assert all(len(line) <= 80 for line in confusion_lines([*map(str, range(10))], matrix.tolist()))
    lines = confusion_lines(labels, (matrix - np.eye(10, dtype=int) * 34).tolist())
    assert all(len(line) <= 80 for line in lines)
    assert "'label 0' as 'label 1': 1,234 rows, 10.0% of the label" in lines[1]
    assert lines[-1].strip() == "and 80 pairs more"


def test_a_matrix_has_a_line_for_each_actual_label():
    lines = confusion_lines(["no", "yes"], [[90, 5], [0, 123]])
    assert [line.split() for line in lines[1:]] == [
        ["no", "yes"],
        ["no", "90", "5"],
        ["yes", "0", "123"],
    ]
    assert len({len(line) for line in lines[1:]}) == 1


def test_a_wide_matrix_without_mistakes_says_so():
    labels = ["a long name of a label " * 2] * 3
    assert confusion_lines(labels, np.eye(3, dtype=int).tolist()) == [
        "no label is taken for another"
    ]


@pytest.mark.parametrize("width", [20, 31, 80])
def test_no_number_is_broken_across_lines(width):
    text = ", ".join(f"metric_{number} {1.2345 * number:.4g}" for number in range(30))
    lines = wrapped(text, width).split("\n")
    assert all(len(line) <= width for line in lines)
    assert " ".join(line.strip() for line in lines) == text


def test_a_table_that_fits_and_what_no_terminal_reads_stay_as_they_are():
    table = "a     b\n      c  1"
    assert wrapped(table, 80) == table
    assert wrapped("x " * 100, None) == "x " * 100
