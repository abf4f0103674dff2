"""Columns of any name do what columns of plain names do."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.marks import exhaustive, usual_names

PATTERN = "^x$"
ODD = [PATTERN, "^.*$", "^(?:$", "*", ".", "[0]", "{{x}}", 'a "quote"', "it's", "a\nline"]
ODD += ["a,comma", "=1+1", "row", "spread", "prediction", "table", "line", "actual", "part"]
ODD += ["train", "null", "true", "~", "1", "1.0", "-", "# x", "x: y", "e\u0301\u202e", "x" * 300]
NAME = object()
ROLES: dict[str, dict[str, Any]] = {
    "category": {},
    "truth": {},
    "date": {"data.dates": "expand"},
    "split by time": {"data.split": {"time": NAME}},
    "split by group": {"data.split": {"group": NAME}},
    "split by part": {"data.split": {"column": NAME}},
    "weight": {"data.sample_weight": NAME},
    "dropped": {"data.drop": [NAME]},
    "label": {"data.target": NAME, "data.positive": "yes"},
}
"""What a column may be for, and what the config says of it."""


def cells_for(role: str) -> list[Any]:
    """Return the cells of a column of 40 rows."""
    generator = np.random.default_rng(3)
    if role in ("date", "split by time"):
        return [f"2024-0{month}-17" for month in generator.integers(1, 9, 40)]
    if role == "weight":
        return generator.integers(1, 4, 40).tolist()
    if role == "split by part":
        return ["train", "train", "validation", "test"] * 10
    if role == "label":
        return ["^no$", "yes"] * 20
    if role == "truth":
        return ["true", "false", "true", "true"] * 10
    return generator.choice(["Ely", "York", "^Ely$"], 40).tolist()


def named(value: Any, name: str) -> Any:
    """Return a part of a config with a name in place of NAME."""
    if isinstance(value, dict):
        return {key: named(each, name) for key, each in value.items()}
    if isinstance(value, list):
        return [named(each, name) for each in value]
    return name if value is NAME else value


@pytest.fixture
def outcome(project, nnrun):
    """Return a function that trains on a table, and returns what is predicted and measured."""

    def run(columns: dict[str, list[Any]], config: dict[str, Any]) -> tuple[str, float]:
        defaults = {"data.positive": "yes", "data.validation_split": 0, "epochs": 1}
        project.table(pl.DataFrame(columns))
        path = project.config(defaults | config)
        done = nnrun("train", path, "-o", "run", "--overwrite")
        assert done.code == 0, done.err
        assert nnrun("show", "--code", path).code == 0
        predicted = nnrun("predict", "run", "table.csv")
        measured = nnrun("evaluate", "run", "table.csv", "--json")
        assert (predicted.code, measured.code) == (0, 0), predicted.err + measured.err
        return predicted.out, json.loads(measured.out)["metrics"]["auc"]

    return run


def numbers(count: int) -> list[list[float]]:
    """Return the cells of so many columns of numbers."""
    return np.random.default_rng(5).normal(size=(count, 40)).round(2).tolist()


@pytest.mark.usefixtures("eager")
def test_features_may_have_any_names(outcome):
    label = {"label": cells_for("label")}
    plain = {f"x{number}": cells for number, cells in enumerate(numbers(len(ODD)))}
    odd = dict(zip(ODD, plain.values(), strict=True))
    assert outcome(odd | label, {}) == outcome(plain | label, {})


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("role", usual_names(ROLES, "label", "category", "split by group"))
def test_a_column_for_anything_may_be_named_as_a_pattern(outcome, role):
    inputs = dict(zip(["a", "b"], numbers(2), strict=True)) | {"label": cells_for("label")}
    if role == "label":
        del inputs["label"]
    plain, odd = (
        outcome(inputs | {name: cells_for(role)}, named(ROLES[role], name))
        for name in ("plain", PATTERN)
    )
    assert odd == plain


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param(["Ely", "York"] * 30, id="categories"),
        exhaustive(["Ely", None] * 30, id="missing"),
        exhaustive([5] * 60, id="constant"),
        exhaustive([f"{row}%" for row in range(60)], id="percentages"),
        exhaustive([0, 1] * 30, id="the target"),
        exhaustive([f"zip{row % 31:05}" for row in range(60)], id="rare categories"),
    ],
)
def test_check_cuts_a_name_of_any_length(project, nnrun, cells):
    rows = range(60)
    frame = {"a": [row * 37 % 11 for row in rows], "n" * 100_000: cells, "y": [0, 1] * 30}
    project.table(pl.DataFrame(frame, strict=False))
    done = nnrun("check", project.config({"data.target": "y"}))
    lines = [*done.out.splitlines(), *done.err.splitlines()]
    assert any("nnn" in line for line in lines), done
    assert max(map(len, lines)) < 1_100
