"""A working config for a table: what `nnrun init` writes."""

import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nnrun.config.schema import Data
from nnrun.errors import TableError
from nnrun.features.column_profile import ColumnProfile, kind_of, why_unfit
from nnrun.features.column_survey import ColumnSurvey
from nnrun.features.faults import NUMBER_RULES
from nnrun.features.labels import KNOWN_LABELS, label_key
from nnrun.reporting.rendering import render
from nnrun.tables.table import Table, open_table
from nnrun.wording import did_you_mean, listed, short_path

NULL_VALUES = Data(train="table.csv", target=["target"]).null_values
UNITS = 128  # of the first hidden layer: no size did better on 15 public tables of 344 rows or more
FEWEST_UNITS = 8  # units come in steps of so many, too
ROWS_PER_UNIT = 3  # smaller tables get fewer units
STEPS = 600  # of an epoch, at the most: larger tables get larger batches
BATCH_SIZES = (32, 1024)  # the least and the most
MAX_CLASSES = 20  # whole numbers from 0 or 1 on, with no gap up to this many, are taken for classes
MOST_LABELS = 50  # text of more distinct ones is hardly a target
SHARE_OF_LABELS = 0.4  # of the rows: two rows of each label, of those that are not held out
IDENTIFIER = re.compile(r"(?i)(.*[_ -])?(id|uuid|guid|index|rownum|row_number)|Unnamed: 0")


class Output(NamedTuple):
    """What a target is, in words, and the last layer and the loss that predict it."""

    kind: str
    units: int
    activation: str
    loss: str


def write_config(data: Path, target: str, folder: Path) -> str:
    """Return a commented config for a table.

    Args:
        data: The table.
        target: The column to predict.
        folder: The folder that the config's paths are relative to.

    Raises:
        TableError: The table cannot be read, has no such column, or cannot be trained on.
    """
    path = os.path.relpath(data, folder)
    if path != path.encode(errors="replace").decode():
        raise TableError(f"{path!r}: the name is not UTF-8, as a config is; rename the file")
    table = open_table(data, NULL_VALUES, short_path(str(data)))
    if target not in table.columns:
        hint = did_you_mean(target, table.columns) or f"; it has {listed(table.columns, 12)}"
        raise TableError(f"{table.name}: {target!r} is not a column{hint}")
    columns, label_counts = _profile_columns(table, target)
    return _fill_in(table.name, path, columns.pop(target), label_counts, list(columns.values()))


def _profile_columns(table: Table, target: str) -> tuple[dict[str, ColumnProfile], Counter[str]]:
    """Return the profile of each column, and the rows of each text in the target."""
    surveys = {name: ColumnSurvey(name) for name in table.columns}
    counts: Counter[str] = Counter()
    for block in table.blocks():
        counts.update(block.texts(target).drop_nulls().to_list())
        for survey in surveys.values():
            survey.add(block)
    return {name: survey.result() for name, survey in surveys.items()}, counts


def _fill_in(
    table: str,
    path: str,
    target: ColumnProfile,
    label_counts: Counter[str],
    others: list[ColumnProfile],
) -> str:
    """Return the config of a table whose target and other columns are known."""
    output = _choose_output(table, target, label_counts)
    dropped = {column.name: reason for column in others if (reason := _why_drop(column))}
    inputs = [column for column in others if column.name not in dropped]
    reasons = [f"{name!r} {reason}" for name, reason in dropped.items()]
    if not inputs:
        raise TableError(f"{table}: no column is left to be an input: {'; '.join(reasons)}")
    incomplete = [column.name for column in (*inputs, target) if column.missing]
    return render(
        "starter_config.yaml.j2",
        rows=f"{target.rows:,}",
        table=repr(table),
        path=path,
        target=target.name,
        output=output,
        positive=_choose_positive(label_counts),
        dropped=list(dropped),
        reasons=reasons,
        incomplete=listed(incomplete, 3),
        has_dates=any(kind_of(column) == "date" for column in inputs),
        units=_choose_units(target.rows),
        batch_size=_choose_batch_size(target.rows),
    )


def _choose_output(table: str, target: ColumnProfile, label_counts: Counter[str]) -> Output:
    """Return what predicts the target.

    Raises:
        TableError: Nothing can predict it.
    """
    labels = len({label_key(text) for text in label_counts})
    if labels < 2:
        value = listed(list(label_counts), 1) or "no value"
        raise TableError(f"{table}: column {target.name!r} is no target: {value} in every row")
    if labels == 2:
        return Output("two labels", 1, "sigmoid", "BinaryCrossentropy")
    most_labels = SHARE_OF_LABELS * label_counts.total()
    kind = kind_of(target)
    if kind == "date" or (kind == "text" and labels > min(MOST_LABELS, most_labels)):
        reason = why_unfit(target, expand_dates=False) or _why_labels_are_too_many(labels)
        raise TableError(f"{table}: column {target.name!r} is no target: it {reason}")
    if kind == "text" or _are_classes(target, labels, most_labels):
        return Output(f"{labels} labels", labels, "softmax", "SparseCategoricalCrossentropy")
    problems = target.faults.number_messages({}, text_advice="")
    if problems:
        raise TableError(problems)
    return _number_output(target)


def _why_labels_are_too_many(labels: int) -> str:
    if labels > MOST_LABELS:
        return f"has more than {MOST_LABELS} labels"
    return "has few rows of each label"


def _are_classes(target: ColumnProfile, labels: int, most_labels: float) -> bool:
    """Tell whether numbers are few whole ones from 0 or 1 on, without a gap."""
    has_no_gap = target.maximum - target.minimum == labels - 1
    is_few = labels <= min(MAX_CLASSES, most_labels)
    return target.whole and target.minimum in (0, 1) and has_no_gap and is_few


def _number_output(target: ColumnProfile) -> Output:
    span = f"{target.minimum:g} to {target.maximum:g}"
    if target.minimum >= 0:  # softplus: a ReLU that cannot die
        return Output(f"{span}, never negative", 1, "softplus", "MeanSquaredError")
    return Output(f"{span}, any number", 1, "linear", "MeanSquaredError")


def _choose_positive(label_counts: Mapping[str, int]) -> str | None:
    """Return the rarer of two labels, as it is first spelt; None if the labels tell themselves."""
    rows_by_key: Counter[str] = Counter()
    for text, count in label_counts.items():
        rows_by_key[label_key(text)] += count
    if len(rows_by_key) != 2 or tuple(sorted(rows_by_key)) in KNOWN_LABELS:
        return None
    return min(label_counts, key=lambda text: rows_by_key[label_key(text)])


def _why_drop(column: ColumnProfile) -> str | None:
    """Return why a column is left out of the inputs, or None."""
    if kind_of(column) == "number":
        has_the_name_of_an_identifier = IDENTIFIER.fullmatch(column.name) is not None
        if column.counts_rows or (column.whole and has_the_name_of_an_identifier):
            return "tells rows apart, as an identifier"
        for kind, rule in NUMBER_RULES.items():
            fault = column.faults[kind]
            if fault.count:
                return f"has a cell that {rule}: {fault.cells[0]!r}"
    if len(column.texts) == 1 and not column.missing:
        return "is always the same"
    return why_unfit(column, expand_dates=True)


def _choose_units(rows: int) -> int:
    """Return the units of the first hidden layer, of which the second has half."""
    steps = rows // ROWS_PER_UNIT // FEWEST_UNITS
    return max(FEWEST_UNITS, min(UNITS, steps * FEWEST_UNITS))


def _choose_batch_size(rows: int) -> int:
    """Return the least power of 2 that keeps an epoch below STEPS, within BATCH_SIZES."""
    least, most = BATCH_SIZES
    return max(least, min(most, 1 << (rows // STEPS).bit_length()))
