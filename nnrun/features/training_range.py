"""Numbers that lie beyond the range of training by more than its width."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import polars as pl

from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.features.statistics import Values


class TrainingRange(NamedTuple):
    """The numbers of a column that training knows well enough.

    Attributes:
        input: The column of the matrix.
        low: The least number that is not far.
        high: The greatest number that is not far.
    """

    input: int
    low: float
    high: float


def training_ranges(encoder: Encoder) -> dict[str, TrainingRange]:
    """Return the range of each column of numbers, and of the first part of dates.

    Runs of earlier versions have none: they do not tell whether a feature's range was taken.

    Args:
        encoder: The encoder of a run.
    """
    ranges: dict[str, TrainingRange] = {}
    start = 0
    for feature in encoder.features:
        if feature.kind != "text" and feature.missing_share is not None:
            ranges.setdefault(feature.name, _range_of(feature, start))
        start += feature.width
    return ranges


def far_numbers(
    x: Values,
    ranges: Mapping[str, TrainingRange],
) -> Iterator[tuple[str, pl.Series]]:
    """Yield each column with far numbers, and which rows have them.

    Args:
        x: The inputs of some rows, (rows, inputs), NaN where a cell is missing.
        ranges: The ranges of the columns.
    """
    if not len(x):
        return
    for name, (column, low, high) in ranges.items():
        numbers = x[:, column]
        are_all_near = low <= numbers.min() and numbers.max() <= high  # NaN is not: look closer
        if are_all_near:
            continue
        is_far = (numbers < low) | (numbers > high)
        if is_far.any():
            yield name, pl.Series(is_far)


def _range_of(feature: Feature, start: int) -> TrainingRange:
    """Return the range of a feature whose input is the column `start` of the matrix."""
    width = feature.maximum - feature.minimum
    return TrainingRange(
        input=start,
        low=feature.minimum - width,
        high=feature.maximum + width,
    )
