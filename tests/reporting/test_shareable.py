"""Text for others: folders of the machine go, everything else stays."""

import pytest

from nnrun.reporting.shareable import without_folders


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ada/tables/a.csv: is not", "a.csv: is not"),
        ("--xla_dump_to=/home/ada/dump", "--xla_dump_to=dump"),
        ("C:\\Users\\ada\\a.csv", "a.csv"),
        ("~/tables/a.csv", "a.csv"),
        ("configs/a.csv", "configs/a.csv"),
        ("1/2 of 3/4", "1/2 of 3/4"),
        ("a / b / c", "a / b / c"),
    ],
    ids=["a message", "a flag", "Windows", "a home", "a relative path", "fractions", "divisions"],
)
def test_folders_of_absolute_paths_are_left_out(text, expected):
    assert without_folders(text) == expected


def test_folders_with_spaces_are_left_out_where_they_are_known():
    text = "/home/ada/my tables/a b.csv: is not there"
    assert without_folders(text, "/home/ada/my tables") == "a b.csv: is not there"
