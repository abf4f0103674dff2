"""A single row encoded without a table, where nothing about it is unusual.

A table of one row takes a millisecond, and several if it has dates; this takes a tenth of one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from nnrun.features.dates import DatePart
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature
from nnrun.features.matrix_store import Matrix
from nnrun.features.numbers import FLOAT32_MAX
from nnrun.features.statistics import Values
from nnrun.features.training_range import training_ranges
from nnrun.results.plain_dates import PLAIN_FORMATS, part_of, plain_date
from nnrun.tables.block import NullValues

Parts = dict[DatePart, int]
"""The input that each part of a date is."""


class PlainRows:
    """Encodes rows of usual numbers, dates and known categories as the encoder does.

    Args:
        encoder: The encoder of a run.
        nulls: What missing cells look like.
    """

    def __init__(self, encoder: Encoder, nulls: NullValues) -> None:
        self._width = len(encoder.inputs)
        self._numbers: dict[str, int] = {}  # the input of a column
        self._categories: dict[str, dict[str, int]] = {}  # the input of each category of a column
        self._dates: dict[str, tuple[str, Parts]] = {}  # the format of a column, and its parts
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
        is_plain = (
            self._writes_numbers(x, row)
            and self._writes_dates(x, row)
            and self._writes_categories(x, row)
        )
        return x.astype(np.float32) if is_plain else None

    def _writes_numbers(self, x: Values, row: Mapping[str, Any]) -> bool:
        """Write the numbers of a row into x, and tell whether all are plain."""
        for name, place in self._numbers.items():
            value = row[name]
            if not self._is_plain(value) or self._is_far(name, value):
                return False
            x[0, place] = value
        return True

    def _writes_dates(self, x: Values, row: Mapping[str, Any]) -> bool:
        """Write the parts of a row's dates into x, and tell whether all are plain."""
        for name, (date_format, parts) in self._dates.items():
            text = row[name]
            if not isinstance(text, str) or text in self._missing_texts:
                return False
            date = plain_date(text, date_format)
            if date is None:
                return False
            numbers = {place: part_of(date, part) for part, place in parts.items()}
            first_part = next(iter(numbers.values()))  # which the range is of
            if self._is_far(name, first_part):
                return False
            for place, number in numbers.items():
                x[0, place] = number
        return True

    def _writes_categories(self, x: Values, row: Mapping[str, Any]) -> bool:
        """Write a 1 for each category of a row into x, and tell whether all are known."""
        for name, places in self._categories.items():
            category = row[name]
            if not isinstance(category, str) or category not in places:
                return False
            x[0, places[category]] = 1
        return True

    def _plan(self, feature: Feature, start: int) -> None:
        """Note how the cells of a feature that begins at this input are written."""
        if feature.kind == "text":
            places = self._categories[feature.name] = {}
            for place, category in enumerate(feature.categories, start):
                if category is not None and self._is_present(category):
                    places[category] = place
        elif feature.format in PLAIN_FORMATS and feature.part:
            _, parts = self._dates.setdefault(feature.name, (feature.format, {}))
            parts[feature.part] = start
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
