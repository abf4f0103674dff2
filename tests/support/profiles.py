"""Profiles of a column whose cells a test gives."""

from collections.abc import Sequence

import polars as pl

from nnrun.config.schema import Data
from nnrun.features.column_profile import ColumnProfile
from nnrun.features.column_survey import ColumnSurvey, finish_surveys
from nnrun.tables.block import Block, NullValues
from nnrun.tables.table import Table

NULLS = Data(train="a", target="b").null_values


def table_of(cells: list[str], *, name: str = "a", blocks: int = 1) -> Table:
    """Return a table of a column, cut into blocks, and another one."""
    texts = [cell or None for cell in cells]
    frame = pl.DataFrame({name: texts, "b": "x"}, schema={name: pl.String, "b": pl.String})
    whole = Block("t.csv", frame, _places, lambda: frame, NullValues.of(NULLS))
    rows = len(cells) // blocks
    parts = [whole.slice(start, rows) for start in range(0, len(cells), rows)]
    return Table("t.csv", [name, "b"], [], 0).with_blocks(parts)


def _places(rows: Sequence[int]) -> list[str]:
    """Return the lines of rows below a header."""
    return [str(row + 2) for row in rows]


def survey_of(cells: list[str], *, name: str = "a", blocks: int = 1) -> ColumnSurvey:
    """Survey a column, cut into blocks."""
    survey = ColumnSurvey(name)
    for block in table_of(cells, name=name, blocks=blocks).blocks():
        survey.add(block)
    return survey


def profile_of(cells: list[str], *, name: str = "a", blocks: int = 1) -> ColumnProfile:
    """Return the profile of a column, cut into blocks."""
    table = table_of(cells, name=name, blocks=blocks)
    (profile,) = finish_surveys([survey_of(cells, name=name, blocks=blocks)], table, [])
    return profile
