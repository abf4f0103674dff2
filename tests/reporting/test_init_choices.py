"""What `nnrun init` makes of a table's columns, and that it tells it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from nnrun.checks.registry import lint
from nnrun.config.loading import load_config
from nnrun.features.loading import load_dataset
from nnrun.files import write_text
from nnrun.reporting.starter_config import StarterConfig, start_config
from nnrun.reporting.starter_survey import NULL_VALUES

ROWS = 200
NUMBERS = np.random.default_rng(1).normal(size=ROWS).round(3)
OTHERS = np.random.default_rng(2).normal(size=ROWS).round(3)


def cycle(*cells: Any, rows: int = ROWS) -> list[Any]:
    """Return the cells over and over, one for each row."""
    return [cells[i % len(cells)] for i in range(rows)]


def table(target: Any = None, **columns: Any) -> pl.DataFrame:
    """Return a table of a good number `x`, the columns given, and the target `y`."""
    y = cycle("a", "b", "b") if target is None else target
    return pl.DataFrame({"x": NUMBERS, **columns, "y": y}, strict=False)


@pytest.fixture
def started(project) -> Callable[..., StarterConfig]:
    """Write a table, and give what init makes of it; its config is `new.yaml`."""

    def call(frame: pl.DataFrame | str, task: Any = None) -> StarterConfig:
        project.table(frame, "odd.csv")
        config = start_config(project.folder / "odd.csv", "y", project.folder, task)
        write_text(project.folder / "new.yaml", config.text)
        return config

    return call


@pytest.fixture
def written(project, started) -> Callable[..., Any]:
    """Write a table and the config that init makes of it, and load that."""

    def call(frame: pl.DataFrame | str, task: Any = None) -> Any:
        started(frame, task)
        return load_config(project.folder / "new.yaml")

    return call


def findings(config: Any) -> list[str]:
    return [finding.code for finding in lint(load_dataset(config))]


def test_stderr_tells_what_was_made_of_each_column(project, nnrun):
    rare = ["red"] * 120 + ["green"] * 70 + ["blue"] * 10
    frame = table(
        id=list(range(7, ROWS + 7)),
        key=[f"k{i}" for i in range(ROWS)],
        colour=cycle(*rare),
        day=cycle("2020-01-31", "2021-05-06", "2021-05-07", None),
        won=cycle(True, False, False, True, False),
        same=["kg"] * ROWS,
    )
    project.table(frame, "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "y", "-o", "new.yaml")
    assert done.code == 0
    lines = [line.split("  ") for line in done.err.splitlines()]
    cells = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert cells == [
        ["column", "kind", "what was made of it", "missing"],
        ["x", "number", "number", "-"],
        ["id", "number", "dropped: named like an identifier", "-"],
        ["key", "text", "dropped: nearly all distinct", "-"],
        ["colour", "text", "3 categories", "-"],
        ["day", "date", "date", "25.0 %"],
        ["won", "true or false", "true or false", "-"],
        ["same", "text", "dropped: always the same", "-"],
        ["y", "target", "target: two labels", "-"],
    ]


def test_quiet_init_tells_nothing_on_stderr(project, nnrun):
    project.table(table(), "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "y", "-q")
    assert (done.code, done.err) == (0, "")


def test_names_of_columns_cannot_command_the_terminal(project, nnrun):
    project.table(table(**{"a\x1b[31mb [red]": OTHERS}), "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "y")
    assert "a\\x1b[31mb [red]" in done.err
    assert "\x1b" not in done.err


def test_without_a_target_the_columns_are_listed_and_none_is_guessed(project, nnrun):
    project.table(table(colour=cycle("red", "green")), "odd.csv")
    done = nnrun("init", "odd.csv", "-o", "new.yaml")
    assert (done.code, done.out) == (2, "")
    for line in ("x       number", "colour  text    'red', 'green'", "y       text    'a', 'b'"):
        assert line in done.err
    assert "say which of these columns to predict" in done.err
    assert not (project.folder / "new.yaml").exists()


def test_a_column_that_is_filled_only_beside_missing_targets_is_dropped(written):
    y = ["a", "b"] * 90 + [None] * 20
    config = written(table(y, late=[None] * 180 + [1.5] * 20, once=["kg"] * 180 + ["lb"] * 20))
    assert config.data.drop == ["late", "once"]
    assert findings(config) == ["dropped-rows"]


@pytest.mark.parametrize("mark", ["12 kg", "inf", "1e39", "unknown", "-"])
def test_a_few_cells_that_are_no_numbers_count_as_missing(started, written, mark):
    frame = table(size=[mark, mark, *OTHERS[2:]])
    made = [column.made for column in started(frame).columns]
    assert made[1] == f"number, missing where {mark!r}"
    config = written(frame)
    assert config.data.drop == []
    assert config.data.null_values == [*NULL_VALUES, mark]
    assert config.data.missing == "mean"
    assert findings(config) == []


def test_a_mark_that_is_a_label_of_the_target_is_no_missing_cell(written):
    config = written(table(cycle("unknown", "b", "c"), size=["unknown", *OTHERS[1:]]))
    assert config.data.drop == ["size"]
    assert len(load_dataset(config).encoder.labels) == 3


@pytest.mark.parametrize(
    ("word", "rows", "is_label"), [("None", 80, True), ("NA", 80, True), ("None", 8, False)]
)
def test_a_frequent_word_that_looks_missing_is_a_label_of_the_target(written, word, rows, is_label):
    illness = [word] * rows + cycle("insomnia", "apnea", rows=ROWS - rows)
    config = written(table(illness))
    labels = load_dataset(config).encoder.labels
    assert (word in labels) is is_label
    if is_label:
        assert config.data.null_values == [""]


def test_marks_of_other_columns_still_count_as_missing_beside_such_a_label(written):
    gaps = ["NA", "?", *OTHERS[2:]]
    config = written(table(cycle("None", "b", "c"), size=gaps))
    assert config.data.null_values == ["", "NA", "?"]
    assert load_dataset(config).encoder.labels == ["None", "b", "c"]


@pytest.mark.parametrize(
    ("copy", "why"),
    [
        (cycle("a", "b", "b"), "equals the target 'y'"),
        (cycle(1, 7, 7), "determines 'y'"),
        (cycle("yes", "no", "no"), "determines 'y'"),
    ],
)
def test_a_column_that_tells_the_target_exactly_is_dropped(started, copy, why):
    config = started(table(copy=copy))
    reasons = {column.name: column.drop_reason for column in config.columns}
    assert why in reasons["copy"]
    assert reasons["x"] is None


def test_numbers_that_rise_with_the_target_throughout_are_dropped(written):
    assert written(table(list(OTHERS), cents=list(OTHERS * 100))).data.drop == ["cents"]


def test_numbers_that_are_all_distinct_do_not_tell_a_distinct_target(written):
    assert written(table(list(OTHERS + np.arange(ROWS) * 1e-7))).data.drop == []


def test_codes_of_many_rows_each_are_categories_and_others_identifiers(written):
    frame = table(
        station_id=cycle(*range(100, 120)),
        user_id=list(range(0, 7 * ROWS, 7))[::-1],
        zip=cycle("01221", "98115", "60601", "02139"),
    )
    config = written(frame)
    assert config.data.categorical == ["station_id", "zip"]
    assert config.data.drop == ["user_id"]
    assert "station_id is 100" in load_dataset(config).encoder.input_names


def test_text_that_begins_with_digits_is_told_as_such(started, written):
    frame = table(weight=cycle("7 kg", "12 kg", "30 kg", "31 kg"))
    made = [column.made for column in started(frame).columns]
    assert made[1] == "4 categories: text that begins with digits"
    config = written(frame)
    assert config.data.categorical == ["weight"]
    assert findings(config) == []


def test_codes_may_be_a_target_of_numbers(project, nnrun):
    frame = table().with_columns(station_id=pl.Series(cycle(3, 5, 9, 12)))
    project.table(frame, "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "station_id", "--task", "regression")
    assert (done.code, "MeanSquaredError" in done.out) == (0, True)


@pytest.mark.parametrize(("others", "is_dropped"), [(1, True), (2, False), (5, False)])
def test_a_column_that_may_be_constant_where_it_trains_is_dropped(written, others, is_dropped):
    config = written(table(unit=["lb"] * others + ["kg"] * (ROWS - others)))
    assert config.data.drop == (["unit"] if is_dropped else [])


def test_numbers_that_float32_cannot_standardise_are_dropped(written):
    config = written(table(when=list(1.7e12 + OTHERS), tiny=list(OTHERS * 1e-9)))
    assert config.data.drop == ["when", "tiny"]
    assert findings(config) == []


VISITS = [0] * 160 + [1] * 20 + [2] * 8 + [3] * 4 + [4] * 3 + [5] + [6] + [7] + [8] + [9]


@pytest.mark.parametrize(
    ("cells", "task", "loss"),
    [
        (VISITS, None, "MeanSquaredError"),
        (VISITS, "classes", "SparseCategoricalCrossentropy"),
        (cycle(0, 1, 2), None, "SparseCategoricalCrossentropy"),
        (cycle(*[0] * 12, *range(1, 9)), None, "MeanSquaredError"),
        (cycle(0, 1, 2), "regression", "MeanSquaredError"),
        (cycle(0, 1), None, "BinaryCrossentropy"),
        (cycle(0, 1), "regression", "MeanSquaredError"),
        (cycle(0, 1), "classes", "SparseCategoricalCrossentropy"),
        (cycle(3, 4, 5), "classes", "SparseCategoricalCrossentropy"),
        (cycle("cat", "dog"), "binary", "BinaryCrossentropy"),
    ],
)
def test_the_task_overrides_what_the_target_looks_like(written, cells, task, loss):
    config = written(table(cells), task)
    assert config.loss["name"] == loss
    assert not [code for code in findings(config) if code != "imbalance"]


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        (cycle("cat", "dog"), "regression", "--task regression needs numbers; received 'cat'"),
        (cycle(1, 2, 3), "binary", "--task binary needs two labels; received '1', '2', '3'"),
        (list(NUMBERS), "classes", "it has few rows of each label"),
        (list(OTHERS * 1e30), "regression", "too much for float32"),
    ],
)
def test_a_task_that_the_target_does_not_fit_is_told_why(project, nnrun, cells, task, message):
    project.table(table(cells, z=OTHERS[::-1]), "odd.csv")
    done = nnrun("init", "odd.csv", "--target", "y", "--task", task)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_counts_are_predicted_by_an_output_that_is_never_negative(written):
    config = written(table(VISITS))
    assert (config.layers[-1]["activation"], config.layers[-1]["units"]) == ("relu", 1)


@pytest.mark.parametrize("cells", [VISITS, cycle(0, 1, 2)], ids=["counts", "classes"])
def test_the_lines_for_the_other_reading_of_whole_numbers_can_be_swapped_in(
    project, written, cells
):
    first = written(table(cells))
    lines = (project.folder / "new.yaml").read_text().splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("# To predict"))
    layer, loss = (line.removeprefix("# ") for line in lines[at + 1 : at + 3])
    lines[at - 2 : at + 3] = [layer, loss]
    project.write("swapped.yaml", "\n".join(lines))
    second = load_config(project.folder / "swapped.yaml")
    assert {first.loss["name"], second.loss["name"]} == {
        "MeanSquaredError",
        "SparseCategoricalCrossentropy",
    }
    assert not [finding for finding in lint(load_dataset(second)) if finding.level == "error"]


def test_rare_labels_are_told_in_one_line(project, written):
    written(table(["a"] * 180 + ["b", "c", "d", "e", "f"] * 4))
    text = (project.folder / "new.yaml").read_text()
    assert text.count("# Few of 200 rows are 'b', 'c', 'd', ... (5 in all): accuracy") == 1
    assert text.count("class_weight: balanced") == 1


EITHER = ("1/5/24", "3/4/24", "11/12/24")
DAY_FIRST = ("21/5/24", "3/4/24", "11/12/24")
MONTH_FIRST = ("5/21/24", "4/3/24", "12/11/24")


@pytest.mark.parametrize(
    ("others", "day_first"),
    [((), False), (DAY_FIRST, True), (MONTH_FIRST, False)],
    ids=["no other dates", "others have the day first", "others have the month first"],
)
def test_dates_that_fit_both_orders_are_kept_by_a_guess_to_confirm(
    started, written, others, day_first
):
    frame = table(when=cycle(*EITHER), **({"other": cycle(*others)} if others else {}))
    config = written(frame)
    assert (config.data.drop, config.data.day_first) == ([], day_first)
    assert findings(config) == []
    made = {column.name: column.made for column in started(frame).columns}
    assert made["when"] == f"date, {'day' if day_first else 'month'} first (a guess)"
    comment = "a guess, please confirm it: the cells of 'when' fit both orders"
    assert comment in started(frame).text


def test_a_table_of_decimal_commas_has_the_day_first(written):
    lines = [
        f"{x:.3f};{when};{y}".replace(".", ",") for x, when, y in table(when=cycle(*EITHER)).rows()
    ]
    config = written("\n".join(["x;when;y", *lines]))
    assert (config.data.decimal, config.data.day_first) == (",", True)


def test_dates_that_fit_both_orders_are_dropped_where_others_are_of_both(written, started):
    frame = table(when=cycle(*EITHER), one=cycle(*DAY_FIRST), other=cycle(*MONTH_FIRST))
    config = written(frame)
    assert (config.data.drop, config.data.day_first) == (["when"], None)
    assert "day or month may come first" in started(frame).text


def test_no_order_is_guessed_where_no_input_needs_it(written):
    assert written(table(when=cycle(EITHER[0]))).data.day_first is None


@pytest.mark.parametrize(
    ("cells", "is_advised"),
    [
        (("7 kg", "8 kg", "11 kg"), True),
        (("<0.3", "<0.5"), True),
        ((1, 2, "DQ"), False),
        (("01221", "02139"), False),
    ],
    ids=["units", "bounds", "codes among numbers", "leading zeros"],
)
def test_the_config_says_how_text_with_numbers_in_it_becomes_numbers(started, cells, is_advised):
    text = started(table(size=cycle(*cells))).text
    assert "categorical: [size]" in text
    assert ("remove the units, signs and ranges" in text) == is_advised


@pytest.mark.parametrize("cells", [("$1.5", "$2.25", "$7"), ("3%", "4.5%", "11%")], ids=["$", "%"])
def test_a_sign_that_is_left_out_is_told(started, cells):
    made = {column.name: column.made for column in started(table(size=cycle(*cells))).columns}
    sign = "$" if "$" in cells[0] else "%"
    assert made["size"] == f"number, {sign!r} beside each left out"
