"""Tables of very many columns, or with very long names."""

import time

import pytest

from nnrun.features.encoding_size import encoding_text, least_size
from nnrun.features.loading import load_dataset
from nnrun.features.selection import choose_features
from nnrun.tables.missing_columns import missing_columns
from nnrun.tables.table import open_table
from nnrun.wording import joined, listed


def wide(columns: int) -> bytes:
    names = [f"c{number}" for number in range(columns)]
    rows = ["1" + ",2" * columns] * 3
    return "\n".join([",".join([*names, "label"]), *rows, ""]).encode()


def test_more_columns_than_an_encoding_holds_are_refused_before_the_rows_are_read(
    project, problems
):
    table = project.table(wide(60_000))
    config = project.load()
    table.write_bytes(table.read_bytes() + b"these,are,no,rows\n")
    [line] = problems(load_dataset, config)
    assert "data: encoding.json would be larger than the 16 MiB that it may have" in line
    assert line.endswith("drop some; received 60,000 columns")


def test_the_least_size_is_no_larger_than_the_size(project):
    encoder = project.dataset().encoder
    names = [feature.name for feature in encoder.features]
    assert 0.7 < least_size(names) / len(encoding_text(encoder)) < 1
    assert least_size(["x" * 1_000_000]) > 1_000_000


@pytest.mark.parametrize("find", ["features", "required", "missing"])
def test_the_time_to_find_columns_is_linear(project, find):
    config = project.load()
    table = open_table(wide(40_000), [""], "t")
    others = [f"d{number}" for number in range(40_000)]
    began_at = time.process_time()
    if find == "features":
        choose_features(config, table)
    elif find == "required":
        table.require(table.columns)
    else:
        missing_columns(others, table.columns)
    assert time.process_time() - began_at < 2  # it was a minute


def test_names_in_lists_are_no_longer_than_a_line():
    names = ["a", "b" * 16_000_000, "c"]
    assert listed(names, 2).startswith("'a', 'bbb")
    assert joined(names, 2).endswith("bbb..., ... (3 in all)")
    assert max(len(listed(names, 3)), len(joined(names, 3))) < 200
