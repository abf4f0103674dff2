"""The answer that needs no network: the most frequent label, or the mean, of the training rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nnrun.features.statistics import Moments
from nnrun.results.array_types import Floats, Numbers
from nnrun.wording import short_number


@dataclass(frozen=True)
class LabelBaseline:
    """Gives every row the shares of the labels in the training rows.

    Attributes:
        labels: The labels in the order of their numbers.
        shares: The share of the training rows that has each.
    """

    labels: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def answer(self) -> str:
        """What every row is called, the most frequent label, in words."""
        return f"always {self.labels[int(np.argmax(self.shares))]!r}"

    def predict(self, rows: int) -> Floats:
        """Return the shares for each row, shape (rows, labels)."""
        return np.broadcast_to(np.array(self.shares), (rows, len(self.shares)))


@dataclass(frozen=True)
class MultilabelBaseline:
    """Gives every row the shares of the labels of several targets in the training rows.

    Attributes:
        targets: The baseline of each target, which has two labels.
    """

    targets: tuple[LabelBaseline, ...]

    @property
    def answer(self) -> str:
        """What every row is called, in words."""
        return "always the most frequent labels"

    def predict(self, rows: int) -> Floats:
        """Return the share of each target's second label for each row, shape (rows, targets)."""
        shares = np.array([target.shares[1] for target in self.targets])
        return np.broadcast_to(shares, (rows, len(shares)))


@dataclass(frozen=True)
class NumberBaseline:
    """Gives every row the mean of the training rows.

    Attributes:
        means: The mean of each target.
        deviations: The standard deviation of each target, 1 of a constant: a unit to compare
            targets in.
    """

    means: tuple[float, ...]
    deviations: tuple[float, ...]

    @property
    def answer(self) -> str:
        """What every row gets, in words."""
        if len(self.means) > 1:
            return "always the means"
        return f"always the mean {short_number(self.means[0])}"

    def predict(self, rows: int) -> Floats:
        """Return the means for each row, shape (rows, targets)."""
        return np.broadcast_to(np.array(self.means), (rows, len(self.means)))


def label_baseline(labels: tuple[str, ...], y: Iterable[Numbers]) -> LabelBaseline:
    """Return the baseline of training rows.

    Args:
        labels: The labels in the order of their numbers.
        y: Blocks of the number of each row's label, shape (rows, 1); at least one row in all.
    """
    counts = np.zeros(len(labels), np.int64)
    for block in y:
        counts += np.bincount(block[:, 0].astype(np.int64), minlength=len(labels))
    return LabelBaseline(labels, tuple((counts / counts.sum()).tolist()))


def multilabel_baseline(
    labels: Sequence[tuple[str, ...]], y: Iterable[Numbers]
) -> MultilabelBaseline:
    """Return the baseline of training rows.

    Args:
        labels: The two labels of each target.
        y: Blocks of the numbers of each row's labels, shape (rows, targets); at least one row in
            all.
    """
    seconds: Floats = np.zeros(len(labels))
    rows = 0
    for block in y:
        seconds += block.sum(axis=0, dtype=np.float64)
        rows += len(block)
    shares = (seconds / rows).tolist()
    return MultilabelBaseline(
        tuple(
            LabelBaseline(pair, (1 - share, share))
            for pair, share in zip(labels, shares, strict=True)
        )
    )


def number_baseline(y: Iterable[Numbers], targets: int) -> NumberBaseline:
    """Return the baseline of training rows.

    Args:
        y: Blocks of the targets, shape (rows, targets); at least one row in all.
        targets: The number of target columns.
    """
    moments = Moments(targets)
    for block in y:
        moments.add(block.astype(np.float64))
    columns = [moments.describe(number) for number in range(targets)]
    return NumberBaseline(
        means=tuple(column.mean for column in columns),
        deviations=tuple(float(np.sqrt(column.variance)) for column in columns),
    )
