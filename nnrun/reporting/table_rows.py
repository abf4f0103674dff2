"""Rows of a run's tables as their files have them: their places and their cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nnrun.features.dataset import Dataset
from nnrun.features.kept_rows import kept_rows, needed_columns
from nnrun.features.loading import open_tables
from nnrun.features.profile import profile_table
from nnrun.features.split import split_rows
from nnrun.results.array_types import Integers
from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.tables.table_file import ReadingPlan


@dataclass(frozen=True)
class TableRow:
    """A row as its file has it.

    Attributes:
        place: Where it stands: `line 17` of a text file, or `row 16`.
        cells: Its cells by column, "" where one is missing.
    """

    place: str
    cells: Mapping[str, str]


def rows_held_out(
    dataset: Dataset,
    part: str,
    numbers: Integers,
    columns: Sequence[str],
) -> list[TableRow]:
    """Return some of the rows of `test` or `validation`, in the order of `numbers`.

    Args:
        dataset: The dataset of the rows.
        part: Which part they are rows of.
        numbers: Their numbers among the rows of the part, from 0 on, shape (rows,).
        columns: The columns whose cells are wanted.
    """
    tables = open_tables(dataset.config)
    wanted = numbers
    table = tables.get(part)
    if table is None:  # rows held out of the training table
        table = tables["train"]
        profile = profile_table(table, dataset.config)
        parts = split_rows(profile)
        numbers_of_part = np.flatnonzero(parts[part])
        wanted = numbers_of_part[numbers]
    return _rows_at(table, dataset, wanted, columns)


def _rows_at(
    table: Table,
    dataset: Dataset,
    numbers: Integers,
    columns: Sequence[str],
) -> list[TableRow]:
    """Return rows of a table by their numbers among those that are not left out."""
    rows_by_number: dict[int, TableRow] = {}
    start = 0
    for block in _blocks_without_missing(table, dataset, columns):
        end = start + len(block.frame)
        is_inside = (numbers >= start) & (numbers < end)
        inside = np.sort(numbers[is_inside])
        numbers_of_block = (inside - start).tolist()
        rows = _rows_of_block(block, numbers_of_block, columns)
        rows_by_number.update(zip(inside.tolist(), rows, strict=True))
        start = end
    return [rows_by_number[number] for number in numbers.tolist()]


def _blocks_without_missing(
    table: Table, dataset: Dataset, columns: Sequence[str]
) -> Iterator[Block]:
    """Yield the blocks of a table without the rows that the dataset leaves out."""
    features = list(dataset.encoder.column_inputs)
    targets = dataset.encoder.target_names
    needed = needed_columns(dataset.config.data.missing, features, targets)
    plan = ReadingPlan(columns=frozenset([*columns, *needed]))
    for block, _ in kept_rows(table, needed, plan):
        yield block


def _rows_of_block(block: Block, numbers: list[int], columns: Sequence[str]) -> list[TableRow]:
    """Return rows of a block by their numbers in it, from 0 on."""
    if not numbers:
        return []
    texts_of_columns = {name: block.texts(name) for name in columns}
    places = block.places(numbers)
    rows = []
    for number, place in zip(numbers, places, strict=True):
        cells = {}
        for name, texts in texts_of_columns.items():
            cells[name] = texts[number] or ""
        named_place = f"line {place}" if place.isdigit() else place
        rows.append(TableRow(named_place, cells))
    return rows
