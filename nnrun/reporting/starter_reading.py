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
    categorical = frozenset(column.name for column in survey.columns if is_category(column))
    profiles = [column.profile for column in survey.columns]
    day_order = guess_day_order(profiles, has_decimal_comma=has_decimal_comma)
    return Reading((*null_values, *_marks(survey)), categorical, day_order)


def label_words(table: Table, target: str) -> list[str]:
    """Return the texts of a target that count as missing by default, and are likely labels.

    Args:
        table: The table, which is read from its beginning.
        target: The name of the target.
    """
    counts: Counter[str] = Counter()
    numbers = 0
    for block in table.blocks():
        texts = replace(block, null_values=NullValues.of([])).texts(target).drop_nulls()
        counts.update(texts.to_list())
        numbers += int(texts.cast(pl.Float64, strict=False).is_finite().sum())
    words = {word: counts[word] for word in WORDS if word in counts}
    labels = count_labels({text: counts[text] for text in counts if text not in NULL_VALUES})
    if not words or numbers > labels.total() / 2:
        return []
    rows = labels.total() + sum(words.values())
    fair_share = rows / (len(labels) + len(words))
    return [word for word, rows in words.items() if rows >= FREQUENT_LABEL * fair_share]


def _null_texts(columns: Iterable[SurveyedColumn], kept: Iterable[str]) -> list[str]:
    """Return the null values that stand in these columns, but for those that are labels."""
    present: set[str] = set().union(*(column.null_texts for column in columns))
    return [text for text in NULL_VALUES if text in present and text not in kept]


def _marks(survey: TableSurvey) -> list[str]:
    """Return the cells of columns of numbers or dates that are neither: they are missing."""
    marks: dict[str, None] = {}
    for column in survey.columns:
        if _is_marked(column, survey.label_counts):
            marks.update(dict.fromkeys(column.wrong_cells))
        no_dates = wrong_dates(column.profile)
        if not survey.label_counts.keys() & no_dates:
            marks.update(dict.fromkeys(no_dates))
    target = survey.target
    if _is_marked(target, {}) and not any(map(_has_digit, target.wrong_cells)):
        marks.update(dict.fromkeys(target.wrong_cells))
    return list(marks)


def _is_marked(column: SurveyedColumn, labels: Mapping[str, int]) -> bool:
    """Tell whether a column is numbers with a few other cells, none of which is a label."""
    cells = column.wrong_cells
    is_number = kind_of(column.profile) == "number"
    return is_number and len(cells) <= MOST_WRONG_CELLS and not cells.keys() & labels.keys()


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))
