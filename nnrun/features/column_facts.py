"""What the rules of `check` need to know of the columns of a training table."""

from typing import NamedTuple

from nnrun.features.column_profile import ColumnProfile, kind_of
from nnrun.features.feature import Kind
from nnrun.features.unfit_columns import why_identifier


class ColumnFacts(NamedTuple):
    """What one reading of a training table told of a feature, beside what the encoder holds.

    Attributes:
        name: The column.
        kind: What its cells are.
        declared: Whether the config says so.
        values: How many distinct cells there are; 0 where they are too many to be counted.
        rows: How many cells are not missing.
        codes: The text among numbers that makes a category of the column; the first ones.
        is_named_code: Whether whole numbers are taken for categories by the name of the column.
        number_like: The first texts that begin with digits, if most cells of a text column do, and
            nothing else tells that it holds codes.
        leading_zero: A cell of digits that begin with a zero, if the column is read as numbers.
        identifier: Why the column probably tells rows apart, or None.
    """

    name: str
    kind: Kind
    declared: bool
    values: int
    rows: int
    codes: list[str]
    is_named_code: bool
    number_like: list[str]
    leading_zero: str | None
    identifier: str | None


def column_facts(column: ColumnProfile) -> ColumnFacts:
    """Return the facts that a profile tells.

    Args:
        column: The profile of a feature.
    """
    kind = kind_of(column)
    codes = column.faults["not_number"].texts if column.holds_codes else []
    is_plain_text = kind == "text" and not codes and not column.is_named_code
    return ColumnFacts(
        name=column.name,
        kind=kind,
        declared=column.declared is not None,
        values=len(column.text_counts),
        rows=column.present,
        codes=codes,
        number_like=column.number_like if is_plain_text else [],
        leading_zero=column.leading_zero if kind == "number" else None,
        is_named_code=column.is_named_code,
        identifier=why_identifier(column),
    )
