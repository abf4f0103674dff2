"""Columns that say the same: shuffling one of them leaves the network the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from nnrun.results.array_types import Floats, Numbers
from nnrun.wording import listed

STRONG = 0.9
MOST_ROWS = 5_000  # a correlation of 0.9 is known to 0.01 from 1,000 rows on


@dataclass(frozen=True)
class CorrelatedColumns:
    """Two columns whose inputs are correlated.

    Attributes:
        first: The name of one.
        second: The name of the other.
        correlation: The largest |r| of an input of one and an input of the other.
    """

    first: str
    second: str
    correlation: float


def correlated_columns(
    x: Numbers, columns: Mapping[str, Sequence[int]], least: float = STRONG
) -> tuple[CorrelatedColumns, ...]:
    """Return the pairs of columns that are correlated strongly, the strongest first.

    Args:
        x: Encoded rows, shape (rows, inputs); the first 5,000 are looked at.
        columns: The numbers of the inputs of each column of the table, by its name.
        least: The |r| of Pearson from which on a pair is told.
    """
    standardised = _standardise(x[:MOST_ROWS])
    names = list(columns)
    pairs = []
    for place, first in enumerate(names):
        inputs = standardised[:, list(columns[first])]
        correlations = np.abs(inputs.T @ standardised)
        strongest = correlations.max(axis=0)
        for second in names[place + 1 :]:
            of_second = strongest[list(columns[second])]
            correlation = min(1.0, float(of_second.max()))
            if correlation >= least:
                pairs.append(CorrelatedColumns(first, second, correlation))
    return tuple(sorted(pairs, key=lambda pair: -pair.correlation))


def correlated_groups(pairs: Sequence[CorrelatedColumns]) -> tuple[tuple[str, ...], ...]:
    """Return the groups of columns that pairs connect, each column in one group.

    Args:
        pairs: Pairs of columns that are correlated.
    """
    groups: list[list[str]] = []
    for pair in pairs:
        names = [pair.first, pair.second]
        connected = []
        others = []
        for group in groups:
            if set(group).isdisjoint(names):
                others.append(group)
            else:
                connected.append(group)
        joined = dict.fromkeys(chain(*connected, names))
        groups = [*others, list(joined)]
    return tuple(map(tuple, groups))


def correlation_note(group: Sequence[str]) -> str:
    """Return a sentence that says what a group of correlated columns means for importance.

    Args:
        group: The names of the columns, two or more.
    """
    return (
        f"The columns {listed(group, 8)} are correlated above {STRONG}: they share their "
        "importance, and each looks less important than all of them are."
    )


def _standardise(x: Numbers) -> Floats:
    """Return rows whose products over rows are correlations; constant inputs are 0."""
    values = x.astype(np.float64)
    is_constant = values.min(axis=0) == values.max(axis=0)
    values -= values.mean(axis=0)
    values[:, is_constant] = 0
    squares = values**2
    length = np.sqrt(squares.sum(axis=0))
    divisor = np.where(length > 0, length, 1)
    return np.asarray(values / divisor)
