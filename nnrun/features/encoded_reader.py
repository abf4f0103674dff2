"""A table read through an encoder."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Literal, NamedTuple

import numpy as np
import polars as pl

from nnrun.errors import TableError
from nnrun.features.categories import spell_numbers
from nnrun.features.cells import FaultKind, ParsedCells
from nnrun.features.column_notes import column_note, unseen_note
from nnrun.features.encoder import Encoder
from nnrun.features.faults import MISSING, NO_TARGET, NUMBER_RULES, OWED, ColumnFaults
from nnrun.features.feature import Feature
from nnrun.features.kept_rows import (
    MissingPolicy,
    RowMask,
    blank_left_out,
    kept_rows,
    left_out,
    needed_columns,
)
from nnrun.features.statistics import Values
from nnrun.features.training_range import far_numbers, training_ranges
from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.tables.table_file import ReadingPlan
from nnrun.wording import counted, listed, received

TEXT_ADVICE = ", and training read numbers here"

BadCells = Literal["error", "missing"]
"""How a cell that is not a number or date is treated: as a mistake, or as a missing cell."""


class EncodedBlock(NamedTuple):
    """A block of a table, encoded.

    Attributes:
        block: The rows as the table has them.
        x: Their inputs, float64 (rows, inputs).
        y: Their targets, float64 (rows, targets); without columns where nobody asked for them.
    """

    block: Block
    x: Values
    y: Values


class EncodedReader:
    """A table read through an encoder, with its targets or without.

    Args:
        encoder: The encoder of a training table.
        table: The table to read, which may be another one.
        target: Whether to read the targets; otherwise y has no columns.
        owed: Whether every row is owed a prediction, so that none may be left out.
        fill: Whether means of the training rows replace missing numbers; otherwise these are NaN.
        most_rows: The most rows of a block; by default what the file's own have.
        has_categories: Whether the inputs of text are among the columns of x. Without them, x tells
            statistics of numbers, and is filled and compared with training by nobody.
        bad_cells: Whether a cell that is not a number or date is a mistake, or is missing. Missing
            cells are then filled, whatever the encoder says of them.

    Attributes:
        dropped: How many rows were left out in the last reading.
        kept: Columns that the blocks hold besides features and targets.
    """

    def __init__(
        self,
        encoder: Encoder,
        table: Table,
        *,
        target: bool,
        owed: bool = False,
        fill: bool = True,
        most_rows: int | None = None,
        has_categories: bool = True,
        bad_cells: BadCells = "error",
    ) -> None:
        self.encoder = encoder
        self.table = table
        self.dropped = 0
        self.kept: Sequence[str] = ()
        self._blank = 0
        self._owed = owed
        self._fill = fill and has_categories
        self._has_categories = has_categories
        self._most_rows = most_rows
        self._bad_cells = bad_cells
        self._only: RowMask | None = None
        self._features: dict[str, Feature] = {}
        for feature in encoder.features:  # of a date, the first part stands for it
            self._features.setdefault(feature.name, feature)
        self._ranges = training_ranges(encoder)
        self._targets = encoder.target_names if target else []
        self._labels = dict(zip(encoder.target_names, encoder.labels_of_targets, strict=True))
        self._faults: dict[str, ColumnFaults] = {}

    def __iter__(self) -> Iterator[EncodedBlock]:
        """Yield the table block by block.

        Where every row is owed a prediction, a table without rows is one block without rows.

        Raises:
            TableError: A column is missing, or no row is left, or cells are wrong. It then tells
                every wrong cell of the whole table, and no block is yielded from the first on.
        """
        names = [*self._features, *self._targets]
        self.table.require(names)
        self.dropped = 0
        self._blank = 0
        self._faults = {name: ColumnFaults(name) for name in names}
        needed = needed_columns(self._missing, list(self._features), self._targets)
        plan = ReadingPlan(
            numbers=self._columns_of_numbers().difference(needed),
            columns=frozenset([*names, *self.kept]),
        )
        problems: list[str] = []
        rows = 0
        for block, dropped in self._chosen_rows(needed, plan):
            rows += len(block.frame)
            self.dropped += dropped
            self._blank += block.blank_rows
            for part in self._parts(block):
                encoded = self._encode(part, plan)
                problems = self._problems()
                if not problems:
                    yield encoded
        if problems:
            raise TableError(problems)
        if not (rows or self._owed):
            raise TableError(f"{self.table.name}: every row is left out for a missing cell")

    def only(self, rows: RowMask) -> "EncodedReader":
        """Return a reader of some of the rows that are not left out, which tells of these alone.

        Args:
            rows: Whether each row is wanted, shape (rows,), counted without those that are left
                out.
        """
        reader = copy(self)
        reader._only = rows
        return reader

    def _chosen_rows(
        self,
        needed: list[str],
        plan: ReadingPlan,
    ) -> Iterator[tuple[Block, int]]:
        """Yield each block of the rows asked for, and how many rows were left out of it.

        Raises:
            TableError: The table has other rows than those that were chosen from.
        """
        if self._only is None:
            yield from kept_rows(self.table, needed, plan, may_be_empty=self._owed)
            return
        start = 0
        for block, _ in kept_rows(self.table, needed, plan):
            end = start + len(block.frame)
            if end <= len(self._only):
                yield block.only(self._only[start:end]), 0
            start = end
        expected = len(self._only)
        if start != expected:
            rows = counted(start, "row")
            problem = f"has {rows} where {expected} were expected"
            raise TableError(f"{self.table.name}: {problem}; did it change meanwhile?")

    def notes(self) -> list[str]:
        """Return how many rows were left out, and the `differences`."""
        table = self.table.name
        notes = []
        if self._blank:
            note = blank_left_out(self._blank)
            notes.append(f"{table}: {note}")
        lacking_a_cell = self.dropped - self._blank
        if lacking_a_cell:
            note = left_out(lacking_a_cell, self._missing)
            notes.append(f"{table}: {note}")
        return [*notes, *self.differences()]

    def differences(self) -> list[str]:
        """Return a line for each column with cells unlike those of training, and what they became.

        They are missing where training had few such, far beyond its range, or of other categories.
        """
        notes = []
        for name, feature in self._features.items():
            note = column_note(self.table.name, self._faults[name], feature)
            if note:
                notes.append(note)
        return notes

    def unseen(self) -> list[str]:
        """Return a line for each column with categories that training never saw."""
        notes = []
        for faults in self._faults.values():
            note = unseen_note(self.table.name, faults)
            if note:
                notes.append(note)
        return notes

    @property
    def _missing(self) -> MissingPolicy:
        if self._owed and self.encoder.missing == "drop":
            return "error"
        return self.encoder.missing

    def _columns_of_numbers(self) -> frozenset[str]:
        """Return the columns that a block of a CSV file may hold as numbers."""
        names = {feature.name for feature in self.encoder.features if feature.kind == "number"}
        if not any(self._labels.values()):
            names.update(self._targets)
        return frozenset(names)

    def _parts(self, block: Block) -> Iterator[Block]:
        """Yield the block in parts of at most `most_rows` rows."""
        rows = len(block.frame)
        if self._most_rows is None or rows <= self._most_rows:
            yield block
            return
        for start in range(0, rows, self._most_rows):
            yield block.slice(start, self._most_rows)

    def _encode(self, block: Block, plan: ReadingPlan) -> EncodedBlock:
        """Encode a block, record its faults, and take columns that needed text out of the plan."""
        x, cells = self.encoder.transform(block, has_categories=self._has_categories)
        if self._targets:
            y, target_cells = self.encoder.transform_targets(block)
            cells |= target_cells
        else:
            y = np.empty((len(block.frame), 0))
        for name, parsed in cells.items():
            self._faults[name] = self._faults[name].record(block, parsed)
        if self._has_categories:
            self._record_far_numbers(block, x, cells)
        columns_of_text = {name for name, parsed in cells.items() if parsed.needed_text}
        plan.numbers -= columns_of_text
        if self._fill:
            self.encoder.fill_missing(x)
        return EncodedBlock(block, x, y)

    def _record_far_numbers(
        self,
        block: Block,
        x: Values,
        cells: Mapping[str, ParsedCells],
    ) -> None:
        """Record the numbers of a block that lie far beyond the range of training."""
        for name, is_far in far_numbers(x, self._ranges):
            parsed = cells[name]
            texts = parsed.texts
            if texts is None:  # to read them again from the file would take long
                texts = spell_numbers(parsed.values.cast(pl.String))
            faults = self._faults[name]
            self._faults[name] = faults.with_cells("far", block, is_far, texts)

    def _problems(self) -> list[str]:
        """Return a line for each kind of wrong cell in the blocks so far, features first."""
        problems = []
        for name, feature in self._features.items():
            problems += self._feature_problems(feature, self._faults[name])
        for name in self._targets:
            problems += self._target_problems(name, self._faults[name])
        return problems

    def _feature_problems(self, feature: Feature, faults: ColumnFaults) -> list[str]:
        """Return a message for each way in which cells of a feature are errors in this reading."""
        if self._bad_cells == "missing":
            return []
        rule = f"does not have the form of the dates in training{_like_that_of(feature)}"
        rules: dict[FaultKind, str] = {"other_format": rule}
        if self._missing == "error":
            rules["missing"] = OWED if self._owed else MISSING
        if feature.sign:
            return _messages_of_sign(faults, rules, feature.sign)
        if feature.kind == "boolean":
            words = "is neither true nor false, nor 1 or 0"
            return faults.messages({**NUMBER_RULES, "not_number": words, **rules}, hinted=False)
        if feature.kind == "number":
            return faults.number_messages(rules, TEXT_ADVICE)
        return faults.messages(rules)

    def _target_problems(self, name: str, faults: ColumnFaults) -> list[str]:
        """Return a message for each way in which cells of a target are errors."""
        labels = self._labels.get(name)
        if not labels:
            return faults.number_messages({"missing": NO_TARGET}, TEXT_ADVICE)
        known = listed(labels, 10)
        rules: dict[FaultKind, str] = {
            "unknown_label": f"is not a label that training saw ({known})",
            "missing": NO_TARGET,
        }
        return faults.messages(rules)


def _messages_of_sign(
    faults: ColumnFaults,
    rules: Mapping[FaultKind, str],
    sign: str,
) -> list[str]:
    """Return the messages of a column in which a sign stands beside each number of training."""
    rule = f"is not a number with {sign!r} beside it, as those that training read here"
    return faults.messages({**NUMBER_RULES, "not_number": rule, **rules}, hinted=False)


def _like_that_of(feature: Feature) -> str:
    """Return an example of a date in training, where the run has one, else its format."""
    if feature.example is None:
        return f", {feature.format}"
    return f", as in {received(feature.example)}"
