"""Rules about what kinds of columns nnrun takes for what they may not be."""

from nnrun.checks.registry import Found, rule
from nnrun.config.lines_to_paste import columns_line, leave_out_line, null_values_line
from nnrun.config.schema import Config, Data
from nnrun.features.column_facts import ColumnFacts
from nnrun.features.dataset import Dataset
from nnrun.features.null_texts import null_text_lines
from nnrun.features.number_like import WRITE_NUMBERS
from nnrun.wording import listed

SHOWN = 3  # cells, or columns, that a message names


@rule("identifier", level="warning")
def no_column_tells_rows_apart(config: Config, dataset: Dataset) -> Found:
    """No feature is a number of rows, which says nothing of rows to come."""
    names = []
    reasons = []
    for facts in dataset.columns:
        if facts.identifier:
            names.append(facts.name)
            reasons.append(f"column {facts.name!r} {facts.identifier}")
    if names:
        line = leave_out_line(config.data, names)
        subject = "it" if len(names) == 1 else "such a column"
        shown = "; ".join(reasons)
        yield dataset.train.name, f"{shown}; {subject} says nothing about new rows: {line}"


@rule("codes", level="warning")
def numbers_are_categories_on_purpose(config: Config, dataset: Dataset) -> Found:
    """Numbers that are taken for categories are so because the config says it."""
    for facts in dataset.columns:
        is_code = facts.kind == "text" and not facts.declared
        if is_code and facts.codes:
            yield dataset.train.name, _mixed(config.data, facts)
        elif is_code and facts.is_named_code:
            yield dataset.train.name, _named(config.data, facts)


def _mixed(data: Data, facts: ColumnFacts) -> str:
    """Return what is made of text among numbers, and the lines that say it or its opposite."""
    texts = listed(facts.codes, SHOWN)
    as_categories = columns_line(data, "categorical", [facts.name])
    as_missing = null_values_line(data, facts.codes)
    return (
        f"column {facts.name!r} holds numbers and text ({texts}), "
        f"and is taken as {facts.values} categories; if that is right: "
        f"{as_categories}; if such cells are missing: {as_missing}"
    )


def _named(data: Data, facts: ColumnFacts) -> str:
    """Return what is made of whole numbers named like identifiers, and the lines that say it."""
    as_categories = columns_line(data, "categorical", [facts.name])
    as_number = columns_line(data, "numeric_columns", [facts.name])
    return (
        f"column {facts.name!r} is named like an identifier and has {facts.values} values in "
        f"{facts.rows:,} rows, and its values are taken as categories; if that is right: "
        f"{as_categories}; if it is a number: {as_number}"
    )


@rule("leading-zeros", level="warning")
def numbers_have_no_leading_zeros(config: Config, dataset: Dataset) -> Found:
    """No column of numbers is spelt as codes are."""
    names = []
    examples = []
    for facts in dataset.columns:
        if facts.leading_zero and not facts.declared:
            names.append(facts.name)
            examples.append(f"{facts.leading_zero!r} in {facts.name!r}")
    if names:
        cells = ", ".join(examples)
        as_categories = columns_line(config.data, "categorical", names)
        as_numbers = columns_line(config.data, "numeric_columns", names)
        yield (
            dataset.train.name,
            f"numbers begin with zeros, as codes do: {cells}; if they are categories: "
            f"{as_categories}; if they are numbers: {as_numbers}",
        )


@rule("number-like", level="warning")
def text_is_no_number(config: Config, dataset: Dataset) -> Found:
    """No column of text holds numbers in disguise."""
    for facts in dataset.columns:
        if facts.number_like and not facts.declared:
            examples = ", ".join(map(repr, facts.number_like))
            as_categories = columns_line(config.data, "categorical", [facts.name])
            yield (
                dataset.train.name,
                f"column {facts.name!r} is text, and most cells begin with digits ({examples}); "
                f"if they are numbers: {WRITE_NUMBERS}; if they are categories: {as_categories}",
            )


@rule("null-values", level="warning")
def frequent_texts_are_missing_on_purpose(config: Config, dataset: Dataset) -> Found:
    """No text that counts as missing by default is a label, or one of the frequent categories."""
    table = dataset.train.name
    names = set()
    for facts in dataset.columns:
        if _may_be_a_category(facts, dataset):
            names.add(facts.name)
    if config.is_classes:
        names.update(config.data.target)
    for name in dataset.null_texts:
        if name in names:
            noun = "label" if name in config.data.target else "category"
            lines = null_text_lines(config.data, name, dataset.null_texts, noun=noun)
            for line in lines:
                yield table, line


def _may_be_a_category(facts: ColumnFacts, dataset: Dataset) -> bool:
    """Tell whether a text that counts as missing is as frequent as the average category."""
    rows_of_texts = dataset.null_texts.get(facts.name, {})
    rows = max(rows_of_texts.values(), default=0)
    is_counted = facts.kind == "text" and facts.values > 0
    return is_counted and rows * facts.values >= facts.rows
