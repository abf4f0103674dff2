"""Labels in the cells of a target, however they are spelt."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from nnrun.features.cells import ParsedCells
from nnrun.features.faults import ColumnFaults
from nnrun.tables.block import Block

NUMBER = r"[-+]?(\d{1,15}\.?\d*|\.\d+)"  # beyond 15 digits floats merge integers
NO_CODES = pl.Series([], dtype=pl.Int32)

KNOWN_LABELS = {("0.0", "1.0"), ("false", "true"), ("no", "yes")}
"""Pairs of keys of which the second is the positive label."""


def label_key(text: str) -> str:
    """Return the key that all spellings of a label share, as `1` and `1.0`, `Yes` and `yes` do.

    Args:
        text: A label as a cell or a config has it, with or without spaces around it.
    """
    stripped = text.strip()
    if re.fullmatch(NUMBER, stripped):
        return repr(float(stripped))
    lower = stripped.lower()
    if lower in ("true", "false", "yes", "no"):
        return lower
    return stripped


def label_codes(labels: Iterable[str]) -> dict[str, int]:
    """Return the number of each label, from 0 on, by its key.

    Args:
        labels: The labels, in the order of their numbers.
    """
    return {label_key(label): code for code, label in enumerate(labels)}


def order_keys(keys: Iterable[str], positives: Iterable[str] = ()) -> list[str]:
    """Return the keys of labels in order, numbers by value, those of positive labels last.

    Args:
        keys: The keys of labels, as `label_key` makes them, in any order.
        positives: The keys, or texts, of labels that come last.
    """
    ordered = sorted(keys)
    try:
        ordered.sort(key=float)
    except ValueError:  # not all are numbers
        ordered.sort()
    positive_keys = {label_key(label) for label in positives}
    ordered.sort(key=lambda key: key in positive_keys)
    return ordered


def encode_labels(block: Block, name: str, codes: Mapping[str, int]) -> ParsedCells:
    """Return the code of each label as Int32.

    Args:
        block: Some rows of a table.
        name: The column.
        codes: The code of each label, by its key.

    Returns:
        Faulty cells are `missing`, or have no code (`unknown_label`).
    """
    return _encode_texts(block.texts(name), codes)


def _encode_texts(texts: pl.Series, codes: Mapping[str, int]) -> ParsedCells:
    """Return the code of each text as Int32, given the code of each label by its key."""
    code_of_text = {}
    for text in texts.drop_nulls().unique():
        code_of_text[text] = codes.get(label_key(text))
    values = texts.replace_strict(code_of_text, default=None, return_dtype=pl.Int32)
    return ParsedCells(
        values,
        texts,
        {
            "unknown_label": values.is_null() & texts.is_not_null(),
            "missing": texts.is_null(),
        },
    )


@dataclass(frozen=True)
class LabelProfile:
    """What one reading of a table tells of the labels in a target.

    Attributes:
        spellings: How each label is first written, by its key, in the order of the rows.
        codes: For each row the place of its label among the spellings, null where it is missing.
    """

    spellings: Mapping[str, str]
    codes: pl.Series

    def ranks(self) -> pl.Series:
        """Return for each row the place of its label's key among all keys in order, from 1 on."""
        keys = pl.Series(list(self.spellings))
        ranks = keys.rank("ordinal")
        return ranks.gather(self.codes)

    def ordered_codes(self, positives: Iterable[str]) -> pl.Series:
        """Return for each row the place of its label in the order of `order_keys`, from 0 on.

        Args:
            positives: The keys, or texts, of labels that come last.

        Returns:
            A series of shape (rows,), null where the label is missing.
        """
        ordered_keys = order_keys(self.spellings, positives)
        place_of_key = {key: place for place, key in enumerate(ordered_keys)}
        places = [place_of_key[key] for key in self.spellings]
        return pl.Series(places).gather(self.codes)


class LabelSurvey:
    """Gathers the labels of a target block by block.

    Args:
        name: The column of the target.

    Attributes:
        faults: How many cells there are, and which of them are missing.
    """

    def __init__(self, name: str) -> None:
        self.faults = ColumnFaults(name)
        self._spellings: dict[str, str] = {}
        self._codes: list[pl.Series] = []

    def add(self, block: Block) -> None:
        """Take the labels of a block into account.

        Args:
            block: Some rows of the table, each of which comes once.
        """
        texts = block.texts(self.faults.name)
        distinct = texts.drop_nulls().unique(maintain_order=True)
        for text in distinct:
            self._spellings.setdefault(label_key(text), text)
        codes = {key: code for code, key in enumerate(self._spellings)}
        parsed = _encode_texts(texts, codes)
        self.faults = self.faults.record(block, parsed)
        self._codes.append(parsed.values)

    def result(self) -> LabelProfile:
        """Return what the blocks so far hold."""
        codes = pl.concat([NO_CODES, *self._codes])
        return LabelProfile(dict(self._spellings), codes)
