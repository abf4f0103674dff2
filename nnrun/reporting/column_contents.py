"""What the columns of a training table hold: how often values occur, and how many are missing."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nnrun.features.dataset import Dataset
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature, Target
from nnrun.features.loading import open_tables
from nnrun.features.statistics import Values
from nnrun.results.array_types import Floats, Integers
from nnrun.wording import short_number

BARS = 16  # of a small histogram


@dataclass(frozen=True)
class ColumnContents:
    """What a feature or a target holds, in the rows of the training table.

    Attributes:
        name: The column; of a date also the part.
        kind: `number`, `boolean`, `text`, `date` or `target`.
        counts: The rows in each bar of its histogram.
        names: What each bar stands for.
        missing: The share of the cells that are missing.
        note: Its range and mean, or its categories.
    """

    name: str
    kind: str
    counts: tuple[int, ...]
    names: tuple[str, ...]
    missing: float
    note: str

    @property
    def heights(self) -> list[float]:
        """How high each bar is, from 0 to 1."""
        highest = max(self.counts, default=0) or 1
        return [count / highest for count in self.counts]


def column_contents(dataset: Dataset) -> list[ColumnContents]:
    """Return the contents of each feature, then of each target that is numbers.

    The training table is read once more: matrices have no missing cells.

    Args:
        dataset: The dataset, whose matrices are not needed.

    Raises:
        InputError: The table cannot be read.
    """
    encoder = dataset.encoder
    table = open_tables(dataset.config)["train"]
    counters = _new_counters(encoder)
    for block, x, y in EncodedReader(encoder, table, target=True, fill=False):
        start = 0
        values = np.hstack([x, y])
        for counter in counters:
            end = start + counter.width
            counter.add(values[:, start:end])
            if isinstance(counter, _CategoryCounter):
                counter.add_missing(block.texts(counter.name).null_count())
            start = end
    return [counter.result() for counter in counters]


class _NumberCounter:
    """Counts numbers in bins between the least and the greatest of the training rows."""

    width = 1

    def __init__(self, column: Feature | Target, name: str, kind: str) -> None:
        self._column = column
        self._name = name
        self._kind = kind
        self._edges = _edges(column)
        self._counts: Integers = np.zeros(len(self._edges) - 1, np.int64)
        self._rows = 0

    def add(self, values: Values) -> None:
        """Count the values of rows, shape (rows, 1); NaN is a missing one."""
        present = values[~np.isnan(values)]
        inside = np.clip(present, self._edges[0], self._edges[-1])
        counts, _ = np.histogram(inside, self._edges)
        self._counts += counts
        self._rows += len(values)

    def result(self) -> ColumnContents:
        """Return what was counted."""
        column = self._column
        present = int(self._counts.sum())
        extents = [_extent(low, high) for low, high in pairwise(self._edges)]
        extent = _extent(column.minimum, column.maximum)
        mean = short_number(column.mean)
        return ColumnContents(
            name=self._name,
            kind=self._kind,
            counts=tuple(self._counts.tolist()),
            names=tuple(extents),
            missing=1 - present / max(1, self._rows),
            note=f"{extent}, mean {mean}",
        )


def _extent(low: float, high: float) -> str:
    shown_low = short_number(low)
    shown_high = short_number(high)
    return f"{shown_low} to {shown_high}"


def _edges(column: Feature | Target) -> Floats:
    """Return the edges of bars: one for each of a few whole numbers, else bars of equal width."""
    low = column.minimum
    high = column.maximum
    if column.whole and high - low < BARS:
        return np.arange(low - 0.5, high + 1)
    if low == high:
        return np.array([low - 0.5, low + 0.5])
    return np.linspace(low, high, BARS + 1)


class _CategoryCounter:
    """Counts categories: a bar for each of the most frequent ones."""

    def __init__(self, feature: Feature) -> None:
        self.name = feature.name
        self.width = feature.width
        self._feature = feature
        self._counts: Floats = np.zeros(feature.width)
        self._missing = 0
        self._rows = 0

    def add(self, values: Values) -> None:
        """Count the categories of rows, shape (rows, width): 1 or 0 for each."""
        self._counts += values.sum(axis=0)
        self._rows += len(values)

    def add_missing(self, cells: int) -> None:
        """Count missing cells, which may have a category of their own."""
        self._missing += cells

    def result(self) -> ColumnContents:
        """Return what was counted."""
        categories = self._feature.category_names()
        frequent = np.argsort(-self._counts, kind="stable")[:BARS]
        names = [categories[place] for place in frequent]
        counts = self._counts[frequent].astype(int)
        return ColumnContents(
            name=self._feature.name,
            kind="text",
            counts=tuple(counts.tolist()),
            names=tuple(names),
            missing=self._missing / max(1, self._rows),
            note=_named(names, len(categories)),
        )


def _named(frequent: list[str], count: int) -> str:
    """Return how many categories there are, and the most frequent three."""
    categories = f"{count:,} categories"
    if count == 1:
        categories = "1 category"
    names = ", ".join(map(repr, frequent[:3]))
    if count > 3:
        return f"{categories}: {names}, ..."
    return f"{categories}: {names}"


def _new_counters(encoder: Encoder) -> list[_NumberCounter | _CategoryCounter]:
    """Return a counter for each feature, then for each target that is numbers."""
    counters: list[_NumberCounter | _CategoryCounter] = []
    for feature in encoder.features:
        if feature.kind == "text":
            counters.append(_CategoryCounter(feature))
        else:
            name = feature.input_names[0]
            counters.append(_NumberCounter(feature, name, feature.kind))
    if not encoder.labels and not encoder.is_multilabel:
        for target in encoder.targets:
            counters.append(_NumberCounter(target, target.name, "target"))
    return counters
