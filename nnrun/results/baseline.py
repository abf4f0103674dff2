"""The answer that needs no network: the most frequent label, or the mean, of the training rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nnrun.results.array_types import Floats, Numbers, RowWeights
from nnrun.results.weighted_moments import WeightedMoments
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
        most_frequent = int(np.argmax(self.shares))
        return f"always {self.labels[most_frequent]!r}"

    def predict(self, rows: int) -> Floats:
        """Return the shares for each row, shape (rows, labels).

        Args:
            rows: How many rows to predict for. They share the memory of one.
        """
        return _repeated(self.shares, rows)


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
        """Return the share of each target's second label for each row, shape (rows, targets).

        Args:
            rows: How many rows to predict for. They share the memory of one.
        """
        return _repeated(self.shares, rows)

    @property
    def shares(self) -> list[float]:
        """The share of the second label of each target."""
        return [target.shares[1] for target in self.targets]

    @classmethod
    def of_shares(
        cls, labels: Iterable[Sequence[str]], shares: Sequence[float]
    ) -> "MultilabelBaseline":
        """Return the baseline of targets, given their two labels and the shares of the second.

        Args:
            labels: The two labels of each target, in the order of their codes.
            shares: The share of each target's second label among the training rows, from 0 to 1.
        """
        targets = []
        for pair, share in zip(labels, shares, strict=True):
            targets.append(LabelBaseline(tuple(pair), (1 - share, share)))
        return cls(tuple(targets))


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
        """Return the means for each row, shape (rows, targets).

        Args:
            rows: How many rows to predict for. They share the memory of one.
        """
        return _repeated(self.means, rows)


def _repeated(answer: Sequence[float], rows: int) -> Floats:
    """Return the same answer for each row, shape (rows, outputs), in the memory of one."""
    return np.broadcast_to(np.array(answer), (rows, len(answer)))


def label_baseline(
    labels: tuple[str, ...], y: Iterable[Numbers], weights: RowWeights = None
) -> LabelBaseline:
    """Return the baseline of training rows.

    Args:
        labels: The labels in the order of their numbers.
        y: Blocks of the number of each row's label, shape (rows, 1); at least one row in all.
        weights: By how much each row counts, shape (rows,); by default by 1.
    """
    counts: Floats = np.zeros(len(labels))
    for block, of_block in _with_weights(y, weights):
        codes = block[:, 0].astype(np.int64)
        counts += np.bincount(codes, of_block, len(labels))
    shares = counts / counts.sum()
    return LabelBaseline(labels, tuple(shares.tolist()))


def multilabel_baseline(
    labels: Sequence[tuple[str, ...]], y: Iterable[Numbers], weights: RowWeights = None
) -> MultilabelBaseline:
    """Return the baseline of training rows.

    Args:
        labels: The two labels of each target.
        y: Blocks of the numbers of each row's labels, shape (rows, targets); at least one row in
            all.
        weights: By how much each row counts, shape (rows,); by default by 1.
    """
    moments = WeightedMoments(len(labels))
    for block, of_block in _with_weights(y, weights):
        moments.add(block.astype(np.float64), of_block)
    return MultilabelBaseline.of_shares(labels, moments.mean.tolist())


def number_baseline(
    y: Iterable[Numbers], targets: int, weights: RowWeights = None
) -> NumberBaseline:
    """Return the baseline of training rows.

    Args:
        y: Blocks of the targets, shape (rows, targets); at least one row in all.
        targets: The number of target columns.
        weights: By how much each row counts, shape (rows,); by default by 1.
    """
    moments = WeightedMoments(targets)
    for block, of_block in _with_weights(y, weights):
        moments.add(block.astype(np.float64), of_block)
    variances = moments.squares / moments.weight
    deviations = np.sqrt(variances)
    has_no_spread = moments.is_constant | (deviations == 0)
    deviations[has_no_spread] = 1
    return NumberBaseline(
        means=tuple(moments.mean.tolist()),
        deviations=tuple(deviations.tolist()),
    )


def _with_weights(
    blocks: Iterable[Numbers], weights: RowWeights
) -> Iterator[tuple[Numbers, RowWeights]]:
    """Yield each block of rows with its part of the weights of all rows."""
    start = 0
    for block in blocks:
        end = start + len(block)
        of_block = None if weights is None else weights[start:end]
        yield block, of_block
        start = end
