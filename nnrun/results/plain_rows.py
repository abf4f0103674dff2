"""A single row encoded without a table, where nothing about it is unusual.

A table of one row takes most of a millisecond; this takes a tenth of it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.features.matrix_store import Matrix
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.features.training_range import training_ranges
from nnrun.tables.block import NullValues


class PlainRows:
    """Encodes rows of numbers near those of training and known categories as the encoder does.

    Args:
        encoder: The encoder of a run.
        nulls: What missing cells look like.
    """

    def __init__(self, encoder: Encoder, nulls: NullValues) -> None:
        self._width = len(encoder.inputs)
        self._numbers: dict[str, int] = {}  # the input of a column
        self._categories: dict[str, dict[str, int]] = {}  # the input of each category of a column
        self._needs_encoder = False
        self._ranges = training_ranges(encoder)
        self._missing_numbers = set(nulls.numbers)
        self._missing_texts = {"", *nulls.texts}
        start = 0
        for feature in encoder.features:
            self._plan(feature, start)
            start += feature.width

    def encode(self, row: Mapping[str, Any]) -> Matrix | None:
        """Return the inputs, float32 (1, inputs), or None where the row needs the encoder itself.

        Args:
            row: A value for each column of the features, by its name.
        """
        if self._needs_encoder:
            return None
        x = np.zeros((1, self._width))
        for name, place in self._numbers.items():
            value = row[name]
            if not self._is_plain(value) or self._is_far(name, value):
                return None
            x[0, place] = value
        for name, places in self._categories.items():
            category = row[name]
            if not isinstance(category, str) or category not in places:
                return None
            x[0, places[category]] = 1
        return x.astype(np.float32)

    def _plan(self, feature: Feature, start: int) -> None:
        """Note how the cells of a feature that begins at this input are written."""
        if feature.kind == "text":
            self._categories[feature.name] = {
                category: start + place
                for place, category in enumerate(feature.categories)
                if category is not None and self._is_present(category)
            }
        elif feature.format is not None or feature.sign:
            self._needs_encoder = True
        else:
            self._numbers[feature.name] = start

    def _is_present(self, text: str) -> bool:
        return text == text.strip() and text not in self._missing_texts

    def _is_far(self, name: str, value: float) -> bool:
        """Tell whether a value lies so far beyond those of training that the user is told."""
        if name not in self._ranges:
            return False
        _, low, high = self._ranges[name]
        return not low <= value <= high

    def _is_plain(self, value: object) -> bool:
        """Tell whether a value is a number that float32 holds, and looks like no missing cell."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return False
        return abs(value) <= FLOAT32_MAX and value not in self._missing_numbers
