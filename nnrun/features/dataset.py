"""The dataset of a config: matrices of rows to train on, to validate on and to test on."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from nnrun.config.schema import Config
from nnrun.features.encoder import Encoder
from nnrun.features.labels import label_key
from nnrun.features.matrix_store import Matrix

PARTS = ("train", "validation", "test")

Weights = np.ndarray[tuple[int], np.dtype[np.float32]]


class Part(NamedTuple):
    """Rows of a table, x (rows, inputs) and y (rows, targets), not standardised; `dropped` rows were left out."""

    x: Matrix
    y: Matrix
    name: str
    dropped: int
    unseen: list[str]  # a message for each column with new categories


class Arrays(NamedTuple):
    """What a step takes: x (rows, inputs), y (rows, targets) and sample_weight (rows,) or None, all float32."""

    x: Matrix
    y: Matrix
    sample_weight: Weights | None = None


@dataclass(frozen=True)
class Dataset:
    """Everything that a config says about data, read and checked; the encoder is fitted on the training rows alone."""

    config: Config
    encoder: Encoder
    train: Part
    validation: Part | None = None
    test: Part | None = None

    @cached_property
    def label_counts(self) -> dict[str, int]:
        """How many training rows have each label; empty for regressions."""
        labels = self.encoder.labels
        counts = (
            np.bincount(self.train.y[:, 0].astype(int), minlength=len(labels)).tolist()
            if labels
            else []
        )
        return dict(zip(labels, counts, strict=True))

    def arrays(self, part: Part, *, weighted: bool = False) -> Arrays:
        """Return what a step takes of the part; `weighted` by the config's class weights."""
        weights = self.class_weights() if weighted else None
        return Arrays(
            part.x, part.y, None if weights is None else weights[part.y[:, 0].astype(int)]
        )

    def class_weights(self) -> Weights | None:
        """Return the weight of each label; `balanced` is rows / (labels * rows of the label), as in scikit-learn."""
        given, counts = self.config.class_weight, self.label_counts
        if given == "balanced":
            given = {
                label: sum(counts.values()) / (len(counts) * count)
                for label, count in counts.items()
            }
        by_key = {label_key(label): weight for label, weight in (given or {}).items()}
        return (
            np.array([by_key[label_key(label)] for label in counts], np.float32) if given else None
        )
