"""A working config for a table: what `nnrun init` writes."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Template

import polars as pl

from nnrun.config.schema import Data
from nnrun.config.yaml_source import in_yaml
from nnrun.errors import TableError
from nnrun.features.column import Column
from nnrun.features.encoder import MAX_CATEGORIES
from nnrun.features.labels import KNOWN_LABELS, label_key
from nnrun.features.statistics import Moments
from nnrun.tables.block import Block
from nnrun.tables.table import open_table
from nnrun.wording import did_you_mean, listed, short_path

NULL_VALUES = Data(train="table.csv", target=["target"]).null_values
UNITS = 128  # of the first hidden layer, half in the second: on 15 public tables of 344 rows on no size did better
ROWS_PER_UNIT = 3  # smaller tables get fewer units
STEPS = 600  # an epoch's steps at the most: larger tables get larger batches, up to 1,024 rows
MAX_CLASSES = 20  # whole numbers from 0 or 1 on, with no gap up to this many, are taken for classes
IDENTIFIER = re.compile(r"(?i)(.*[_ -])?(id|uuid|guid|index|rownum|row_number)|Unnamed: 0")


class _Profile(Column):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.range = Moments(1)
        self.counts_rows = True  # one by one, from any number on

    def numbers(self, block: Block, *, boolean: bool) -> pl.Series:
        numbers = super().numbers(block, boolean=boolean)
        ahead = numbers - pl.int_range(self.rows - len(numbers), self.rows, eager=True)
        self.counts_rows = (
            self.counts_rows and ahead.null_count() == 0 and ahead.min() == ahead.max()
        )
        self.range.add(numbers.to_numpy()[:, None])
        return numbers

    def why_drop(self) -> str | None:
        if self.kind == "number" and (
            self.counts_rows or (self.range.whole[0] and IDENTIFIER.fullmatch(self.name))
        ):
            return "tells rows apart, as an identifier"
        for fault in (self.not_number, self.not_finite, self.too_large):
            if self.kind == "number" and fault.count:
                return f"has a cell that {fault.what}: {fault.cells[0]!r}"
        if len(self.texts) == 1 and not self.missing.count:
            return "is always the same"
        return self.unfit(expand_dates=True)


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
    return _fill_in(table.name, path, profile, counts, list(columns.values()))


def _fill_in(
    table: str, path: str, target: _Profile, counts: Counter[str], others: list[_Profile]
) -> str:
    labels = tuple(sorted({label_key(text) for text in counts}))
    kind, last_layer, loss = _output(table, target, counts, len(labels))
    dropped = {column.name: why for column in others if (why := column.why_drop())}
    inputs = [column for column in others if column.name not in dropped]
    if not inputs:
        reasons = "; ".join(f"{name!r} {why}" for name, why in dropped.items())
        raise TableError(f"{table}: no column is left to be an input: {reasons}")
    units = max(8, min(UNITS, target.rows // ROWS_PER_UNIT // 8 * 8))
    rarer = _rarer(counts) if len(labels) == 2 and labels not in KNOWN_LABELS else None
    return Template(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")).substitute(
        rows=f"{target.rows:,}",
        table=repr(table),
        path=in_yaml(path),
        target=in_yaml(target.name),
        kind=kind,
        more="".join(f"  {line}\n" for line in _more(rarer, dropped, inputs, target)),
        first=units,
        second=units // 2,
        last=last_layer,
        loss=loss,
        batch_size=max(32, min(1024, 1 << (target.rows // STEPS).bit_length())),
    )


def _rarer(counts: Counter[str]) -> str:
    """Return the label, as it is spelt, that fewer rows have."""
    return min(
        counts,
        key=lambda text: sum(n for t, n in counts.items() if label_key(t) == label_key(text)),
    )


def _more(
    positive: str | None, dropped: dict[str, str], inputs: list[_Profile], target: _Profile
) -> Iterator[str]:
    """Yield what stands under `data` for some tables only."""
    if positive is not None:
        yield f"positive: {in_yaml(positive)}  # the label that probabilities are of, the rarer one"
    if dropped:
        yield f"drop: [{', '.join(map(in_yaml, dropped))}]"
        yield from (f"# {name!r} {why}" for name, why in dropped.items())
    if gaps := [column.name for column in (*inputs, target) if column.missing.count]:
        yield f"missing: mean  # in {listed(gaps, 3)}: a number gets the mean, text a category, no target no row"
    if any(column.kind == "date" for column in inputs):
        yield "dates: expand  # to year, month, day, weekday and hour"


def _output(
    table: str, target: _Profile, counts: Counter[str], labels: int
) -> tuple[str, str, str]:
    """Return the target's kind in words, and the last layer and the loss that predict it."""
    kind, statistics = target.kind, target.range.describe(0)
    low, high = statistics["minimum"], statistics["maximum"]
    most = 0.4 * counts.total()  # labels: two rows of each, of those that are not held out
    whole = (
        statistics["whole"]
        and low in (0, 1)
        and high - low == labels - 1 <= min(MAX_CLASSES, most) - 1
    )
    if labels < 2:
        value = listed(list(counts), 1) or "no value"
        raise TableError(f"{table}: column {target.name!r} is no target: {value} in every row")
    if labels == 2:
        return "two labels", "units: 1, activation: sigmoid", "BinaryCrossentropy"
    if kind == "date" or (kind == "text" and labels > min(MAX_CATEGORIES, most)):
        why = target.unfit(expand_dates=False) or "has few rows of each label"
        raise TableError(f"{table}: column {target.name!r} is no target: it {why}")
    if kind == "text" or whole:
        return (
            f"{labels} labels",
            f"units: {labels}, activation: softmax",
            "SparseCategoricalCrossentropy",
        )
    if problems := target.problems("number", missing=False, text_advice=""):
        raise TableError(problems)
    span = f"{low:g} to {high:g}"
    if low >= 0:  # softplus: a ReLU that cannot die
        return f"{span}, never negative", "units: 1, activation: softplus", "MeanSquaredError"
    return f"{span}, any number", "units: 1, activation: linear", "MeanSquaredError"
