"""The plain Keras script that does without nnrun what nnrun does with a config.

`templates/script.py.j2` is the script. This module gathers the facts on which its lines depend.
"""

import re
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nnrun.config.schedules import with_scheduled_steps
from nnrun.config.schema import Config, Data
from nnrun.config.xla import uses_xla
from nnrun.errors import TableError
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature, Target
from nnrun.features.labels import label_key
from nnrun.features.number_scales import sample_step
from nnrun.features.numbers import WORDS
from nnrun.reporting.keras_calls import (
    callback_calls,
    layer_calls,
    loss_call,
    metric_calls,
    optimizer_call,
)
from nnrun.reporting.rendering import render
from nnrun.reporting.script_names import with_plain_names
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.saved_model import MODEL
from nnrun.tables.csv_header import SEPARATORS
from nnrun.tables.csv_pieces import read_pieces
from nnrun.tables.dialect import Dialect
from nnrun.tables.table import find_files
from nnrun.wording import short_path

PARQUET = b"PAR1"  # how such a file begins
ZIP = b"PK\x03\x04"  # how an Excel workbook begins
NUMBER_AS_KEY = re.compile(r"-?\d{1,16}\.\d+")  # how `label_key` writes a number that is exact
LABELS_IN_CAPITALS = {"true", "false", "yes", "no"}  # they are the same labels


@dataclass(frozen=True)
class Columns:
    """The columns as the script names them.

    Attributes:
        target: The target, or a list of several.
        features: The features; None where the script takes every column that is left.
        categories: The categories of each column of text, in the order of their inputs.
        others: The columns of text with an input for the cells of no category.
        numbers_as_text: The columns of numbers that the config says to be categories.
        dates: The format of each column of dates, or where a column has several, a list for each.
        has_mixed_dates: Whether a column of dates has several formats.
        date_parts: The parts of each column of dates that are inputs.
        are_mixed: Whether some of the features are text or dates.
        of_texts: The columns whose cells keep their commas and points.
        signs: The sign beside the numbers of each column that has one.
        has_boolean: Whether a column has true and false.
        has_unnamed: Whether the config names a column that has no name in the table.
        drop: The columns that are left out.
        split_formats: The formats of the dates that split the table.
        has_test: Whether rows are held out as a test.
        apart: The columns that split the table or weigh its rows and are not features.
        has_patterns: Whether polars takes a name for all columns.
        has_quotes: Whether quotes stand in names.
    """

    target: str | list[str]
    features: list[str] | None
    categories: dict[str, list[str | None]]
    others: list[str]
    numbers_as_text: list[str]
    dates: dict[str, str] | dict[str, list[str]]
    has_mixed_dates: bool
    date_parts: dict[str, list[str]]
    are_mixed: bool
    of_texts: list[str]
    signs: dict[str, str]
    has_boolean: bool
    has_unnamed: bool
    drop: list[str]
    split_formats: list[str]
    has_test: bool
    apart: list[str]
    has_patterns: bool
    has_quotes: bool


@dataclass(frozen=True)
class TableFile:
    """How the script opens the table: what its first bytes and its path tell.

    Attributes:
        is_parquet: Whether it is a Parquet file.
        is_excel: Whether it is an Excel file.
        separator: What separates the columns of a CSV.
        has_spaces_around_names: Whether spaces stand around names in the header.
        path_looks_like_a_pattern: Whether polars would take the path of the file for a pattern.
    """

    is_parquet: bool
    is_excel: bool
    separator: str
    has_spaces_around_names: bool
    path_looks_like_a_pattern: bool


@dataclass(frozen=True)
class Positive:
    """The label of one of several targets that is 1, and how cells are compared with it.

    Attributes:
        name: The name of the target.
        spelling: Whether cells are compared as numbers, as words in any case, or as they are.
        value: The label, spelt so.
    """

    name: str
    spelling: Literal["number", "word", "text"]
    value: float | str


@dataclass(frozen=True)
class Start:
    """The run that training starts with.

    Attributes:
        model: The path of its model.keras.
        means: What takes the place of a missing cell of each input, in the order of the inputs.
    """

    model: str
    means: list[float]


@dataclass(frozen=True)
class Labels:
    """How the target's labels are spelt.

    Attributes:
        spelling: Whether they are numbers, words in any case, or other texts.
        values: The labels, spelt so.
        mapped: Whether the script maps them to 0, 1, ..., which they are not already.
        order: The numbers of the labels in the order of their text; None where that is the same.
    """

    spelling: Literal["number", "word", "text"]
    values: list[float] | list[str]
    mapped: bool
    order: list[int] | None


def dataset_script(dataset: Dataset, *, exact: bool = False) -> str:
    """Return the script of a config and its tables.

    Args:
        dataset: The checked dataset.
        exact: Whether the rows come in nnrun's own order, which gives nnrun's losses. Without it
            the script is `model.fit(X, y, ...)`, as it is written by hand.
    """
    files = find_files(Path(dataset.config.data.train))
    rows = dataset.train.rows
    config = with_scheduled_steps(dataset.config, rows)
    return _script(config, dataset.encoder, rows, files[0], exact=exact)


def run_script(path: Path, *, exact: bool = False) -> str:
    """Return the script of a run, as `dataset_script` does.

    Args:
        path: The run directory.
        exact: Whether the rows come in nnrun's own order, as for `dataset_script`.

    Raises:
        RunError: The path is not a run, or its files were altered.
    """
    info, config, encoder = Run(path).load()
    facts_of_table = info.data.get("train", {})
    return _script(
        config,
        encoder,
        rows=int(facts_of_table.get("rows", 0)),
        # The path is taken as it is: a stranger's pattern could match a whole disk.
        first_file=Path(config.data.train),
        exact=exact,
        start=_start(info, encoder),
    )


def _script(
    config: Config,
    encoder: Encoder,
    rows: int,
    first_file: Path,
    *,
    exact: bool,
    start: Start | None = None,
) -> str:
    """Return the script, given the number of training rows and the first file of the table."""
    config, encoder, renamed = with_plain_names(config, encoder)
    data = config.data
    seeds = [config.member(number).seed for number in range(config.ensemble)]
    text = render(
        "script.py.j2",
        config=config,
        data=data,
        exact=exact,
        start=start,
        paths=_paths(data),
        dialect=Dialect.of(data),
        several_tables=bool(data.validation or data.test),
        columns=_columns(config, encoder),
        renamed=renamed,
        weighs=data.sample_weight is not None,
        file=_table_file(config, first_file),
        truth_words=WORDS,
        labels=_labels(config, encoder.labels),
        number_of_labels=len(encoder.labels),
        positives=_positives(encoder),
        seeds=seeds,
        numeric=_numeric(config, encoder, rows),
        label_weights=_label_weights(config, encoder.labels),
        layers=layer_calls(config),
        optimizer=optimizer_call(config),
        loss=loss_call(config),
        metrics=metric_calls(config),
        callbacks=callback_calls(config),
        jit_compile=uses_xla(config, encoder.width, rows),
    )
    if not re.search(r"\bnp\.", text):  # the simple script may do without
        text = text.replace("import numpy as np\n", "", 1)
    return text.removesuffix("\n")


def _start(info: RunInfo, encoder: Encoder) -> Start | None:
    """Return what the script takes of the run that a run was started from."""
    if info.started_from is None:
        return None
    model = Path(info.started_from.path, MODEL)
    means = [feature.mean for feature in encoder.inputs]
    return Start(model=str(model), means=means)


def _paths(data: Data) -> dict[str, str]:
    """Return the paths of the tables that the config names, as they are written."""
    paths = {}
    for part in ("train", "validation", "test"):
        path = getattr(data, part)
        if path:
            paths[part] = short_path(path)
    return paths


def _columns(config: Config, encoder: Encoder) -> Columns:
    """Return the columns; their names are listed where the script needs them."""
    data = config.data
    features = encoder.column_names
    texts = []
    for feature in encoder.features:
        if feature.kind == "text":
            texts.append(feature)
    formats, parts = _dates(encoder)
    is_mixed = bool(texts or formats)
    apart = [name for name in config.columns_apart if name not in features]
    named_columns = [*features, *data.target, *data.drop, *apart]
    are_listed = data.features or data.validation or data.test or is_mixed
    has_mixed_dates = any(len(forms) > 1 for forms in formats.values())
    has_test_column = data.split is not None and data.split.kind == "column"
    return Columns(
        target=data.target if len(data.target) > 1 else data.target[0],
        features=features if are_listed else None,
        categories={text.name: text.categories for text in texts},
        others=[text.name for text in texts if text.other],
        numbers_as_text=[text.name for text in texts if text.spells_numbers],
        dates=formats if has_mixed_dates else _first_of_each(formats),
        has_mixed_dates=has_mixed_dates,
        date_parts=parts,
        are_mixed=is_mixed,
        of_texts=_columns_of_text(config, encoder, formats),
        signs=_signs(encoder),
        has_boolean="boolean" in encoder.kinds,
        has_unnamed="Unnamed: 0" in named_columns,
        drop=[name for name in data.drop if name not in config.columns_apart],
        apart=apart,
        split_formats=_in_order(encoder.split_formats),
        has_test=bool(data.test) or has_test_column,
        has_patterns="*" in named_columns,
        has_quotes='"' in "".join(named_columns),
    )


def _first_of_each(formats: dict[str, list[str]]) -> dict[str, str]:
    return {name: forms[0] for name, forms in formats.items()}


def _signs(encoder: Encoder) -> dict[str, str]:
    """Return the sign beside the numbers of each column that has one."""
    columns: list[Feature | Target] = [*encoder.features, *encoder.targets]
    signs = {}
    for column in columns:
        if column.sign:
            signs[column.name] = column.sign
    return signs


def _dates(encoder: Encoder) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the forms of each column of dates, and which of its parts are inputs."""
    formats: dict[str, list[str]] = {}
    parts: dict[str, list[str]] = {}
    for feature in encoder.features:
        name = feature.name
        if feature.format and feature.part:
            all_formats = [feature.format, *feature.more_formats]
            formats[name] = _in_order(all_formats)
            parts.setdefault(name, []).append(feature.part)
    return formats, parts


def _columns_of_text(config: Config, encoder: Encoder, dates: Iterable[str]) -> list[str]:
    """Return the columns that the script reads as text."""
    texts = []
    for feature in encoder.features:
        if feature.kind == "text":
            texts.append(feature.name)
    return [*texts, *dates, *_texts_apart(config, encoder)]


def _numeric(config: Config, encoder: Encoder, rows: int) -> dict[str, str]:
    """Return the name of the encoding of numbers, and the rows that tell quantiles as code."""
    numbers = [feature for feature in encoder.features if feature.kind != "text"]
    step = sample_step(rows, len(numbers))
    sample = "X"
    if step > 1:
        sample = f"X[::{step}]"
    return {"name": config.data.numeric["name"], "sample": sample}


def _texts_apart(config: Config, encoder: Encoder) -> list[str]:
    """Return the columns of text that are not inputs: a target of labels, and what splits rows."""
    names = []
    if config.is_classes:
        names += config.data.target
    split = config.data.split
    if split is None or split.name in encoder.column_names:
        return names
    is_text = split.kind != "time" or bool(encoder.split_formats)
    if is_text:
        names.append(split.name)
    return names


def _in_order(formats: list[str]) -> list[str]:
    """Return formats of dates so that the first to fit is right: %Y takes 24 for a year too."""
    return sorted(formats, key=lambda form: "%y" not in form)


def _table_file(config: Config, first_file: Path) -> TableFile:
    """Return what the script must know of the file, by its first bytes, or else its ending."""
    path = config.data.train
    start = _first_bytes(first_file, Dialect.of(config.data))
    if not start and path.endswith(".parquet"):
        start = PARQUET
    elif not start and path.endswith(".xlsx"):
        start = ZIP
    text = start.decode(errors="replace")
    header, *_ = re.split(r"[\r\n]", text, maxsplit=1)
    separator = max(SEPARATORS, key=header.count)
    has_spaces = _has_spaces(header.split(separator))
    has_sign_of_pattern = re.search(r"[*?\[]", path) is not None
    return TableFile(
        is_parquet=start.startswith(PARQUET),
        is_excel=start.startswith(ZIP),
        separator=separator,
        has_spaces_around_names=has_spaces and not config.data.columns,
        path_looks_like_a_pattern=has_sign_of_pattern and Path(path).is_file(),
    )


def _has_spaces(cells: list[str]) -> bool:
    return any(cell != cell.strip() for cell in cells)


def _first_bytes(file: Path, dialect: Dialect) -> bytes:
    """Return the header and more, uncompressed; nothing where it is not there or cannot be read."""
    with suppress(OSError, EOFError, zlib.error, TableError):
        if file.is_file() and file.stat().st_size:  # /proc has files that never end, of size 0
            pieces = read_pieces(file, dialect)
            return next(pieces, b"")
    return b""


def _labels(config: Config, labels: list[str]) -> Labels:
    """Return how the labels are spelt, and what the script maps to 0, 1, ..."""
    keys = list(map(label_key, labels))
    ranked = sorted(range(len(keys)), key=keys.__getitem__)  # as nnrun orders the labels of a table
    order = None if ranked == sorted(ranked) else ranked
    if all(map(NUMBER_AS_KEY.fullmatch, keys)):
        values = list(map(_shortest_number, keys))
        are_mapped_already = values == list(range(len(values)))
        mapped = config.is_classes and not are_mapped_already
        return Labels("number", values, mapped, order)
    if set(keys) <= LABELS_IN_CAPITALS:
        return Labels("word", keys, config.is_classes, order)
    return Labels("text", labels, config.is_classes, order)


def _shortest_number(key: str) -> float:
    """Return the number that a key is: a whole one as int, which is written without a point."""
    number = float(key)
    if number.is_integer():
        return int(number)
    return number


def _positives(encoder: Encoder) -> list[Positive]:
    """Return the label that is 1 of each of several targets; none where all are 0 and 1."""
    positives = []
    for target in encoder.targets:
        if target.labels:
            keys = list(map(label_key, target.labels))
            positive = _positive(target.name, target.labels[1], keys)
            positives.append(positive)
    are_all_one = all(positive.value == 1.0 for positive in positives)
    if are_all_one:
        return []
    return positives


def _positive(name: str, label: str, keys: list[str]) -> Positive:
    """Return how a script finds the second of two labels, whose keys are given."""
    if all(map(NUMBER_AS_KEY.fullmatch, keys)):
        return Positive(name, "number", float(keys[1]))
    if set(keys) <= LABELS_IN_CAPITALS:
        return Positive(name, "word", keys[1])
    return Positive(name, "text", label)


def _label_weights(config: Config, labels: list[str]) -> list[float]:
    """Return the weight of each label that `class_weight` gives, 1 where it gives none."""
    if not isinstance(config.class_weight, dict):
        return []
    by_key = {}
    for label, weight in config.class_weight.items():
        by_key[label_key(label)] = weight
    weights = []
    for label in labels:
        key = label_key(label)
        weights.append(by_key.get(key, 1.0))
    return weights
