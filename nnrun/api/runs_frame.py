"""Runs in brief as a frame of polars, whatever settings they have."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

Rows = Sequence[dict[str, Any]]


def frame_of_runs(runs: Rows) -> pl.DataFrame:
    """Return a row for each run, with its metrics as columns and its settings as a struct.

    Args:
        runs: The runs as `list_runs` gives them.
    """
    if not runs:
        return pl.DataFrame()
    rows = [{**run["metrics"], **run} for run in runs]
    columns = _names(rows)
    columns.remove("metrics")
    columns.remove("settings")
    frame = _frame_of(rows, columns)
    settings = [run["settings"] for run in runs]
    names = _names(settings)
    if names:
        struct = _frame_of(settings, names).to_struct("settings")
        frame = frame.with_columns(struct)
    names_in_order = [*runs[0], *frame.columns]
    return _in_order(frame, names_in_order)


def _names(rows: Rows) -> list[str]:
    """Return the keys of all rows, each once."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(row)
    return list(names)


def _frame_of(rows: Rows, names: Sequence[str]) -> pl.DataFrame:
    """Return the values of some keys of all rows; a key that a row lacks is null."""
    columns = []
    for name in names:
        values = [row.get(name) for row in rows]
        columns.append(_column(name, values))
    return pl.DataFrame(columns)


def _column(name: str, values: list[Any]) -> pl.Series:
    """Return values as a column; those of several types as texts of JSON."""
    types = {type(value) for value in values if value is not None}
    if types == {int, float}:
        values = _converted(values, float)
    try:
        return pl.Series(name, values)
    except (TypeError, ValueError, OverflowError, pl.exceptions.PolarsError):
        texts = _converted(values, json.dumps)
        return pl.Series(name, texts, dtype=pl.String)


def _converted(values: list[Any], convert: Callable[[Any], object]) -> list[Any]:
    """Return the values that a function makes of others; None stays."""
    converted = []
    for value in values:
        converted.append(None if value is None else convert(value))
    return converted


def _in_order(frame: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return a frame whose columns stand in the order in which names come first."""
    columns = []
    for name in dict.fromkeys(names):
        if name in frame.columns:
            columns.append(frame.get_column(name))
    return pl.DataFrame(columns)
