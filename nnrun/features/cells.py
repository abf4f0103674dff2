"""The cells of a column in one block, read as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

FaultKind = Literal[
    "missing",
    "not_number",
    "not_finite",
    "too_large",
    "other_format",  # a date of another format than training read
    "unknown_label",  # a label that training never saw
    "unseen_category",  # text, or a missing cell, that is none of the categories in training
    "other_category",  # the same, where training had rare ones, which share an input
    "far",  # a number that lies beyond the range of training by more than its width
]


@dataclass(frozen=True)
class ParsedCells:
    """The cells of a column in one block, read as values.

    Attributes:
        values: A value for each row, null where the cell is missing or wrong.
        texts: The cells as text, null where they are missing; None where the values alone told all.
        faulty: For each way to be missing or wrong, which rows are. Empty where there are no texts.
    """

    values: pl.Series
    texts: pl.Series | None = None
    faulty: Mapping[FaultKind, pl.Series] = field(default_factory=dict)

    @property
    def needed_text(self) -> bool:
        """Whether the cells were read as text: to read them as numbers first is no gain."""
        return self.texts is not None
