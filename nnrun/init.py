"""A working config for a table: what `nnrun init` writes."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from nnrun.columns import MAX_CATEGORIES, Column, Moments, in_yaml, label_key
from nnrun.config import Data
from nnrun.data import Block, Table, open_table
from nnrun.encoding import KNOWN_LABELS
from nnrun.errors import TableError, did_you_mean, listed, short_path

NULL_VALUES = Data(train="table.csv", target=["target"]).null_values
UNITS = 128  # of the first hidden layer, half in the second: on 15 public tables of 344 rows on no size did better
ROWS_PER_UNIT = 3  # smaller tables get fewer units
STEPS = 600  # an epoch's steps at the most: larger tables get larger batches, up to 1,024 rows
RECIPE = """\
optimizer: {{name: adam, learning_rate: 0.002, weight_decay: 0.1}}  # decay keeps weights small, as does Dropout
batch_size: {batch_size}
epochs: 200  # the most: early stopping ends the run, and keeps the epoch of the least loss on the rows held out
early_stopping: {{monitor: val_loss, patience: 20, restore_best_weights: true}}
reduce_lr_on_plateau: {{monitor: val_loss, factor: 0.5, patience: 5, min_lr: 0.00001}}"""
MAX_CLASSES = 20  # whole numbers from 0 or 1 on, with no gap up to this many, are taken for classes
IDENTIFIER = re.compile(r"(?i)(.*[_ -])?(id|uuid|guid|index|rownum|row_number)|Unnamed: 0")


class _Profile(Column):
    """A column as `init` looks at it: with its range, and whether it just counts the rows."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.range = Moments(1)
        self.counts_rows = True

    def numbers(self, block: Block, *, boolean: bool) -> pl.Series:
        """Look at the numbers, and return them."""
        numbers = super().numbers(block, boolean=boolean)
        ahead = numbers - pl.int_range(self.rows - len(numbers), self.rows, eager=True)
        self.counts_rows = self.counts_rows and ahead.null_count() == 0 and ahead.min() == ahead.max()
        self.range.add(numbers.to_numpy()[:, None])
        return numbers

    def why_drop(self) -> str | None:
        """Return why the column is no input, or None."""
        if self.kind == "number" and (self.counts_rows or (self.range.whole[0] and IDENTIFIER.fullmatch(self.name))):
            return "tells rows apart, as an identifier"
        for fault in (self.not_number, self.not_finite, self.too_large):
            if self.kind == "number" and fault.count:
                return f"has a cell that {fault.what}: {fault.cells[0]!r}"
        if len(self.texts) == 1 and not self.missing.count:
            return "is always the same"
        return self.unfit(expand_dates=True)


class _Output(NamedTuple):
    """How a target is predicted: its kind in words, what the config says of it, and the last layer."""

    kind: str
    units: int
    activation: str
    loss: str
    positive: str = ""


def write_config(data: Path, target: str, folder: Path) -> str:
    """Return a commented config for a table, with paths from `folder`; raise a TableError where there can be none."""
    path = os.path.relpath(data, folder)
    if path != path.encode(errors="replace").decode():
        raise TableError(f"{path!r}: the name is not UTF-8, as a config is; rename the file")
    table = open_table(data, NULL_VALUES, short_path(str(data)))
    if target not in table.columns:
        hint = did_you_mean(target, table.columns) or f"; it has {listed(table.columns, 12)}"
        raise TableError(f"{table.name}: {target!r} is not a column{hint}")
    columns = {name: _Profile(name) for name in table.columns}
    counts: Counter[str] = Counter()
    for block in table.blocks():
        counts.update(block.texts(target).drop_nulls().to_list())
        for column in columns.values():
            column.survey(block)
    profile = columns.pop(target)
    output = _output(table.name, profile, counts)
    dropped = {name: why for name, column in columns.items() if (why := column.why_drop())}
    inputs = [column for name, column in columns.items() if name not in dropped]
    if not inputs:
        reasons = "; ".join(f"{name!r} {why}" for name, why in dropped.items())
        raise TableError(f"{table.name}: no column is left to be an input: {reasons}")
    return "\n".join(_lines(table, path, profile, output, dropped, inputs)) + "\n"


def _output(table: str, target: _Profile, counts: Counter[str]) -> _Output:
    """Return how to predict the target, by what its cells are."""
    kind, statistics = target.kind, target.range.describe(0)
    spelt = {label_key(text): text for text in counts}
    low, high = statistics["minimum"], statistics["maximum"]
    most = 0.4 * counts.total()  # labels: two rows of each, of those that are not held out
    whole = statistics["whole"] and low in (0, 1) and high - low == len(spelt) - 1 <= min(MAX_CLASSES, most) - 1
    if len(spelt) < 2:
        value = listed(list(counts), 1) or "no value"
        raise TableError(f"{table}: column {target.name!r} is no target: {value} in every row")
    if len(spelt) == 2:
        known = tuple(sorted(spelt)) in KNOWN_LABELS
        rarer = min(counts, key=counts.__getitem__)
        return _Output("two labels", 1, "sigmoid", "BinaryCrossentropy", "" if known else in_yaml(rarer))
    if kind == "date" or (kind == "text" and len(spelt) > min(MAX_CATEGORIES, most)):
        why = target.unfit(expand_dates=False) or "has few rows of each label"
        raise TableError(f"{table}: column {target.name!r} is no target: it {why}")
    if kind == "text" or whole:
        return _Output(f"{len(spelt)} labels", len(spelt), "softmax", "SparseCategoricalCrossentropy")
    if problems := target.problems("number", missing=False, text_advice=""):
        raise TableError(problems)
    never = low >= 0
    shown = f"{low:g} to {high:g}, {'never negative' if never else 'any number'}"
    return _Output(shown, 1, "softplus" if never else "linear", "MeanSquaredError")  # a ReLU that cannot die


def _lines(
    table: Table, path: str, target: _Profile, output: _Output, dropped: dict[str, str], inputs: list[_Profile]
) -> Iterator[str]:
    rows = inputs[0].rows
    units = max(8, min(UNITS, rows // ROWS_PER_UNIT // 8 * 8))
    yield f"# {rows:,} rows of {table.name!r}. Next: nnrun check, then nnrun train, with this file's name."
    yield "data:"
    yield f"  train: {in_yaml(path)}"
    yield f"  target: {in_yaml(target.name)}  # {output.kind}"
    if output.positive:
        yield f"  positive: {output.positive}  # the label that probabilities are of, the rarer one"
    if dropped:
        yield f"  drop: [{', '.join(map(in_yaml, dropped))}]"
        yield from (f"  # {name!r} {why}" for name, why in dropped.items())
    if gaps := [column.name for column in (*inputs, target) if column.missing.count]:
        yield f"  missing: mean  # in {listed(gaps, 3)}: a number gets the mean, text a category, no target no row"
    if any(column.kind == "date" for column in inputs):
        yield "  dates: expand  # to year, month, day, weekday and hour"
    yield "  validation_split: 0.2  # rows that are never trained on, which tell when to stop"
    yield "layers:  # ReLU learns fast in hidden layers; the last layer goes by the target"
    yield f"  - {{units: {units}, activation: relu}}"
    yield "  - {type: Dropout, rate: 0.1}"
    yield f"  - {{units: {units // 2}, activation: relu}}"
    yield "  - {type: Dropout, rate: 0.1}"
    yield f"  - {{units: {output.units}, activation: {output.activation}}}"
    yield f"loss: {output.loss}"
    yield RECIPE.format(batch_size=max(32, min(1024, 1 << (rows // STEPS).bit_length())))
