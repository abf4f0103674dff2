"""Cells that are missing or wrong: how many, where they stand, and the messages that tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from nnrun.features.cells import FaultKind, ParsedCells
from nnrun.features.missing_marks import marks_missing
from nnrun.features.number_hint import number_hint, written_elsewhere
from nnrun.tables.block import Block
from nnrun.wording import received

SHOWN = 3  # how many lines or cells a message names
KEPT = 20  # how many distinct cells are known: a list of more is nothing to paste

MISSING = "the cell is missing; fill it in, or set missing: mean or missing: drop under data"
OWED = (
    "the cell is missing, in a row to predict; "
    "fill it in, or train with missing: mean, or give --bad-cells missing, "
    'in Python bad_cells="missing"'
)
NO_TARGET = (
    "the target is missing; fill it in, "
    "or leave the row out with missing: drop (or mean) under data"
)
NUMBER_RULES: Mapping[FaultKind, str] = {
    "not_number": "is not a number",
    "not_finite": "is not finite",
    "too_large": "is beyond what float32 holds",
}


@dataclass(frozen=True)
class Fault:
    """Cells of a column that are missing or wrong in one way.

    Attributes:
        count: How many there are.
        file: The file of the first one.
        places: Where the first ones in that file stand.
        cells: The first distinct ones, as text; None is a missing one.
    """

    count: int = 0
    file: str = ""
    places: tuple[str, ...] = ()
    cells: tuple[str | None, ...] = ()

    @property
    def texts(self) -> list[str]:
        """The first distinct cells that are not missing."""
        return [cell for cell in self.cells if cell is not None]

    def with_cells(
        self,
        block: Block,
        is_faulty: pl.Series,
        texts: pl.Series,
    ) -> "Fault":
        """Return the fault with the cells of another block that have it.

        Args:
            block: The block, which knows the line of each row.
            is_faulty: Whether each cell of the column has the fault, shape (rows,); null is no.
            texts: The cells as text, null where they are missing, shape (rows,).
        """
        rows = is_faulty.fill_null(value=False).arg_true()
        if not len(rows):
            return self
        return Fault(
            count=self.count + len(rows),
            file=self.file or block.name,
            places=self._places_with(block, rows),
            cells=self._cells_with(texts, rows),
        )

    def _places_with(self, block: Block, rows: pl.Series) -> tuple[str, ...]:
        """Return the first places, those of these rows of a block among them."""
        room = SHOWN - len(self.places)
        is_another_file = self.file not in ("", block.name)  # a message names lines of one file
        if room <= 0 or is_another_file:
            return self.places
        first_rows = rows.head(room).to_list()
        return (*self.places, *block.places(first_rows))

    def _cells_with(self, texts: pl.Series, rows: pl.Series) -> tuple[str | None, ...]:
        """Return the first distinct cells, those of these rows of a block among them."""
        if len(self.cells) >= KEPT:
            return self.cells
        new_cells = texts.gather(rows).unique(maintain_order=True)
        distinct = dict.fromkeys([*self.cells, *new_cells.head(KEPT)])
        return tuple(distinct)[:KEPT]

    @property
    def examples(self) -> str:
        """The first distinct cells, as a message shows them."""
        first = self.cells[:SHOWN]
        return ", ".join(map(_in_words, first))

    def where(self) -> str:
        """Return the places of the first cells, as in `line 3`, `lines 3, 5, ...` or `row 2`."""
        places = ", ".join(self.places)
        has_lines = self.places[0].isdigit()
        if has_lines:
            noun = "line" if self.count == 1 else "lines"
            places = f"{noun} {places}"
        if self.count > len(self.places):
            places += ", ..."
        return places


NO_FAULT = Fault()


@dataclass(frozen=True)
class ColumnFaults:
    """What is missing or wrong in a column, in the blocks read so far.

    Attributes:
        name: The column.
        rows: How many cells were read, the missing and wrong ones among them.
        by_kind: The faults, by their kind; kinds without any may be absent.
    """

    name: str
    rows: int = 0
    by_kind: Mapping[FaultKind, Fault] = field(default_factory=dict)

    def record(self, block: Block, parsed: ParsedCells) -> "ColumnFaults":
        """Return these faults with those of another block.

        Args:
            block: The block, which knows the line of each row.
            parsed: The column's cells in the block, with the masks of those that are wrong.
        """
        rows = self.rows + len(parsed.values)
        if parsed.texts is None:
            return replace(self, rows=rows)
        by_kind = dict(self.by_kind)
        for kind, is_faulty in parsed.faulty.items():
            fault = self[kind]
            by_kind[kind] = fault.with_cells(block, is_faulty, parsed.texts)
        return ColumnFaults(self.name, rows, by_kind)

    def with_cells(
        self,
        kind: FaultKind,
        block: Block,
        is_faulty: pl.Series,
        texts: pl.Series,
    ) -> "ColumnFaults":
        """Return these faults with cells of another block in which another one found a fault.

        Args:
            kind: The kind of the fault.
            block: The block, which knows the line of each row.
            is_faulty: Whether each cell of the column has the fault, shape (rows,); null is no.
            texts: The cells as text, null where they are missing, shape (rows,).
        """
        fault = self[kind].with_cells(block, is_faulty, texts)
        return replace(self, by_kind={**self.by_kind, kind: fault})

    def __getitem__(self, kind: FaultKind) -> Fault:
        return self.by_kind.get(kind, NO_FAULT)

    @property
    def present(self) -> int:
        """How many cells are not missing."""
        return self.rows - self["missing"].count

    @property
    def is_text(self) -> bool:
        """Whether the cells, read as numbers, are mostly none: a few among numbers are mistakes."""
        not_number = self["not_number"]
        if not_number.count <= max(1, self.present / 2):
            return False
        words = [cell for cell in not_number.texts if not marks_missing(cell)]
        if not words:  # a dash in most cells of a column of numbers
            return not_number.count == self.present
        numbers = written_elsewhere(words)
        return len(numbers) < len(words) / 2

    def messages(
        self,
        rules: Mapping[FaultKind, str],
        *,
        hinted: bool = True,
    ) -> list[str]:
        """Return a line for each rule that cells break, in the order of the rules.

        Args:
            rules: What is wrong with each kind of cell.
            hinted: Whether a line tells how a number could be written otherwise.
        """
        messages = []
        for kind, rule in rules.items():
            fault = self[kind]
            if fault.count:
                messages.append(cell_message(self.name, fault, rule, hinted=hinted))
        return messages

    def number_messages(
        self,
        rules: Mapping[FaultKind, str],
        text_advice: str = "",
        *,
        advice: str = "",
    ) -> list[str]:
        """Return a line for each kind of fault where numbers are expected, or one that it is text.

        Args:
            rules: What is wrong with other cells than those that are no good number.
            text_advice: How the line ends that a column holds text.
            advice: How the line ends that tells of text among numbers.
        """
        not_number = self["not_number"]
        if self.is_text:
            place = f"{not_number.file}: column {self.name!r}"
            return [f"{place} holds text ({not_number.examples}){text_advice}"]
        lines = self.messages({**NUMBER_RULES, **rules})
        if not_number.count and not number_hint(*not_number.texts):
            lines[0] += advice
        return lines


def cell_message(
    column: str,
    fault: Fault,
    rule: str,
    *,
    hinted: bool = True,
) -> str:
    """Return a line that names the first cell, and the lines of the others.

    Args:
        column: The column.
        fault: The cells of a kind that are wrong, at least one.
        rule: What is wrong with them.
        hinted: Whether the line tells how a number could be written otherwise.
    """
    first_place = fault.places[0]
    place = f"{fault.file}:{first_place}: column {column!r}"
    first_cell = fault.cells[0]
    problem = rule
    if first_cell is not None:
        problem = f"{received(first_cell)} {rule}"
    hint = number_hint(*fault.texts) if hinted else ""
    others = _other_cells(fault)
    return f"{place}: {problem}{hint}{others}"


def _other_cells(fault: Fault) -> str:
    if fault.count == 1:
        return ""
    places = fault.where()
    return f" ({fault.count} such cells: {places})"


def _in_words(cell: str | None) -> str:
    return "a missing cell" if cell is None else repr(cell)
