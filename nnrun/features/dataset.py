"""The dataset of a config: matrices of rows to train on, to validate on and to test on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from nnrun.config.schema import Config
from nnrun.features.column_facts import ColumnFacts
from nnrun.features.encoder import Encoder
from nnrun.features.labels import label_key
from nnrun.features.matrix_store import Matrix
from nnrun.features.null_texts import NullTexts
from nnrun.features.row_weights import Weights

PARTS = ("train", "validation", "test")


class Part(NamedTuple):
    """Rows of a table, not standardised.

    Attributes:
        x: float32 (rows, inputs); without rows where a dataset is checked alone.
        y: float32 (rows, targets); of labels, their places among those of the target.
        name: The table, as messages call it.
        dropped: How many of its rows were left out for a missing cell.
        unseen: A message for each column with categories that training never saw.
        weights: The weight of each row, float32 (rows,), or None where all count alike.
        repeated: How many rows are training rows too, where that is no chance.
    """

    x: Matrix
    y: Matrix
    name: str
    dropped: int
    unseen: list[str]
    weights: Weights | None = None
    repeated: int = 0

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.y)


class HeldOut(NamedTuple):
    """Rows that were never trained on.

    Attributes:
        name: Which of the parts they are.
        part: The rows.
    """

    name: Literal["test", "validation"]
    part: Part


class Arrays(NamedTuple):
    """What a step takes, all float32.

    Attributes:
        x: Inputs of shape (rows, inputs).
        y: Targets of shape (rows, targets).
        sample_weight: The weight of each row, of shape (rows,), or None.
    """

    x: Matrix
    y: Matrix
    sample_weight: Weights | None = None


@dataclass(frozen=True)
class Dataset:
    """The tables of a config as matrices; the encoder is fitted on the training rows alone.

    Attributes:
        config: The config.
        encoder: The encoder.
        train: The rows to train on.
        validation: The rows to validate on, or None.
        test: The rows to test on, or None.
        fingerprints: The SHA-256 of the table of each part that has one, as it was when read.
        sizes: The bytes of the table of each part that has one, as it was when read.
        columns: What reading the training table told of each feature.
        copies: The columns that equal a target in the rows to train on.
        null_texts: For each column the rows of each text that stands for a missing cell there.
        from_run: The run whose encoder this is; empty where it is fitted on the training rows.
    """

    config: Config
    encoder: Encoder
    train: Part
    validation: Part | None = None
    test: Part | None = None
    fingerprints: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    columns: Sequence[ColumnFacts] = ()
    copies: Sequence[str] = ()
    null_texts: NullTexts = field(default_factory=dict)
    from_run: str = ""

    @property
    def held_out(self) -> HeldOut | None:
        """The rows that tell how good a network is: those of the test table, else of validation."""
        if self.test:
            return HeldOut("test", self.test)
        if self.validation:
            return HeldOut("validation", self.validation)
        return None

    @property
    def parts(self) -> dict[str, Part]:
        """The parts that there are, by their names, in the order of PARTS."""
        parts = {"train": self.train}
        if self.validation is not None:
            parts["validation"] = self.validation
        if self.test is not None:
            parts["test"] = self.test
        return parts

    @cached_property
    def label_counts(self) -> dict[str, int]:
        """How many training rows have each label of a single target; empty for others."""
        return self.label_counts_of_targets[0] if self.encoder.labels else {}

    @cached_property
    def label_counts_of_targets(self) -> list[dict[str, int]]:
        """How many training rows have each label of each target; empty for numbers."""
        counts_of_targets = []
        for column, labels in enumerate(self.encoder.labels_of_targets):
            counts = {}
            if labels:
                codes = self.train.y[:, column].astype(int)
                rows = np.bincount(codes, minlength=len(labels))
                counts = dict(zip(labels, rows.tolist(), strict=True))
            counts_of_targets.append(counts)
        return counts_of_targets

    def arrays(self, part: Part, *, weighted: bool = False) -> Arrays:
        """Return what a step takes of the part; `weighted` by the config's class weights too.

        A row's own weight and that of its label are multiplied, as scikit-learn does; Keras refuses
        to be given both.

        Args:
            part: One of the dataset's own parts.
            weighted: Whether rows count by the config's class weights too.
        """
        weights_of_labels = self.class_weights() if weighted else None
        if weights_of_labels is None:
            return Arrays(part.x, part.y, part.weights)
        codes = part.y[:, 0].astype(int)
        weights: Weights = weights_of_labels[codes]
        if part.weights is not None:
            weights = weights * part.weights
        return Arrays(part.x, part.y, weights)

    def class_weights(self) -> Weights | None:
        """Return the weight of each label, float32 (labels,), or None where the config has none."""
        class_weight = self.config.class_weight
        if not class_weight:
            return None
        weight_of_label = self._balanced_weights() if class_weight == "balanced" else class_weight
        weight_of_key = {label_key(label): weight for label, weight in weight_of_label.items()}
        weights = [weight_of_key[label_key(label)] for label in self.label_counts]
        return np.array(weights, np.float32)

    def _balanced_weights(self) -> Mapping[str, float]:
        """Return rows / (labels * rows of the label) for each label, as scikit-learn does.

        A label without rows, which an encoder of another run may have, weighs nothing.
        """
        counts = self.label_counts
        rows = sum(counts.values())
        labels = len([count for count in counts.values() if count])
        weights = dict.fromkeys(counts, 0.0)
        for label, count in counts.items():
            if count:
                weights[label] = rows / (labels * count)
        return weights
