"""The texts that stand for missing cells, and how many rows have each."""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import compress

import polars as pl

from nnrun.config.schema import Data
from nnrun.config.yaml_output import in_quotes
from nnrun.tables.block import Block
from nnrun.wording import counted

NullTexts = Mapping[str, Mapping[str, int]]
"""For each column the rows of each text that stands for a missing cell."""


def count_null_texts(block: Block, name: str) -> Counter[str]:
    """Return the rows of each text that stands for a missing cell; an empty cell is none.

    Args:
        block: Some rows of a table.
        name: The column.
    """
    cells = block.column(name)
    if cells.dtype != pl.String:  # numbers that were read as such
        return Counter()
    texts = cells.str.strip_chars()
    null_texts = _null_texts(block)
    is_null = texts.is_in(null_texts)
    return count_texts(texts.filter(is_null), len(null_texts))


def columns_with_null_texts(block: Block, names: Iterable[str]) -> list[str]:
    """Return the columns in which some text stands for a missing cell; an empty cell is none.

    It asks polars once for all columns, of which a table can have thousands, and few have any.

    Args:
        block: Some rows of a table.
        names: Columns of the block; those that are not text have no such cell.
    """
    columns_of_text = [name for name in names if block.frame[name].dtype == pl.String]
    if not columns_of_text:
        return []
    texts = pl.all().str.strip_chars()
    is_null = texts.is_in(_null_texts(block))
    cells = block.frame[columns_of_text]
    has_null = cells.select(is_null.any()).row(0)
    return list(compress(columns_of_text, has_null))


def _null_texts(block: Block) -> list[str]:
    return [text for text in block.null_values.texts if text]


def count_texts(texts: pl.Series, most: int) -> Counter[str]:
    """Return the rows of each text, of the first ones where there are more than `most`.

    Args:
        texts: The texts, without nulls.
        most: How many texts are counted at the most.
    """
    distinct = texts.unique(maintain_order=True).head(most)
    counts = texts.unique_counts().head(most)  # in the same order
    rows_by_text: Counter[str] = Counter()
    for text, rows in zip(distinct, counts, strict=True):
        rows_by_text[text] = rows
    return rows_by_text


def null_text_lines(
    data: Data,
    column: str,
    null_texts: NullTexts,
    *,
    noun: str = "category",
) -> list[str]:
    """Return a line for each text that counts as missing in a column, with the line to paste.

    A config that says its null values has decided: nothing is told of it.

    Args:
        data: The config's section on tables.
        column: The column.
        null_texts: For each column the rows of each text that stands for a missing cell.
        noun: What such a text would be, if it were not a missing cell.
    """
    if "null_values" in data.model_fields_set:
        return []
    texts_of_table: set[str] = set().union(*null_texts.values())
    lines = []
    for text, count in null_texts[column].items():
        others = texts_of_table - {text}
        still_missing = [value for value in data.null_values if value in others]
        pasted = ", ".join(map(in_quotes, ["", *still_missing]))
        rows = counted(count, "row")
        lines.append(
            f"{text!r} counts as missing in {rows} of {column!r}; "
            f"if it is a {noun}: null_values: [{pasted}]"
        )
    return lines
