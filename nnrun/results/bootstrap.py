"""Intervals by the bootstrap: measures of rows drawn again, with replacement, a thousand times."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Floats

REPLICATES = 1_000  # the ends of a 95 % interval stand on 25 replicates each
CHUNK = 100_000  # weights at a time: 0.8 MB stays in a core's cache
CONFIDENCE = 0.95

Replicates = dict[str, Floats]
"""Measures of each replicate by name, shape (replicates,); NaN where one is not defined."""

Measures = Callable[[Floats], Replicates]
"""Gives measures of the replicates of given weights, shape (replicates, rows)."""


@dataclass(frozen=True)
class Interval:
    """Where a measure lies with 95 % confidence.

    Attributes:
        low: The lower end, in the unit of the measure.
        high: The upper end.
    """

    low: float
    high: float


def draw_weights(rows: int, seed: int, replicates: int = REPLICATES) -> Iterator[Floats]:
    """Yield how often each row is drawn, in chunks of shape (replicates, rows).

    The same rows and seed give the same weights, so that two models are compared on the same
    draws.

    Args:
        rows: How many rows there are.
        seed: Decides the draws.
        replicates: How many draws there are.
    """
    generator = np.random.default_rng(seed)
    size = max(1, CHUNK // rows)
    for start in range(0, replicates, size):
        count = min(size, replicates - start)
        drawn = generator.integers(0, rows, (count, rows))
        first_places = np.arange(count) * rows  # each replicate has places of its own
        drawn += first_places[:, None]
        counts = np.bincount(drawn.ravel(), minlength=count * rows)
        weights = counts.reshape(count, rows)
        yield weights.astype(np.float64)


def replicate(measures: Measures, rows: int, seed: int = 0) -> Replicates:
    """Return the measures of a thousand draws of these rows.

    Args:
        measures: Gives the measures of replicates.
        rows: How many rows there are.
        seed: Decides the draws.
    """
    chunks = [measures(weights) for weights in draw_weights(rows, seed)]
    replicates = {}
    for name in chunks[0]:
        values = [chunk[name] for chunk in chunks]
        replicates[name] = np.concatenate(values)
    return replicates


def mean_replicates(parts: Sequence[Replicates], names: Iterable[str]) -> Replicates:
    """Return the means of some measures over parts that have the same replicates.

    Args:
        parts: The replicates of each part, such as those of each target.
        names: The measures.
    """
    means = {}
    for name in names:
        values = [part[name] for part in parts]
        means[name] = np.mean(values, axis=0)
    return means


def interval(
    value: float, sample_value: float, replicates: Floats, *, rows: int, rows_given: int
) -> Interval | None:
    """Return the 95 % percentile interval of a measure.

    Where the rows drawn from are a sample of all rows, the deviations of the replicates from the
    sample's own value are shrunk by the root of the sampled share, as the error of a mean is,
    and set around the value of all rows.

    Args:
        value: The measure of all rows.
        sample_value: The measure of the rows that replicates were drawn from.
        replicates: The measure of each replicate, shape (replicates,); NaN is left out.
        rows: The number of rows that replicates were drawn from.
        rows_given: The number of all rows.

    Returns:
        The interval, or None where no replicate has a value.
    """
    defined = replicates[~np.isnan(replicates)]
    if not len(defined):
        return None
    tail = 50 * (1 - CONFIDENCE)
    ends = np.percentile(defined, [tail, 100 - tail])
    if rows < rows_given:
        shrinkage = np.sqrt(rows / rows_given)
        ends = value + (ends - sample_value) * shrinkage
        # no draw is beyond what the measure can be: no accuracy above 1
        least = min(value, defined.min())
        most = max(value, defined.max())
        ends = np.clip(ends, least, most)
    low, high = ends.tolist()
    return Interval(low, high)


def accuracy_interval(accuracy: float, rows: int, seed: int = 0) -> Interval:
    """Return the 95 % interval of the share of rows that are right, whatever their number.

    How many of rows drawn again are right has a binomial distribution. Where all rows are right,
    or all wrong, so are those of every draw, and the bootstrap gives an interval of no width. The
    interval of Clopper and Pearson (1934) has this other end at such counts: all of n rows are
    right with a chance of 2.5 % where the accuracy is 0.025 ** (1 / n).

    Args:
        accuracy: The share of rows that are right.
        rows: How many rows there are.
        seed: Decides the draws.
    """
    tail = (1 - CONFIDENCE) / 2
    least = tail ** (1 / rows)
    if accuracy == 1:
        return Interval(least, 1.0)
    if accuracy == 0:
        return Interval(0.0, 1 - least)
    generator = np.random.default_rng(seed)
    right = generator.binomial(rows, accuracy, REPLICATES)
    accuracies = right / rows
    low, high = np.quantile(accuracies, [tail, 1 - tail]).tolist()
    return Interval(low, high)
