"""How numbers are scaled and coded, by the quantiles of the training rows."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from nnrun.config.schema import Data
from nnrun.features.statistics import ColumnStatistics, Values

MOST_ROWS = 100_000
"""Quantiles of so many rows are near those of all: within 0.4 % of the rows at the most."""

MOST_CELLS = 1 << 23
"""64 MiB of float64."""

FEWEST_ROWS = 1_000
"""However many columns there are: 16 bins want some tens of rows each."""

DECIMALS = 4
"""Of an edge, in units of the scale: float32 could not tell bins apart that are much narrower."""

Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]


def sample_step(rows: int, columns: int) -> int:
    """Return n where every n-th of the training rows is kept for quantiles: 1 keeps all.

    Args:
        rows: How many rows are trained on.
        columns: How many inputs are numbers.
    """
    affordable = MOST_CELLS // max(1, columns)
    most = max(FEWEST_ROWS, affordable)
    most = min(MOST_ROWS, most)
    step = math.ceil(rows / most)
    return max(1, step)


class NumberScales:
    """Scales and codes of the columns of numbers in a table, from every n-th of its rows.

    Args:
        data: Says how numbers are encoded.
        columns: The places of the columns of numbers among the inputs.
        rows: How many rows will be added.
    """

    def __init__(self, data: Data, columns: Sequence[int], rows: int) -> None:
        self._data = data
        self._places = {column: place for place, column in enumerate(columns)}
        self._step = sample_step(rows, len(columns))
        self._rows = 0
        self._kept: list[Values] = []

    def add(self, values: Values) -> None:
        """Take a block into account.

        Args:
            values: The inputs of its rows, shape (rows, inputs); cells that are NaN are left out.
        """
        if self._data.numeric["name"] == "standard":
            return
        first = -self._rows % self._step
        self._rows += len(values)
        columns = list(self._places)
        self._kept.append(values[first :: self._step, columns])

    def describe(self, column: int, statistics: ColumnStatistics) -> dict[str, Any]:
        """Return `center`, `scale` and `edges` of a feature, or nothing where it has none.

        Args:
            column: The place of the column among the inputs.
            statistics: What all of its rows tell.

        Returns:
            Numbers and a list of numbers by the names of the fields of `Feature`.
        """
        name = self._data.numeric["name"]
        if name == "standard":
            return {}
        if name == "ple" and _is_flag(statistics):
            return {"center": 0.0, "scale": 1.0}
        values = self._present_values(column)
        if not len(values):
            return {}
        center, scale = _robust_scale(values, statistics)
        if name == "robust":
            return {"center": center, "scale": scale}
        scaled = (values - center) / scale
        bins = self._data.numeric["bins"]
        edges = bin_edges(scaled, bins, self._data.clip)
        return {"center": center, "scale": scale, "edges": edges}

    def _present_values(self, column: int) -> Numbers:
        """Return the numbers of a column in the rows that were kept, without those missing."""
        place = self._places[column]
        parts = [block[:, place] for block in self._kept]
        values = np.concatenate(parts)
        present: Numbers = values[~np.isnan(values)]
        return present


def bin_edges(values: Numbers, bins: int, bound: float | None) -> list[float]:
    """Return the distinct edges of bins that have equally many values, in ascending order.

    A value that fills a bin alone, such as 0 where most rows have none, is an edge, and the other
    values share the bins that are left: of them, else, there would be few.

    Args:
        values: Scaled numbers, at least one.
        bins: The number of bins, which are fewer where there are few distinct values.
        bound: How far from 0 the first and the last edge may lie, or None.
    """
    distinct, counts = np.unique(values, return_counts=True)
    edges = distinct
    if len(distinct) > bins + 1:
        is_frequent = counts * bins > len(values)
        frequent = distinct[is_frequent]
        is_other = ~is_frequent
        others = np.repeat(distinct[is_other], counts[is_other])
        bins_of_others = bins - len(frequent)
        quantiles = np.linspace(0, 1, bins_of_others + 1)
        inner = np.quantile(others, quantiles, method="inverted_cdf")  # numbers that do occur
        edges = np.concatenate([frequent, inner])
    if bound is not None:
        edges = np.clip(edges, -bound, bound)
    rounded = np.unique(edges.round(DECIMALS))
    return [float(edge) for edge in rounded]


def _is_flag(statistics: ColumnStatistics) -> bool:
    """Tell whether a column holds nothing but 0 and 1."""
    if not statistics.whole:
        return False
    return statistics.minimum >= 0 and statistics.maximum <= 1


def _robust_scale(values: Numbers, statistics: ColumnStatistics) -> tuple[float, float]:
    """Return the median and the interquartile range, or where this is 0, the standard deviation."""
    low, center, high = np.quantile(values, [0.25, 0.5, 0.75])
    scale = float(high - low)
    if scale == 0:
        scale = statistics.variance**0.5
    return float(center), scale
