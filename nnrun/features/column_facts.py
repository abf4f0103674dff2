"""What the rules of `check` need to know of the columns of a training table."""

from typing import NamedTuple

from nnrun.features.column_profile import ColumnProfile, kind_of, why_identifier
from nnrun.features.feature import Kind


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
        identifier: Why the column probably tells rows apart, or None.
    """

    name: str
    kind: Kind
    declared: bool
    values: int
    rows: int
    codes: list[str]
    is_named_code: bool
    identifier: str | None


def column_facts(column: ColumnProfile) -> ColumnFacts:
    """Return the facts that a profile tells."""
    codes = column.faults["not_number"].texts if column.holds_codes else []
    return ColumnFacts(
        name=column.name,
        kind=kind_of(column),
        declared=column.declared is not None,
        values=len(column.text_counts),
        rows=column.present,
        codes=codes,
        is_named_code=column.is_named_code,
        identifier=why_identifier(column),
    )
