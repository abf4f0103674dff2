"""`nnrun init`: the config that it writes fits the table, and trains to the end."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.marks import usual

from nnrun.checks.registry import Finding, lint
from nnrun.config.loading import load_config
from nnrun.config.schema import Config
from nnrun.features.loading import load_dataset
from nnrun.files import write_text
from nnrun.reporting.starter_config import write_config

ROWS = 40
NUMBERS = np.random.default_rng(0).normal(size=ROWS).round(3)
EVEN = [i % 2 for i in range(ROWS)]


def cycle(*cells: Any) -> list[Any]:
    """Return the cells over and over, one for each row."""
    return [cells[i % len(cells)] for i in range(ROWS)]


def table(target: Any = None, **columns: Any) -> pl.DataFrame:
    """Return a table of a good number `x`, the columns given, and the target `y`."""
    y = cycle(0, 1) if target is None else target
    return pl.DataFrame({"x": NUMBERS, **columns, "y": y}, strict=False)


@pytest.fixture
def written(project) -> Callable[..., Any]:
    """Write a table and the config that init makes of it, and load that."""

    def call(frame: pl.DataFrame, target: str = "y", name: str = "odd.csv") -> Any:
        project.table(frame, name)
        path = project.folder / "init.yaml"
        write_text(path, write_config(project.folder / name, target, project.folder))
        return load_config(path)

    return call


TARGETS: dict[str, tuple[list[Any], str, str, int]] = {
    "0 and 1": (cycle(0, 1), "BinaryCrossentropy", "sigmoid", 1),
    "true and false": (cycle("true", "false"), "BinaryCrossentropy", "sigmoid", 1),
    "Yes and No": (cycle("Yes", "No"), "BinaryCrossentropy", "sigmoid", 1),
    "two words": (cycle("cat", "dog"), "BinaryCrossentropy", "sigmoid", 1),
    "two numbers": (cycle(1.5, 2.5), "BinaryCrossentropy", "sigmoid", 1),
    "three words": (cycle("cat", "dog", "cow"), "SparseCategoricalCrossentropy", "softmax", 3),
    "whole numbers from 0 on": (cycle(*range(10)), "SparseCategoricalCrossentropy", "softmax", 10),
    "whole numbers from 1 on": (cycle(1, 2, 3), "SparseCategoricalCrossentropy", "softmax", 3),
    "whole numbers from 2 on": (cycle(2, 3, 4), "MeanSquaredError", "linear", 1),
    "whole numbers with a gap": (cycle(0, 1, 3), "MeanSquaredError", "softplus", 1),
    "more whole numbers than classes": (list(range(ROWS)), "MeanSquaredError", "softplus", 1),
    "numbers that are never negative": (list(abs(NUMBERS)), "MeanSquaredError", "softplus", 1),
    "numbers that begin near 0": (cycle(0.4, 1, 2, 3), "MeanSquaredError", "softplus", 1),
    "numbers that are clear of 0": (list(600 + NUMBERS), "MeanSquaredError", "linear", 1),
    "any numbers": (list(NUMBERS), "MeanSquaredError", "linear", 1),
}


@pytest.mark.parametrize(
    ("cells", "loss", "activation", "units"), TARGETS.values(), ids=TARGETS.keys()
)
def test_the_last_layer_and_the_loss_follow_the_target(written, cells, loss, activation, units):
    config = written(table(cells))
    assert config.loss["name"] == loss
    assert (config.layers[-1]["activation"], config.layers[-1]["units"]) == (activation, units)


@pytest.mark.parametrize(
    ("cells", "positive"),
    [
        (["cat"] * 30 + ["dog"] * 10, "dog"),
        (["no"] * 10 + ["maybe"] * 30, "no"),
        ([1] * 30 + [2] * 10, "2"),
        (["0"] * 10 + ["1"] * 30, None),
        (["TRUE"] * 10 + ["FALSE"] * 30, None),
    ],
)
def test_probabilities_are_of_the_rarer_label_where_the_labels_do_not_tell(
    written, cells, positive
):
    assert written(table(cells)).data.positive == positive


@pytest.mark.parametrize(
    ("name", "cells", "why"),
    [
        ("id", list(range(0, 20 * ROWS, 20))[::-1], "an identifier"),
        ("customer_id", list(range(0, 3 * ROWS, 3))[::-1], "an identifier"),
        ("Unnamed: 0", cycle(5, 2), "an identifier"),
        ("line", list(range(5, ROWS + 5)), "an identifier"),
        ("key", [f"k{i}" for i in range(ROWS)], "nearly all of it distinct, as identifiers are"),
        ("unit", ["kg"] * ROWS, "is always the same"),
        ("version", [3] * ROWS, "is always the same"),
        ("nothing", [None] * ROWS, "has no value"),
    ],
)
def test_columns_that_tell_nothing_are_dropped_and_the_config_says_why(
    project, written, name, cells, why
):
    config = written(table(**{name: cells}))
    assert config.data.drop == [name]
    comments = [
        line
        for line in (project.folder / "init.yaml").read_text().splitlines()
        if line.startswith("  # ")
    ]
    assert len(comments) == 1
    assert comments[0].startswith(f"  # {name!r} ")
    assert why in comments[0]


def test_text_of_many_categories_is_kept(written):
    frame = pl.concat([table(town=[f"town {i + n}" for i in range(ROWS)]) for n in (0, 0, 20, 20)])
    assert written(frame).data.drop == []


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("paid", cycle(0.5, 1.5)),  # ends in id, and is not an identifier
        ("id", [n + 0.5 for n in range(ROWS)][::-1]),  # measured, by its fractions
        ("index_of_mass", list(NUMBERS)),
        ("colour", cycle("red", "green")),
        ("fresh", cycle("True", "False")),
    ],
)
def test_columns_that_may_tell_something_are_kept(written, name, cells):
    assert written(table(**{name: cells})).data.drop == []


@pytest.mark.parametrize(
    ("columns", "missing", "dates"),
    [
        ({}, "error", "error"),
        ({"a": cycle(1.5, None, 3.2)}, "mean", "error"),
        ({"a": cycle("red", "NA", "green")}, "mean", "error"),
        ({"a": cycle("2020-01-31", "2021-05-06", "2020-07-08")}, "error", "expand"),
        ({"a": cycle("2020-01-31 10:00", None, "2020-07-08 12:30")}, "mean", "expand"),
        ({"a": [None] * ROWS}, "error", "error"),  # it is dropped: no gap is left
    ],
)
def test_gaps_and_dates_get_the_keys_that_they_need(written, columns, missing, dates):
    config = written(table(**columns))
    assert (config.data.missing, config.data.dates) == (missing, dates)


def test_rows_without_a_target_are_left_out(written):
    config = written(table(cycle(0, 1, 1, None)))
    assert config.data.missing == "mean"
    assert load_dataset(config).train.dropped == 10


NAMES = [
    "a b", "a: b", "# a", "a #b", "- a", "[a]", "{a}", "a, b", "'a'", 'say "a"', "*a", "&a", "!a", "|", ">", "%a",
    "@a", "`a`", "?", "a\\b", "~", "null", "Null", "true", "FALSE", "yes", "No", "on", "1", "1.0", "1e3", "0x10",
    ".inf", "nan", "größe", "価格", "😀", "a\tb", "line\nbreak", "next\u0085line", "separator\u2028here",
    "bell\x07", "del\x7f", "=a", "__x", "2012-01-01",
]  # fmt: skip


def errors_of(config: Config) -> list[Finding]:
    return [finding for finding in lint(load_dataset(config)) if finding.level == "error"]


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_name_of_the_target_is_quoted(written, name):
    config = written(pl.DataFrame({"x": NUMBERS, name: cycle(0, 1)}), name)
    assert config.data.target == [name]
    assert errors_of(config) == []


def test_odd_names_of_columns_that_are_left_out_are_quoted(written):
    constant = dict.fromkeys(NAMES, [1] * ROWS)
    config = written(pl.DataFrame({"x": NUMBERS, **constant, "y": EVEN}), "y")
    assert config.data.drop == NAMES
    assert errors_of(config) == []


@pytest.mark.parametrize("name", NAMES)
def test_an_odd_name_of_a_column_with_gaps_is_told_in_a_comment(written, name):
    config = written(pl.DataFrame({"x": NUMBERS, name: cycle(1.5, None, 0.5), "y": EVEN}), "y")
    assert (config.data.missing, config.data.drop) == ("mean", [])
    assert errors_of(config) == []


@pytest.mark.parametrize(
    "name",
    [
        "a b.csv",
        "it's.csv",
        'a"b.csv',
        "#1.csv",
        "a: b.csv",
        "[1].csv",
        "*.csv",
        "größe.csv",
        "😀.csv",
        "-",
        "1",
    ],
)
def test_odd_file_names_are_quoted(written, name):
    config = written(table(), name=name)
    assert Path(config.data.train).name == name
    assert len(load_dataset(config).train.x) == 32


@pytest.mark.parametrize(
    ("data", "output", "train"),
    [
        ("odd.csv", "new.yaml", "odd.csv"),
        ("odd.csv", "configs/new.yaml", "../odd.csv"),
        ("tables/odd.csv", "configs/new.yaml", "../tables/odd.csv"),
        ("{folder}/tables/odd.csv", "new.yaml", "tables/odd.csv"),
        ("tables/odd.csv", "{folder}/configs/new.yaml", "../tables/odd.csv"),
    ],
)
def test_the_tables_path_is_relative_to_the_config(project, nnrun, data, output, train):
    for folder in ("tables", "configs"):
        (project.folder / folder).mkdir()
    data, output = (text.format(folder=project.folder) for text in (data, output))
    project.table(table(), data)
    said = f"saved in {output}\nnext: nnrun train {shlex.quote(output)}\n"
    assert nnrun("init", data, "--target", "y", "-o", output)[:2] == (0, said)
    text = Path(output).read_text()
    assert f"  train: {train!r}".replace("'", '"') in text
    assert nnrun("check", output).code == 0


def test_without_o_the_config_goes_to_stdout(project, nnrun):
    project.table(table(), "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "y")
    assert done.code == 0
    project.write("new.yaml", done.out)
    assert nnrun("check", "new.yaml").code == 0


def test_a_table_in_parts_is_named_by_its_pattern(project, nnrun):
    for i, part in enumerate(table().iter_slices(20)):
        project.table(part, f"part-{i}.csv")
    assert nnrun("init", "part-*.csv", "--target", "y", "-o", "new.yaml").code == 0
    config = load_config(project.folder / "new.yaml")
    assert config.data.train.endswith("part-*.csv")
    assert len(load_dataset(config).train.x) == 32


TABLES: dict[str, pl.DataFrame] = {
    "two labels": table(),
    "two labels, one of a single row": table(["a"] * (ROWS - 1) + ["b"]),
    "several labels": table(cycle("cat", "dog", "cow")),
    "several labels, one of a single row": table(["a", "b"] * 19 + ["c", "a"]),
    "a label for every other row": table(cycle(*(f"l{i}" for i in range(15)))),
    "a label for every row, as numbers": table(cycle(*range(20)))[:20],
    "labels with gaps": table(cycle("a", "b", None, "c")),
    "numbers with gaps": table(cycle(1.5, 2.5, None, -3.5)),
    "numbers, huge": table(list(NUMBERS * 1e7 + 1e8)),
    "numbers, tiny": table(list(NUMBERS * 1e-9)),
    "counts": table(cycle(0, 0, 0, 0, 7, 100)),
    "gaps in every kind of column": table(
        n=cycle(1.5, None, 3.2),
        t=cycle("a", "b", None),
        d=cycle("2020-01-31", None, "2020-07-08"),
        b=cycle(True, None, False),
    ),
    "a column with one value and gaps": table(n=cycle(1.5, None), t=cycle("a", None)),
    "true and false as an input": table(b=cycle("true", "false", "true")),
    "times": table(t=cycle("10:00", "12:30", "23:59")),
    "a wide table": table(**{f"c{i}": np.roll(NUMBERS, i) for i in range(60)}),
    "cells with spaces": pl.DataFrame({"x": [f" {n} " for n in NUMBERS], "y": cycle(" a", "b ")}),
    "cells with quotes, commas and lines": table(t=cycle('a "b"', "c, d", "e\nf")),
    "an infinite cell": table(n=["inf", *NUMBERS[1:]]),
    "a cell beyond float32": table(n=["1e39", *NUMBERS[1:]]),
    "ten rows": table()[:10],
    "five rows": table(list(NUMBERS))[:5],
}  # fmt: skip


@pytest.mark.parametrize("frame", TABLES.values(), ids=TABLES.keys())
def test_the_config_has_no_mistake(written, frame):
    assert [
        str(finding) for finding in lint(load_dataset(written(frame))) if finding.level == "error"
    ] == []


TRAINED = (
    "gaps in every kind of column",
    "five rows",
)


@pytest.mark.slow
@pytest.mark.parametrize("frame", usual(TABLES, *TRAINED))
def test_the_config_trains_to_the_end(project, nnrun, frame):
    project.table(frame, "odd.csv")
    said = "saved in new.yaml\nnext: nnrun train new.yaml\n"
    assert nnrun("init", "odd.csv", "--target", "y", "-o", "new.yaml")[:2] == (0, said)
    assert nnrun("train", "new.yaml", "-o", "run", "-q", "--set", "epochs=3") == (0, "", "")
    assert len(pl.read_csv(nnrun("predict", "run", "odd.csv").out.encode())) == len(frame)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (table([1] * ROWS), "column 'y' cannot be the target: '1' in every row"),
        (table([None] * ROWS), "column 'y' cannot be the target: no value in every row"),
        (table(cycle(*(f"2020-01-{i:02}" for i in range(1, 20)))), "column 'y' cannot be the target: it holds dates"),
        (table(cycle(*(f"l{i}" for i in range(18)))), "column 'y' cannot be the target: it has few rows of each label"),
        (table([f"name {i}" for i in range(ROWS)]), "column 'y' cannot be the target: it holds text"),
        (pl.concat([table([f"t{i + n}" for i in range(ROWS)]) for n in (0, 0, 40)]), "it has more than 50 labels"),
        (pl.DataFrame({"y": EVEN}), "odd.csv: no column is left to be an input"),
        (pl.DataFrame({"k": [1] * ROWS, "y": EVEN}), "no column is left to be an input: 'k' is always the same"),
        (table().rename({"y": "Y"}), "odd.csv: 'y' is not a column; did you mean 'Y'?"),
        (table().rename({"y": "label"}), "odd.csv: 'y' is not a column; it has 'x', 'label'"),
        (table(["1.2.3", *NUMBERS[1:]]), "odd.csv:2: column 'y': '1.2.3' is not a number"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_trained_on_is_refused(project, nnrun, frame, message):
    project.table(frame, "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "y", "-o", "new.yaml")
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err
    assert not (project.folder / "new.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nope.csv", "--target", "y"], "nope.csv: there is no such file"),
        ([".", "--target", "y"], "is a folder"),
        (["empty.csv", "--target", "y"], "empty.csv: the file is empty"),
        (["header.csv", "--target", "y"], "header.csv: there is only a header"),
        (["ragged.csv", "--target", "y"], "ragged.csv:3: 1 cell, but the header has 2"),
        (["odd.csv"], "Missing option '--target'"),
        (
            ["odd.csv", "--target", "y", "-o", "nope/new.yaml"],
            "must be in a folder that exists; make nope first",
        ),
        (["odd.csv", "--target", "y", "-o", "."], "exists; choose another name"),
        (["odd.csv", "--target", "y", "-o", "odd.csv"], "would replace DATA itself"),
    ],
)
def test_wrong_arguments_are_refused(project, nnrun, arguments, message):
    for name, text in {
        "empty.csv": "",
        "header.csv": "x,y\n",
        "ragged.csv": "x,y\n1,2\n3\n",
    }.items():
        project.table(text, name)
    before = project.table(table(), "odd.csv").read_bytes()
    done = nnrun("init", *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert "Traceback" not in done.err
    assert (project.folder / "odd.csv").read_bytes() == before


def test_a_config_that_stands_there_is_not_overwritten(project, nnrun):
    project.table(table(), "odd.csv")
    project.write("mine.yaml", "mine")
    done = nnrun("init", "odd.csv", "--target", "y", "-o", "mine.yaml")
    assert done.code == 2
    assert "mine.yaml: exists" in done.err
    assert (project.folder / "mine.yaml").read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_file_name_of_two_lines_leaves_the_config_whole(project, nnrun):
    project.table(table(), "two\nlines.csv")
    said = "saved in new.yaml\nnext: nnrun train new.yaml\n"
    done = nnrun("init", "two\nlines.csv", "--target", "y", "-o", "new.yaml")
    assert (done.code, done.out) == (0, said)
    assert nnrun("check", "new.yaml").code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_file_name_that_is_not_utf8_is_refused(project, nnrun):
    name = os.fsdecode(b"latin-\xe9.csv")
    project.table(table(), name)
    done = nnrun("init", name, "--target", "y", "-o", "new.yaml")
    assert done.code == 2
    assert "the name is not UTF-8, as a config is; rename the file" in done.err


def test_the_positive_label_is_the_rarer_one_however_it_is_spelt(project):
    labels = ["5"] * 60 + ["5.0"] * 2 + ["7"] * 38
    project.table(
        pl.DataFrame({"x": list(range(100)), "y": labels}).with_columns(x=pl.col("x") * 7 % 13),
        "odd.csv",
    )
    text = write_config(project.folder / "odd.csv", "y", project.folder)
    assert 'positive: "7"' in text


def test_a_cell_that_is_no_date_counts_as_missing(project, nnrun):
    days = [f"2024-01-{1 + row % 28:02}" for row in range(40)]
    days[7] = "unknown"
    lines = [f"{day},{row},{row % 2}" for row, day in enumerate(days)]
    project.table("\n".join(["day,size,label", *lines]), "days.csv")
    assert nnrun("init", "days.csv", "--target", "label", "-o", "days.yaml").code == 0
    config = (project.folder / "days.yaml").read_text()
    assert '"unknown"' in config or ", unknown" in config
    checked = nnrun("check", "days.yaml")
    assert (checked.code, "day" in checked.out) == (0, True)
