"""The distinct texts of a column and their rows, gathered block by block."""

from collections import Counter

import numpy as np
import polars as pl

from nnrun.features.kept_rows import RowMask

MOST_TEXTS = 20_000
"""A column of more distinct texts is refused: it tells rows apart. Places fit in 16 bits."""

MOST_NUMBERS = 100
"""Numbers of more distinct ones are not codes, and need not be looked at as text."""


class TextSurvey:
    """Gathers the distinct texts of a column, and how many rows have each.

    Args:
        keep_places: Whether to keep for each row the place of its text, by which the rows of some
            part of the table are counted. It takes two bytes a row.

    Attributes:
        overflowed: Whether there are too many texts to count them.
    """

    def __init__(self, *, keep_places: bool) -> None:
        self.overflowed = False
        self._counts: Counter[str] = Counter()
        self._places: list[pl.Series] | None = [] if keep_places else None

    @property
    def texts(self) -> tuple[str, ...]:
        """The distinct texts in the order of the rows; where they overflowed, the first ones."""
        return tuple(self._counts)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows have each text; empty where they overflowed."""
        return {} if self.overflowed else dict(self._counts)

    def places(self) -> pl.Series | None:
        """Return the place of each row's text as UInt16, null where it is missing; or None."""
        if self.overflowed or not self._places:
            return None
        return pl.concat(self._places)

    def add(self, texts: pl.Series, distinct: pl.Series, most: int) -> None:
        """Take a block into account.

        Args:
            texts: The cells as text, null where they are missing.
            distinct: Those that are not null, each once, in the order of the rows.
            most: The survey overflows where there are more distinct texts.
        """
        if self.overflowed:
            return
        first = distinct.head(most + 1)
        stripped = [text.strip() for text in first]
        self._counts.update(dict.fromkeys(stripped, 0))
        has_further_texts = len(first) < len(distinct)
        if has_further_texts or len(self._counts) > most:
            self._overflow(most)
            return
        numbers = texts.cast(pl.Enum(distinct)).to_physical()  # of each row's text in `distinct`
        present = numbers.drop_nulls().to_numpy()
        counts = np.bincount(present, minlength=len(stripped))
        for text, count in zip(stripped, counts.tolist(), strict=True):
            self._counts[text] += count
        if self._places is not None:
            self._places.append(self._places_of(stripped).gather(numbers))

    def _places_of(self, stripped: list[str]) -> pl.Series:
        """Return the places of texts among all so far, as UInt16."""
        place_of_text = {text: place for place, text in enumerate(self._counts)}
        places = [place_of_text[text] for text in stripped]
        return pl.Series(places, dtype=pl.UInt16)

    def _overflow(self, most: int) -> None:
        """Keep the first texts alone, one more than are counted, and how many rows of none."""
        self.overflowed = True
        kept = list(self._counts)[: most + 1]
        self._counts = Counter(dict.fromkeys(kept, 0))
        self._places = None


def count_rows(
    texts: tuple[str, ...],
    places: pl.Series,
    is_row: RowMask,
) -> dict[str, int]:
    """Return how many of the rows have each of the texts, without those that none has.

    Args:
        texts: The distinct texts.
        places: For each row the place of its text among these, null where it is missing.
        is_row: Which of the rows are counted, shape (rows,).
    """
    places_of_rows = places.filter(pl.Series(is_row)).drop_nulls().to_numpy()
    counts = np.bincount(places_of_rows, minlength=len(texts))
    rows_by_text = {}
    for text, count in zip(texts, counts.tolist(), strict=True):
        if count:
            rows_by_text[text] = count
    return rows_by_text
