"""How the cells of a table are to be read: a first reading tells it, and a second one does so."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from nnrun.features.column_profile import kind_of
from nnrun.reporting.starter_columns import is_category, wrong_dates
from nnrun.reporting.starter_dates import guess_day_order
from nnrun.reporting.starter_survey import (
    MOST_WRONG_CELLS,
    NULL_VALUES,
    Reading,
    SurveyedColumn,
    TableSurvey,
    survey_table,
)
from nnrun.reporting.starter_target import count_labels
from nnrun.tables.block import NullValues
from nnrun.tables.table import Table

WORDS = ("None", "NA", "N/A", "n/a", "null", "NULL")
"""The texts among the null values that may be words: `None` of a list of illnesses, `NA` of
Namibia. The others are what programs write for a missing cell."""

FREQUENT_LABEL = 0.5
"""Of the share that each label would have if all had the same: a word that is so frequent in the
target is a label."""


def survey_as_fits(
    table: Table, target: str, *, has_decimal_comma: bool
) -> tuple[TableSurvey, Reading]:
    """Read a table, once more if its cells ask for another way to read them.

    Args:
        table: The table, opened with any null values.
        target: The column to predict.
        has_decimal_comma: Whether the table writes numbers as in 1,5.

    Returns:
        What the table holds, and how its cells were read.

    Raises:
        TableError: The table cannot be read.
    """
    words = label_words(table, target)
    null_values = tuple(text for text in NULL_VALUES if text not in words)
    first = Reading(null_values)
    survey = survey_table(table, target, first)
    reading = choose_reading(survey, words, has_decimal_comma=has_decimal_comma)
    if reading == first:
        return survey, reading
    return survey_table(table, target, reading), reading


def choose_reading(
    survey: TableSurvey, words: Collection[str], *, has_decimal_comma: bool
) -> Reading:
    """Return how the cells of a table are read best.

    Args:
        survey: What a first reading tells.
        words: Labels of the target that look like missing cells.
        has_decimal_comma: Whether the table writes numbers as in 1,5.
    """
    null_values: Sequence[str] = NULL_VALUES
    if words:
        null_values = ["", *_null_texts(survey.columns, words)]
    categories = []
    for column in survey.columns:
        if is_category(column):
            categories.append(column.name)
    profiles = [column.profile for column in survey.columns]
    return Reading(
        null_values=(*null_values, *_marks(survey)),
        categorical=frozenset(categories),
        day_order=guess_day_order(profiles, has_decimal_comma=has_decimal_comma),
    )


def label_words(table: Table, target: str) -> list[str]:
    """Return the texts of a target that count as missing by default, and are likely labels.

    Args:
        table: The table, which is read from its beginning.
        target: The name of the target.
    """
    counts: Counter[str] = Counter()
    numbers = 0
    no_null_values = NullValues.of([])
    for block in table.blocks():
        all_texts = replace(block, null_values=no_null_values).texts(target)
        texts = all_texts.drop_nulls()
        counts.update(texts.to_list())
        values = texts.cast(pl.Float64, strict=False)
        numbers += int(values.is_finite().sum())
    words = {word: counts[word] for word in WORDS if word in counts}
    labels = count_labels({text: counts[text] for text in counts if text not in NULL_VALUES})
    are_mostly_numbers = numbers > labels.total() / 2
    if not words or are_mostly_numbers:
        return []
    rows = labels.total() + sum(words.values())
    fair_share = rows / (len(labels) + len(words))
    least_rows = FREQUENT_LABEL * fair_share
    return [word for word, rows in words.items() if rows >= least_rows]


def _null_texts(columns: Iterable[SurveyedColumn], labels: Iterable[str]) -> list[str]:
    """Return the null values that stand in these columns, but for those that are labels."""
    present: set[str] = set()
    for column in columns:
        present.update(column.null_texts)
    return [text for text in NULL_VALUES if text in present and text not in labels]


def _marks(survey: TableSurvey) -> list[str]:
    """Return the cells of columns of numbers or dates that are neither: they are missing."""
    labels = survey.label_counts
    marks: list[str] = []
    for column in survey.columns:
        if _is_marked(column, labels):
            marks += column.wrong_cells
        no_dates = wrong_dates(column.profile)
        if not labels.keys() & no_dates:
            marks += no_dates
    target = survey.target
    if _is_marked(target, {}) and not any(map(_has_digit, target.wrong_cells)):
        marks += target.wrong_cells
    return list(dict.fromkeys(marks))


def _is_marked(column: SurveyedColumn, labels: Mapping[str, int]) -> bool:
    """Tell whether a column is numbers with a few other cells, none of which is a label."""
    if kind_of(column.profile) != "number":
        return False
    cells = column.wrong_cells
    are_few = len(cells) <= MOST_WRONG_CELLS
    are_labels = bool(cells.keys() & labels.keys())
    return are_few and not are_labels


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))
