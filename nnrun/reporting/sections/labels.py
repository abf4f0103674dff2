"""Class balance: how many rows each label has."""

from collections.abc import Sequence
from dataclasses import dataclass

from nnrun.features.dataset import Dataset

MOST_LABELS = 100  # that are shown


@dataclass(frozen=True)
class LabelBalance:
    """A label, its training rows, and their share of the most frequent label's, from 0 to 1."""

    label: str
    rows: str
    share: str
    height: float


def label_balance(dataset: Dataset) -> Sequence[LabelBalance]:
    """Return the balance of the training rows; empty where numbers are predicted."""
    counts = dataset.label_counts
    rows = sum(counts.values())
    most = max(counts.values(), default=1)
    return [
        LabelBalance(label, f"{count:,}", f"{count / rows:.1%}", count / most)
        for label, count in list(counts.items())[:MOST_LABELS]
    ]
