"""What `nnrun init` makes of the columns beside the target: inputs, or columns left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nnrun.checks.columns import COARSE, LARGEST_SPREAD, SMALLEST_SPREAD
from nnrun.config.schema import Data
from nnrun.features.categories import choose_categories
from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.features.feature import Kind
from nnrun.features.unfit_columns import DISTINCT, why_identifier, why_unfit
from nnrun.reporting.starter_survey import SurveyedColumn
from nnrun.wording import counted, listed

DEFAULTS = Data(train="table.csv", target=["target"])
SHOWN_MARKS = 3  # texts that count as missing, and that a line names
SMALL_TABLE = 20
LARGE_TABLE = 300
"""In a table of so many rows two rows with another value than the rest are held out together once
in 25 times, and the column is then constant for the network; one row is in any table. In small
tables each row may count."""


@dataclass(frozen=True)
class ColumnChoice:
    """What init makes of a column.

    Attributes:
        name: The column.
        kind: What its cells are.
        made: What becomes of them, such as `30 categories`.
        missing: The share of the rows that lack a cell.
        drop_reason: A verb and its object that say why the column is left out, or None.
        note: The same for an input that should be left out, if others were there, or None.
    """

    name: str
    kind: str
    made: str
    missing: float
    drop_reason: str | None = None
    note: str | None = None


def is_category(column: SurveyedColumn) -> bool:
    """Tell whether a column is codes that look like numbers, which `categorical` has to say.

    Args:
        column: The column, of which no config says what it is.
    """
    profile = column.profile
    if profile.leading_zero or profile.holds_codes or profile.is_named_code:
        return True
    return kind_of(profile) == "text" and bool(profile.number_like)


def choose_columns(columns: Sequence[SurveyedColumn], target: str) -> list[ColumnChoice]:
    """Return what becomes of the columns beside the target.

    Columns that tell the target exactly are left out, unless nothing else is there to learn from.

    Args:
        columns: What is known of each column beside the target.
        target: The name of the target, as reasons call it.
    """
    choices = _choose_each(columns, target, may_leak=False)
    if all(choice.drop_reason for choice in choices):
        return _choose_each(columns, target, may_leak=True)
    return choices


def _choose_each(
    columns: Sequence[SurveyedColumn], target: str, *, may_leak: bool
) -> list[ColumnChoice]:
    return [_choose_column(column, target, may_leak=may_leak) for column in columns]


def _choose_column(column: SurveyedColumn, target: str, *, may_leak: bool) -> ColumnChoice:
    """Return what becomes of a column; `may_leak` tells whether it may tell the target exactly."""
    profile = column.profile
    leakage = _describe_leakage(column, target)
    reason = _why_unfit(column)
    if not may_leak:
        reason = leakage or reason
    if reason:
        note = None
        made = f"dropped: {_in_short(profile, reason)}"
    else:
        note = leakage
        made = _made_of(column)
    return ColumnChoice(
        name=column.name,
        kind=_kind_in_words(kind_of(profile)),
        made=made,
        missing=_missing_share(profile),
        drop_reason=reason,
        note=note,
    )


def describe_cells(profile: ColumnProfile) -> ColumnChoice:
    """Return what a column holds, where nothing was made of it yet: its first distinct cells.

    Args:
        profile: What is known of the column.
    """
    return ColumnChoice(
        name=profile.name,
        kind=_kind_in_words(kind_of(profile)),
        made=profile.examples,
        missing=_missing_share(profile),
    )


def _missing_share(profile: ColumnProfile) -> float:
    if not profile.rows:
        return 0.0
    return profile.missing / profile.rows


def _describe_leakage(column: SurveyedColumn, target: str) -> str | None:
    """Return how the column tells the target exactly, or None where it does not."""
    if column.leakage == "equal":
        return f"equals the target {target!r}"
    if column.leakage == "one to one":
        return f"determines {target!r}: each of its values belongs to one of the target's"
    return None


def _why_unfit(column: SurveyedColumn) -> str | None:
    """Return why a column cannot be an input, or tells nothing, or None."""
    profile = column.profile
    reason = why_unfit(profile, expand_dates=True)
    if reason:
        return reason
    if kind_of(profile) == "number":
        reason = _why_no_number(column)
        if reason:
            return reason
    no_dates = wrong_dates(profile)
    if no_dates:
        return f"has cells that are not dates, such as {no_dates[0]!r}"
    return _why_constant(profile)


def wrong_dates(profile: ColumnProfile) -> list[str]:
    """Return the first distinct cells that are not dates in a column of dates.

    Args:
        profile: What is known of the column; one that is of no dates has none.
    """
    if kind_of(profile) != "date":
        return []
    likeliest_order = profile.dates[0]
    return [cell for cell in likeliest_order.others.cells if cell is not None]


def _why_no_number(column: SurveyedColumn) -> str | None:
    """Return why a column of numbers is not an input, or None."""
    profile = column.profile
    reason = why_identifier(profile)
    if reason:
        return reason
    if column.wrong_cells:
        cells = counted(len(column.wrong_cells), "different cell")
        example = next(iter(column.wrong_cells))
        return f"has {cells} that are no good numbers, such as {example!r}"
    return _why_not_standardised(column)


def _why_not_standardised(column: SurveyedColumn) -> str | None:
    """Return why float32 cannot hold the column, as the check `feature-range` sees it, or None."""
    profile = column.profile
    if profile.minimum == profile.maximum:
        return None
    spread = column.spread
    if not SMALLEST_SPREAD < spread < LARGEST_SPREAD:
        return f"varies by {spread:.0e}; give it in another unit"
    largest = max(abs(profile.minimum), abs(profile.maximum))
    if largest > COARSE * spread:
        return f"varies by {spread:.2g} alone, too little for float32; subtract an offset"
    return None


def _why_constant(profile: ColumnProfile) -> str | None:
    """Return why the column tells nothing, or next to nothing, or None."""
    counts = profile.text_counts
    is_filled_with_its_only_value = kind_of(profile) != "text" or not profile.missing
    if len(profile.texts) == 1 and is_filled_with_its_only_value:
        return "is always the same"
    rows_of_most_frequent = max(counts.values(), default=0)
    other_rows = profile.present - rows_of_most_frequent + profile.missing
    if counts and other_rows <= _most_other_rows(profile.rows):
        shown_rows = counted(other_rows, "row")
        return f"is the same in all but {shown_rows}"
    return None


def _most_other_rows(rows: int) -> int:
    """Return how few rows with another value than the rest tell nothing."""
    if rows < SMALL_TABLE:
        return 0
    if rows < LARGE_TABLE:
        return 1
    return 2


def _in_short(profile: ColumnProfile, reason: str) -> str:
    """Return the reason as a table has room for it."""
    are_distinct = len(profile.texts) > DISTINCT * profile.present
    if kind_of(profile) == "text" and are_distinct:
        return "nearly all distinct"
    return reason.removeprefix("is ").removeprefix("has ")


def _made_of(column: SurveyedColumn) -> str:
    """Return what becomes of an input, in words."""
    profile = column.profile
    kind = kind_of(profile)
    if profile.sign and kind == "number":
        return f"number, {profile.sign!r} beside each left out"
    marks = []
    for text in column.null_texts:
        if text not in DEFAULTS.null_values:
            marks.append(text)
    if marks and kind != "text":
        kind_in_words = _kind_in_words(kind)
        shown_marks = listed(marks, SHOWN_MARKS)
        return f"{kind_in_words}, missing where {shown_marks}"
    return _made_of_cells(profile)


def _made_of_cells(profile: ColumnProfile) -> str:
    """Return what becomes of cells that are written in the usual way."""
    kind = kind_of(profile)
    if kind != "text":
        return _kind_in_words(kind)
    words = _categories_in_words(profile.text_counts, has_missing=profile.missing > 0)
    if profile.number_like:
        words += ": text that begins with digits"
    return words


def _categories_in_words(counts: Mapping[str, int], *, has_missing: bool) -> str:
    """Return how many categories have an input of their own, and what else has one."""
    frequent, other = choose_categories(
        counts, max_categories=DEFAULTS.max_categories, min_frequency=DEFAULTS.min_frequency
    )
    words = f"{len(frequent)} categories"
    if other:
        words = f"{len(frequent)} of {len(counts)} categories, the others as one"
    if has_missing:
        words += ", and missing"
    return words


def _kind_in_words(kind: Kind) -> str:
    if kind == "boolean":
        return "true or false"
    return kind
