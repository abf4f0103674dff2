"""`nnrun init` codes numbers piecewise, and trains several networks, where the rows suffice."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from nnrun.checks.registry import lint
from nnrun.config.loading import load_config
from nnrun.features.loading import load_dataset
from nnrun.files import write_text
from nnrun.reporting.starter_codes import (
    FEWEST_ROWS,
    FEWEST_ROWS_WITH_ALL_BINS,
    FEWEST_ROWS_WITH_LABELS,
)
from nnrun.reporting.starter_config import FEW_ROWS, MEMBERS, ROWS_OF_MEMBERS, write_config

Columns = dict[str, list[Any]]


def numbers(rows: int = FEWEST_ROWS, seed: int = 0) -> list[float]:
    """Return distinct numbers, some of them negative."""
    return list(np.random.default_rng(seed).normal(size=rows).round(6))


def cycle(*cells: Any, rows: int = FEWEST_ROWS) -> list[Any]:
    """Return the cells over and over, one for each row."""
    return [cells[i % len(cells)] for i in range(rows)]


def days() -> list[str]:
    return [f"2024-{1 + i // 28 % 12:02}-{1 + i % 28:02}" for i in range(FEWEST_ROWS)]


@pytest.fixture
def written(project) -> Callable[..., Any]:
    """Write a table and the config that init makes of it, and load that."""

    def call(columns: Columns, task: Any = None) -> Any:
        project.table(pl.DataFrame(columns), "odd.csv")
        path = project.folder / "init.yaml"
        write_text(path, write_config(project.folder / "odd.csv", "y", project.folder, task))
        return load_config(path)

    return call


TARGETS: dict[str, tuple[list[Any], str]] = {
    "any numbers": (numbers(seed=1), "ple"),
    "numbers that are never negative": (list(np.abs(numbers(seed=1))), "ple"),
    "counts": (cycle(*[0] * 60, *[1] * 30, 2, 3, 4), "ple"),
    "two labels": (cycle("a", "b"), "ple"),
    "several labels": (cycle(0, 1, 2), "ple"),
}


@pytest.mark.parametrize(("cells", "numeric"), TARGETS.values(), ids=TARGETS.keys())
def test_numbers_are_coded_whatever_is_predicted(written, cells, numeric):
    config = written({"x": numbers(), "y": cells})
    assert config.data.numeric["name"] == numeric
    assert [found for found in lint(load_dataset(config)) if found.level == "error"] == []


@pytest.mark.parametrize("labels", [("a", "b"), (0, 1, 2)], ids=["two", "several"])
@pytest.mark.parametrize(
    ("rows", "numeric"),
    [(FEWEST_ROWS_WITH_LABELS - 1, "standard"), (FEWEST_ROWS_WITH_LABELS, "ple")],
)
def test_bins_need_fewer_rows_where_labels_are_predicted(written, labels, rows, numeric):
    config = written({"x": numbers(rows), "y": cycle(*labels, rows=rows)})
    assert config.data.numeric["name"] == numeric


@pytest.mark.parametrize("target", ["labels", "numbers"])
@pytest.mark.parametrize(
    ("rows", "bins"),
    [(FEWEST_ROWS_WITH_ALL_BINS - 1, 8), (FEWEST_ROWS_WITH_ALL_BINS, 16)],
)
def test_a_small_table_has_fewer_bins(written, target, rows, bins):
    cells = numbers(rows, seed=1) if target == "numbers" else cycle("a", "b", rows=rows)
    config = written({"x": numbers(rows), "y": cells})
    assert config.data.numeric == {"name": "ple", "bins": bins, "values": True}


def test_the_task_decides_whether_whole_numbers_are_labels(written):
    rows = FEWEST_ROWS - 1
    columns = {"x": numbers(rows), "y": cycle(0, 1, 2, rows=rows)}
    assert written(columns, "regression").data.numeric["name"] == "standard"
    assert written(columns, "classes").data.numeric["name"] == "ple"


@pytest.mark.parametrize(("rows", "numeric"), [(FEWEST_ROWS - 1, "standard"), (FEWEST_ROWS, "ple")])
def test_bins_need_rows_that_have_a_target(written, rows, numeric):
    targets = [*numbers(rows, seed=1), *[None] * 100]
    columns = {"x": numbers(rows + 100), "y": targets}
    assert written(columns).data.numeric["name"] == numeric


INPUTS: dict[str, tuple[Columns, str]] = {
    "numbers and text": ({"x": numbers(), "t": cycle("a", "b", "c")}, "ple"),
    "dates": ({"day": days()}, "ple"),
    "text alone": ({"t": cycle("a", "b", "c")}, "standard"),
    "true and false alone": ({"b": cycle("true", "false", "true")}, "standard"),
    "numbers that repeat": ({"x": cycle(1.5, 2.5, 4)}, "standard"),
    "as many that repeat": ({"x": numbers(), "a": cycle(1.5, 2.5, 4)}, "ple"),
    "more that repeat": ({"x": numbers(), "a": cycle(1, 2, 4), "b": cycle(7, 9)}, "standard"),
    "120 columns": ({f"c{i}": numbers(seed=i + 9) for i in range(120)}, "ple"),
    "125 columns": ({f"c{i}": numbers(seed=i + 9) for i in range(125)}, "standard"),
    "many categories": (
        {"x": numbers()} | {f"t{i}": cycle(*(f"w{n}" for n in range(250))) for i in range(2)},
        "standard",
    ),
    "a dropped column": ({"id": list(range(7, 7 + FEWEST_ROWS)), "t": cycle("a", "b")}, "standard"),
}


@pytest.mark.parametrize(("columns", "numeric"), INPUTS.values(), ids=INPUTS.keys())
def test_numbers_are_coded_where_they_gain_by_it(written, columns, numeric):
    assert written(columns | {"y": numbers(seed=1)}).data.numeric["name"] == numeric


def test_the_config_says_what_the_codes_are_for(project, written):
    written({"x": numbers(), "y": numbers(seed=1)})
    lines = (project.folder / "init.yaml").read_text().splitlines()
    place = lines.index("  numeric: {name: ple, bins: 8, values: true}")
    assert lines[place - 1].startswith("  # Piecewise-linear codes")


@pytest.mark.parametrize(
    ("rows", "members"),
    [
        (ROWS_OF_MEMBERS[0], MEMBERS),
        (ROWS_OF_MEMBERS[1], MEMBERS),
        (ROWS_OF_MEMBERS[1] + 1, 1),
    ],
)
@pytest.mark.parametrize("target", ["labels", "numbers"])
def test_the_rows_that_have_a_target_decide_how_many_networks_train(written, target, rows, members):
    cells = numbers(rows, seed=1) if target == "numbers" else cycle("a", "b", rows=rows)
    columns = {"x": numbers(rows + 100), "y": [*cells, *[None] * 100]}
    assert written(columns).ensemble == members


@pytest.mark.parametrize(("target", "members"), [("labels", 1), ("numbers", MEMBERS)])
def test_few_rows_of_labels_have_one_curve_to_read(written, target, members):
    rows = ROWS_OF_MEMBERS[0] - 1
    cells = numbers(rows, seed=1) if target == "numbers" else cycle("a", "b", rows=rows)
    assert written({"x": numbers(rows), "y": cells}).ensemble == members


@pytest.mark.parametrize(
    ("rows", "networks"), [(ROWS_OF_MEMBERS[0] - 1, []), (ROWS_OF_MEMBERS[0], [MEMBERS])]
)
def test_the_config_says_what_the_networks_are_for(project, written, rows, networks):
    written({"x": numbers(rows), "y": cycle("a", "b", rows=rows)})
    lines = (project.folder / "init.yaml").read_text().splitlines()
    told = [line for line in lines if line.startswith("ensemble: ")]
    assert [int(line.split()[1]) for line in told] == networks
    assert all("# networks that differ by their seeds" in line for line in told)


@pytest.mark.parametrize(
    ("target", "rows", "units", "batch_size"),
    [
        ("numbers", 30, 64, 8),
        ("numbers", FEW_ROWS - 1, 64, 8),
        ("numbers", FEW_ROWS, 32, 32),
        ("labels", 30, 8, 32),
    ],
)
def test_few_rows_of_numbers_get_more_units_and_smaller_batches(
    project, written, target, rows, units, batch_size
):
    cells = numbers(rows, seed=1) if target == "numbers" else cycle("a", "b", rows=rows)
    config = written({"x": numbers(rows), "y": cells})
    assert [layer.get("units") for layer in config.layers[:3:2]] == [units, units // 2]
    assert config.batch_size == batch_size
    is_told = "batch_size: 8  # small" in (project.folder / "init.yaml").read_text()
    assert is_told == (batch_size == 8)
