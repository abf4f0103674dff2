"""Columns that cannot be inputs as they stand, and those that tell rows apart."""

from nnrun.config.yaml_output import in_yaml
from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.features.identifiers import (
    counts_rows,
    is_named_like_a_numbering,
    is_named_like_an_identifier,
    names_rows,
)
from nnrun.features.number_like import WRITE_NUMBERS

DISTINCT = 0.9
"""Share of the cells: text of more distinct ones is taken for an identifier."""


def why_identifier(column: ColumnProfile) -> str | None:
    """Return why a column of numbers probably tells rows apart, or None.

    Args:
        column: What the training table tells of it. What its config says to be numbers or
            categories is never taken for an identifier.
    """
    is_number = column.declared is None and kind_of(column) == "number"
    if not is_number or not column.whole or column.numbers < column.present:
        return None
    if is_named_like_an_identifier(column.name):
        return "is named like an identifier"
    if names_rows(column.name):
        return "is named like the number of a row, an identifier"
    if column.distinct_share and is_named_like_a_numbering(column.name):
        return "is named like an identifier, and hardly a number occurs twice"
    are_distinct = column.distinct_share == 1
    if are_distinct and counts_rows(column.numbers, column.minimum, column.maximum):
        return "numbers the rows, as an identifier: about as many whole numbers, all distinct"
    return None


def why_unfit(column: ColumnProfile, *, expand_dates: bool) -> str | None:
    """Return why a column cannot be an input as it stands, or None.

    Args:
        column: What the training table tells of it.
        expand_dates: Whether dates become numbers.
    """
    if not column.present:
        return "has no value: every cell is missing"
    kind = kind_of(column)
    if column.declared == "date" and kind != "date":
        return f"is named in date_columns, and most of its cells are not dates ({column.examples})"
    if kind == "date":
        return _why_dates_are_unfit(column, expand_dates=expand_dates)
    if kind == "text":
        return _why_text_is_unfit(column)
    return None


def _why_text_is_unfit(column: ColumnProfile) -> str | None:
    """Return why a column of text has too many categories to be an input, or None."""
    if column.has_many_texts:
        most = len(column.texts) - 1
        problem = f"holds text of more than {most:,} categories ({column.examples})"
        return f"{problem}, as identifiers do{_number_advice(column)}"
    most_distinct = max(1, DISTINCT * column.present)
    if len(column.texts) > most_distinct:
        problem = f"holds text ({column.examples}), nearly all of it distinct"
        return f"{problem}, as identifiers are{_number_advice(column)}"
    return None


def _number_advice(column: ColumnProfile) -> str:
    """Return what to do about a column of text that may be numbers, or an empty text."""
    most_are_numbers = column.numbers > column.present / 2
    if column.holds_text and most_are_numbers:
        line = f"numeric_columns: [{in_yaml(column.name)}]"
        return f"; the file says that it is text: if it is numbers, set `{line}` under data"
    if column.number_like:
        return f", or numbers: {WRITE_NUMBERS}"
    return ""


def _why_dates_are_unfit(column: ColumnProfile, *, expand_dates: bool) -> str | None:
    """Return why dates cannot become numbers as they are written, or None."""
    if not expand_dates:
        dates = f"holds dates or times ({column.examples})"
        return f"{dates}; `dates: expand` under data makes numbers of them"
    if len(column.dates) > 1:
        dates = f"holds dates in which day or month may come first ({column.examples})"
        return f"{dates}; set `day_first: true` or `day_first: false` under data"
    return None
