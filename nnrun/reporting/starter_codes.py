"""Whether the config of `nnrun init` takes numbers by their piecewise-linear codes."""

from collections.abc import Collection

from nnrun.config.numeric_encoding import DEFAULT_BINS
from nnrun.features.column_features import column_features
from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.reporting.starter_columns import DEFAULTS
from nnrun.reporting.starter_survey import TableSurvey
from nnrun.reporting.starter_target import Task

FEWEST_ROWS = 500
"""Where a number is predicted. With 400 rows of 14 tables the error of 8 bins was 14 % smaller on
average. But of one (txhousing) it was larger by a third, and of configs/diabetes.csv it was larger
on each of eight splits."""

FEWEST_ROWS_WITH_LABELS = 200
"""Where labels are predicted. With 200 or 400 rows of eight tables the error of 8 bins fell on six
at the least, and grew by less than a tenth on the others."""

FEWEST_ROWS_WITH_ALL_BINS = 1_000
"""With 400 rows of 22 tables half of the bins did better: by 6 % where numbers are predicted."""

SHARE_WITH_BINS = 0.5
"""Of the columns of numbers. Of 17 in a table of car prices 16 were flags or counts of doors, and
the error grew by 2 to 8 %."""

MOST_WEIGHTS = 250_000
"""Of the layer that codes the numbers, 1 MB: it has one for each input and unit, and with 170,000
an epoch of small layers takes 2.5 times as long."""


def choose_bins(survey: TableSurvey, inputs: Collection[str], task: Task) -> int | None:
    """Return how many bins the codes of numbers have, or None where there had better be no codes.

    Args:
        survey: What the table holds.
        inputs: The names of the columns that are inputs.
        task: What the target is.
    """
    fewest_rows = FEWEST_ROWS if task == "regression" else FEWEST_ROWS_WITH_LABELS
    if survey.rows < fewest_rows:
        return None
    columns = [column.profile for column in survey.columns if column.name in inputs]
    numbers = [column for column in columns if _is_numbers(column)]
    with_bins = [column for column in numbers if len(column.texts) > DEFAULT_BINS]
    has_enough_bins = with_bins and len(with_bins) >= SHARE_WITH_BINS * len(numbers)
    if not has_enough_bins or _count_weights(columns) > MOST_WEIGHTS:
        return None
    if survey.rows < FEWEST_ROWS_WITH_ALL_BINS:
        return DEFAULT_BINS // 2
    return DEFAULT_BINS


def _is_numbers(column: ColumnProfile) -> bool:
    return kind_of(column) in ("number", "date")


def _count_weights(columns: Collection[ColumnProfile]) -> int:
    """Return how many weights the layer of codes has at the most."""
    inputs = 0
    units = 0
    for column in columns:
        features = column_features(column, DEFAULTS)
        width = sum(feature.width for feature in features)
        inputs += width
        units += width * _most_units(column)
    return inputs * units


def _most_units(column: ColumnProfile) -> int:
    """Return the most units that an input of a column becomes: of each bin, and of them all."""
    if _is_numbers(column):
        return DEFAULT_BINS + 1
    return 1
