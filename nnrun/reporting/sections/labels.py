"""Class balance: how many rows each label has."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from nnrun.features.dataset import Dataset

MOST_LABELS = 100  # that are shown


@dataclass(frozen=True)
class LabelBalance:
    """A label among the training rows, and the height of its bar.

    Attributes:
        label: The label.
        rows: How many training rows have it, as text.
        share: Their share of all training rows, as text in percent.
        height: Their share of the rows of the most frequent label, from 0 to 1.
    """

    label: str
    rows: str
    share: str
    height: float


def label_balance(dataset: Dataset) -> Sequence[LabelBalance]:
    """Return the balance of the training rows; empty where numbers are predicted.

    Of several targets, it is that of their positive labels.

    Args:
        dataset: The dataset that the run was trained on.
    """
    counts = dataset.label_counts
    if dataset.encoder.is_multilabel:
        counts = _positive_counts(dataset)
    rows = dataset.train.rows
    most = max(counts.values(), default=1) or 1
    balance = []
    for label, count in islice(counts.items(), MOST_LABELS):
        share = count / rows
        row = LabelBalance(
            label=label,
            rows=f"{count:,}",
            share=f"{share:.1%}",
            height=count / most,
        )
        balance.append(row)
    return balance


def _positive_counts(dataset: Dataset) -> dict[str, int]:
    """Return how many training rows have the second label of each target."""
    counts = {}
    counts_of_targets = dataset.label_counts_of_targets
    for target, of_target in zip(dataset.encoder.targets, counts_of_targets, strict=True):
        label = target.labels[1]
        counts[f"{target.name}: {label}"] = of_target[label]
    return counts
