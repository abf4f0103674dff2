"""Columns that tell rows apart, by their names and numbers."""

import re

ROW_NAMES = re.compile(r"(?i)unnamed: \d+|row([_. -]?(names?|num|number|no|nr|id|index))?")
"""What pandas, R and people call the number of a row."""

IDENTIFIER = re.compile(r"(?i:(.*[_. -])?([up]?id|uuid|guid))|.*[a-z]I[dD]")
"""What identifiers are called."""

NUMBERING = re.compile(r"(?i)(.*[_. -])?(index|idx|key|no|nr|num|number|serial|case|record|obs)")
"""What identifiers are called, and measures too: their numbers must be distinct."""

FEW_VALUES = 300
"""So many categories are inputs by default (`data.max_categories`)."""

ROWS_PER_VALUE = 5
"""Values of fewer rows are not inputs by default (`data.min_frequency`). Of 127 public columns
named like identifiers, 54 told rows apart, 39 had fewer rows of each value, mostly persons, and 34
so many or more, such as plots, schools and shops."""

SPAN = 2.0
"""Row numbers of half a table, drawn at random, span about twice its rows."""

FEWEST_ROWS = 20
"""So many numbers, drawn from twice as many, are all distinct once in 330 times."""

YEARS = (1500, 2200)
"""Whole numbers between these may be years, a row for each, which is a measure."""


def is_named_like_an_identifier(name: str) -> bool:
    """Tell whether a column is named as identifiers are, such as `id`, `plot_id` or `userId`.

    Args:
        name: The name of the column.
    """
    return IDENTIFIER.fullmatch(name) is not None


def names_rows(name: str) -> bool:
    """Tell whether a column is named as the row numbers that programs write.

    Args:
        name: The name of the column.
    """
    return ROW_NAMES.fullmatch(name) is not None


def is_named_like_a_numbering(name: str) -> bool:
    """Tell whether a column is named as identifiers are, and sometimes measures.

    Args:
        name: The name of the column.
    """
    return NUMBERING.fullmatch(name) is not None


def counts_rows(rows: int, minimum: float, maximum: float) -> bool:
    """Tell whether so many distinct whole numbers number the rows, in whatever order.

    Args:
        rows: How many numbers there are, all of them distinct.
        minimum: The least of them.
        maximum: The greatest of them.
    """
    first_year, last_year = YEARS
    may_be_years = minimum >= first_year and maximum <= last_year
    if rows < FEWEST_ROWS or may_be_years:
        return False
    span = maximum - minimum + 1
    return span <= SPAN * rows
