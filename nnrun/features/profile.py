"""The profile of a training table: what its columns hold, read once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from nnrun.config.lines_to_paste import columns_line, leave_out_line, null_values_line
from nnrun.config.schema import Config, Data
from nnrun.features.cells import FaultKind
from nnrun.features.column_features import column_features
from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.features.column_survey import ColumnSurvey, finish_surveys
from nnrun.features.encoder import Encoder
from nnrun.features.faults import MISSING, NO_TARGET, ColumnFaults, Fault, cell_message
from nnrun.features.feature import Feature, Target
from nnrun.features.kept_rows import RowMask, needed_columns
from nnrun.features.labels import LabelProfile, LabelSurvey, order_keys
from nnrun.features.mixed_cells import ROWS_PER_CODE
from nnrun.features.null_texts import (
    columns_with_null_texts,
    count_null_texts,
    null_text_lines,
)
from nnrun.features.numbers import parse_first_numbers, parse_numbers
from nnrun.features.row_weights import Weights, WeightSurvey
from nnrun.features.selection import choose_features, choose_targets, declared_kind
from nnrun.features.split_column import SplitColumn, SplitSurvey
from nnrun.features.unfit_columns import why_unfit
from nnrun.tables.block import Block
from nnrun.tables.table import Table
from nnrun.tables.table_file import ReadingPlan

FOR_LABELS = (
    "for labels, use BinaryCrossentropy, or SparseCategoricalCrossentropy for more than two"
)

FOR_A_LIST = (
    "a list of targets is of numbers alone or, under BinaryCrossentropy, of columns with two "
    "labels each"
)

MOST_MARKS = 10
"""A table has few marks of missing cells; more distinct texts are something else."""


@dataclass(frozen=True)
class TableProfile:
    """What one reading of a training table tells.

    Attributes:
        config: The config that names its columns.
        name: The table, as messages call it.
        rows: How many rows are kept.
        dropped: How many rows are left out for a missing cell.
        features: The profile of each feature.
        targets: What is missing or wrong in each target.
        labels: The labels of each target by its name; empty where targets are numbers.
        null_texts: For each column the rows of each text that stands for a missing cell, those of
            rows that are left out too.
        signs: The sign, such as %, that stands beside each number of a target.
        weights: The weight of each row, float32 (rows,), or None where all count alike.
        weight_problems: A line for each kind of cell that is not a weight.
        split: The column by which the table is split, or None where a share or nothing is drawn.
    """

    config: Config
    name: str
    rows: int
    dropped: int
    features: list[ColumnProfile]
    targets: list[ColumnFaults]
    labels: Mapping[str, LabelProfile]
    null_texts: Mapping[str, Mapping[str, int]]
    signs: Mapping[str, str]
    split: SplitColumn | None = None
    weights: Weights | None = None
    weight_problems: Sequence[str] = ()

    @property
    def feature_names(self) -> list[str]:
        """The columns that are features."""
        return [column.name for column in self.features]

    def problems(self) -> list[str]:
        """Return a line for each column that cannot be used, or each kind of wrong cell in it."""
        if not self.rows:
            return self.problems_of_rows()
        problems = [*self._unfit_columns(), *self.problems_of_rows()]
        for column in self.features:
            problems += self._wrong_cells(column)
        for faults in self.targets:
            problems += self._wrong_targets(faults)
        return problems

    def label_combinations(self) -> pl.Series:
        """Return for each row the place of its labels among all combinations of them, in order.

        Of a single target this is the place of its label.
        """
        if len(self.labels) == 1:
            (labels,) = self.labels.values()
            return labels.ranks()
        combinations = pl.zeros(self.rows, pl.Int64, eager=True)
        for labels in self.labels.values():
            codes = labels.ordered_codes(self.config.data.positives)
            with_codes = combinations * len(labels.spellings) + codes
            combinations = with_codes.rank("dense").cast(pl.Int64)
        return combinations

    def problems_of_rows(self) -> list[str]:
        """Return why rows cannot be taken, split or weighed, whatever reads the columns."""
        if not self.rows:
            advice = self._empty_advice()
            return [f"{self.name}: every row is left out for a missing cell{advice}"]
        problems = list(self.split.problems) if self.split else []
        return [*problems, *self.weight_problems]

    def encoder(self, is_trained: RowMask | None = None) -> Encoder:
        """Return the encoder, without statistics.

        Labels are in order, numbers by their values; the positive label is the last.

        Args:
            is_trained: Which rows are trained on, whose categories are inputs; by default all.
        """
        features: list[Feature] = []
        for column in self.features:
            features += column_features(column, self.config.data, is_trained)
        targets = [self._target(faults.name) for faults in self.targets]
        labels: list[str] = []
        if len(targets) == 1:
            labels = self._labels(targets[0].name)
        split_formats = list(self.split.formats) if self.split else []
        # not validated: of too few labels lint says what is wrong
        return Encoder.model_construct(
            features=features,
            targets=targets,
            labels=labels,
            missing=self.config.data.missing,
            split_formats=split_formats,
        )

    def _target(self, name: str) -> Target:
        """Return a target without statistics; each of several has its labels."""
        target = Target(name=name, sign=self.signs[name])
        if len(self.targets) == 1:
            return target
        return target.model_copy(update={"labels": self._labels(name)})  # not validated, as above

    def _labels(self, name: str) -> list[str]:
        """Return the labels of a target in order, of which a number has none."""
        if name not in self.labels:
            return []
        spellings = self.labels[name].spellings
        keys = order_keys(spellings, self.config.data.positives)
        return [spellings[key] for key in keys]

    def _no_dates(self, column: ColumnProfile) -> list[str]:
        """Return a line on the cells that are not dates in a column of dates, if there are any."""
        if kind_of(column) != "date":
            return []
        dates = column.dates[0]
        if not dates.others.count:
            return []
        data = self.config.data
        rule = f"is not a date, unlike most cells ({dates.example!r})"
        message = cell_message(column.name, dates.others, rule)
        advice = _advice_on_text(data, dates.others)
        categorical = columns_line(data, "categorical", [column.name])
        return [f"{message}{advice}; if the column does not hold dates: {categorical}"]

    def _messages_of_texts(
        self,
        faults: ColumnFaults,
        rules: Mapping[FaultKind, str],
        noun: str,
    ) -> list[str]:
        """Return the messages on a column of text, each with the texts that count as missing."""
        lines = null_text_lines(self.config.data, faults.name, self.null_texts, noun=noun)
        messages = []
        for message in faults.messages(rules):
            messages.append("; ".join([message, *lines]))
        return messages

    def _empty_advice(self) -> str:
        if self.config.data.missing == "drop":
            return "; set missing: mean under data"
        return ", that of the target"

    def _unfit_columns(self) -> list[str]:
        """Return why columns cannot be inputs, a line each, and the line that leaves them out."""
        expand_dates = self.config.data.dates == "expand"
        names = []
        lines = []
        for column in self.features:
            reason = why_unfit(column, expand_dates=expand_dates)
            if reason:
                names.append(column.name)
                lines.append(f"{self.name}: column {column.name!r} {reason}")
        line_to_paste = leave_out_line(self.config.data, names)
        if len(lines) == 1:
            return [f"{lines[0]}; to train without it: {line_to_paste}"]
        if lines:
            advice = f"to train without these {len(lines)} columns: {line_to_paste}"
            lines.append(f"{self.name}: {advice}")
        return lines

    def _wrong_cells(self, column: ColumnProfile) -> list[str]:
        """Return a line for each kind of wrong cell in a column that can be an input."""
        data = self.config.data
        if why_unfit(column, expand_dates=data.dates == "expand"):
            return self._no_dates(column)
        rules: dict[FaultKind, str] = {}
        if data.missing == "error":
            rules["missing"] = MISSING
        kind = kind_of(column)
        if kind == "text":
            return self._messages_of_texts(column.faults, rules, "category")
        if kind != "number":
            return [*column.faults.messages(rules), *self._no_dates(column)]
        advice = _advice_on_text(data, column.faults["not_number"])
        if _may_be_codes(column):
            categorical = columns_line(data, "categorical", [column.name])
            advice += f"; if they are codes: {categorical}"
        return column.faults.number_messages(rules, advice=advice)

    def _wrong_targets(self, faults: ColumnFaults) -> list[str]:
        """Return a line for each kind of wrong cell in a target."""
        rules: dict[FaultKind, str] = {"missing": NO_TARGET}
        if self.labels:
            return self._messages_of_texts(faults, rules, "label")
        advice = _advice_on_text(self.config.data, faults["not_number"])
        return faults.number_messages(rules, self._text_advice(), advice=advice)

    def _text_advice(self) -> str:
        """Return how the line ends that a target of numbers holds text."""
        remedy = FOR_A_LIST if len(self.targets) > 1 else FOR_LABELS
        loss = self.config.loss["name"]
        return f"; {self.config.where('loss')}: {loss} predicts numbers; {remedy}"


def _may_be_codes(column: ColumnProfile) -> bool:
    """Tell whether numbers of which the config says nothing have many rows each, as codes do."""
    if column.declared is not None or column.has_many_texts:
        return False
    return column.present >= ROWS_PER_CODE * len(column.texts)


def _advice_on_text(data: Data, fault: Fault) -> str:
    """Return the line that makes missing cells of the wrong cells in a column."""
    texts = fault.texts
    if not texts or len(texts) > MOST_MARKS:
        return ""
    line = null_values_line(data, texts)
    if data.missing == "error":
        line += " and `missing: mean`"
    return f"; if such cells are missing: {line}"


def profile_table(table: Table, config: Config) -> TableProfile:
    """Read a training table once, and return what its features and targets hold.

    Args:
        table: The training table.
        config: Says which columns are features and targets, and how they are read.

    Raises:
        ConfigError: The config names columns that are not there.
        TableError: The table cannot be read.
    """
    features = choose_features(config, table)
    targets = choose_targets(config)
    missing = config.data.missing
    survey = _TableSurvey(features, targets, config)
    wanted = [*features, *targets, *config.columns_apart]
    plan = ReadingPlan(columns=frozenset(wanted))
    dropped = 0
    needed = needed_columns(missing, features, targets)
    for block in table.blocks(plan):
        kept = block.without_missing(needed)
        lacking = len(block.frame) - len(kept.frame)
        dropped += lacking + block.blank_rows
        survey.add(kept)
        survey.count_null_texts(block)
        if missing != "drop":  # to tell which rows to leave out takes the text of every cell
            plan.numbers = survey.columns_of_numbers()
    labels = {}
    for name, labels_of_target in survey.labels.items():
        labels[name] = labels_of_target.result()
    profile = TableProfile(
        config=config,
        name=table.name,
        rows=survey.rows,
        dropped=dropped,
        features=finish_surveys(survey.features, table, needed),
        targets=survey.target_faults(),
        labels=labels,
        null_texts=survey.null_texts,
        signs=survey.signs,
    )
    return survey.with_rows(profile)


class _TableSurvey:
    """Gathers what the features and targets of a table hold, block by block.

    Args:
        features: The columns that are features.
        targets: The columns that are targets.
        config: Says how they are read, and whether targets are labels.
    """

    def __init__(self, features: list[str], targets: list[str], config: Config) -> None:
        split = config.data.split
        is_split = config.data.validation_split > 0 or split is not None
        self.rows = 0
        self.features: list[ColumnSurvey] = []
        for name in features:
            survey = ColumnSurvey(
                name,
                declared_kind(config.data, name),
                keep_places=is_split,
                day_first=config.data.day_first,
            )
            self.features.append(survey)
        self.split = SplitSurvey(split, config.data) if split else None
        weight = config.data.sample_weight
        self.weights = WeightSurvey(weight) if weight is not None else None
        self.labels: dict[str, LabelSurvey] = {}
        self._numbers: dict[str, ColumnFaults] = {}
        if config.is_classes:
            self.labels = {name: LabelSurvey(name) for name in targets}
        else:
            self._numbers = {name: ColumnFaults(name) for name in targets}
        self.signs = dict.fromkeys(targets, "")
        self.null_texts: dict[str, Counter[str]] = {}
        for name in (*features, *targets):
            self.null_texts[name] = Counter()

    def add(self, block: Block) -> None:
        """Take a block into account."""
        self.rows += len(block.frame)
        for column in self.features:
            column.add(block)
        if self.split:
            self.split.add(block)
        if self.weights:
            self.weights.add(block)
        for labels in self.labels.values():
            labels.add(block)
        for name in self._numbers:
            self._add_numbers(block, name)

    def _add_numbers(self, block: Block, name: str) -> None:
        """Take the numbers of a target into account; the first cells tell its sign."""
        faults = self._numbers[name]
        if faults.present:
            parsed = parse_numbers(block, name, self.signs[name])
        else:
            parsed, self.signs[name] = parse_first_numbers(block, name)
        self._numbers[name] = faults.record(block, parsed)

    def count_null_texts(self, block: Block) -> None:
        """Take the texts that stand for missing cells into account, in all rows of a block."""
        for name in columns_with_null_texts(block, self.null_texts):
            self.null_texts[name].update(count_null_texts(block, name))

    def columns_of_numbers(self) -> frozenset[str]:
        """Return the features that the next block may read as numbers."""
        return frozenset(column.name for column in self.features if column.reads_as_numbers)

    def with_rows(self, profile: TableProfile) -> TableProfile:
        """Return the profile with what splits the rows, and with their weights."""
        if self.split:
            profile = replace(profile, split=self.split.result(profile.name))
        if self.weights:
            problems = self.weights.problems()
            profile = replace(profile, weights=self.weights.values(), weight_problems=problems)
        return profile

    def target_faults(self) -> list[ColumnFaults]:
        """Return what is missing or wrong in each target."""
        if self.labels:
            return [labels.faults for labels in self.labels.values()]
        return list(self._numbers.values())
