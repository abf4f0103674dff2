"""Values that no argument expects, and files of JSON with such values in them."""

import copy
import datetime
import decimal
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from hypothesis import strategies as st


class WithoutText:
    """An object of which not even a message can be made."""

    def __repr__(self) -> str:
        raise ValueError("has no text")


CYCLE: list[Any] = []
CYCLE.append(CYCLE)

ARGUMENTS: dict[str, Any] = {
    "None": None,
    "True": True,
    "0": 0,
    "-1": -1,
    "2**70": 2**70,
    "400 digits": 10**400,
    "5,000 digits": 10**5_000,
    "0.5": 0.5,
    "NaN": math.nan,
    "infinity": -math.inf,
    "no text": "",
    "text": "a",
    "NUL": "a\0b",
    "half a character": "\ud800",
    "5,000 letters": "x" * 5_000,
    "device": "/dev/null",
    "path with NUL": Path("a\0b"),
    "bytes": b"abc",
    "no list": [],
    "list of None": [None],
    "list of lists": [[]],
    "cycle": CYCLE,
    "dict": {"a": 1},
    "dict of nothing": {"label": None},
    "dict with a number for a key": {1: 2},
    "row of huge numbers": {"age": 10**400, "height": 1.5, "dose": 1, "label": 0},
    "row of objects": {"age": WithoutText(), "height": 1, "dose": 1, "label": 0},
    "row of arrays": {"age": np.array([1, 2]), "height": 1, "dose": 1, "label": 0},
    "row with half a character": {"age": "\ud800", "height": 1, "dose": 1, "label": 0},
    "set": {1},
    "object": object(),
    "object without text": WithoutText(),
    "class": int,
    "function": len,
    "iterator": iter([]),
    "array": np.array([1.5, 2]),
    "array of no dimension": np.array(1.5),
    "float32": np.float32(2),
    "complex": 1j,
    "date": datetime.date(2020, 1, 1),
    "decimal": decimal.Decimal("NaN"),
    "empty frame": pl.DataFrame(),
    "frame of one column": pl.DataFrame({"age": [1]}),
    "frame without rows": pl.DataFrame({"age": [], "height": [], "dose": [], "label": []}),
    "frame of lists": pl.DataFrame({"age": [[1]], "height": [{"a": 1}], "dose": [b"\xff"]}),
    "frame of objects": pl.DataFrame({"age": [object()]}, schema={"age": pl.Object}),
    "lazy frame without its column": pl.LazyFrame({"a": [1]}).select("b"),
    "lazy frame without its file": pl.scan_csv("/nonexistent.csv"),
    "series": pl.Series([1]),
}
"""By a name for each, since not all of them can be shown."""

IN_JSON = [
    *[None, True, 0, -1, 2**31, 2**63, 10**30, 1e308, 0.5, -1.5, math.nan, math.inf],
    *["", "a", "\ud800", "a\0", "*", "^x$", "9" * 5_000, "../x", "/proc/self/mem"],
    *[[], [1], ["a"], [[]], [None], {}, {"a": 1}, {"": {}}],
]


def places(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the key path of all that a tree of JSON holds; of long lists the beginning."""
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    if isinstance(value, list):
        items = list(enumerate(value[:30]))
    for key, inner in items:
        yield (*keys, key)
        yield from places(inner, (*keys, key))


def changed(value: Any, keys: tuple[Any, ...], hostile: Any) -> Any:
    """Return a copy of a tree with another value at a place."""
    tree = copy.deepcopy(value)
    parent = tree
    for key in keys[:-1]:
        parent = parent[key]
    parent[keys[-1]] = hostile
    return tree


@st.composite
def changed_json(draw: Any, value: Any) -> Any:
    """Draw a tree with one to three hostile values in it."""
    for _ in range(draw(st.integers(1, 3))):
        inner = list(places(value))
        if inner:
            value = changed(value, draw(st.sampled_from(inner)), draw(st.sampled_from(IN_JSON)))
    return value
