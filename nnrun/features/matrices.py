"""The matrices of a dataset, filled from its tables."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import TableError
from nnrun.features.column_facts import column_facts
from nnrun.features.dataset import Dataset, Part
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.given_encoder import GivenEncoder
from nnrun.features.kept_rows import RowMask
from nnrun.features.part_store import IN_MEMORY, Keeping, PartStore, new_store
from nnrun.features.profile import TableProfile
from nnrun.features.repeated_rows import RowHashes, compared_columns
from nnrun.features.row_weights import WeightSurvey
from nnrun.features.split import split_rows
from nnrun.features.statistics import Values
from nnrun.features.target_copies import TargetCopies
from nnrun.features.training_rows import TrainingRows
from nnrun.tables.stored_file import table_changed
from nnrun.tables.table import Table


class FittedTable(NamedTuple):
    """A training table read through an encoder.

    Attributes:
        encoder: The encoder, fitted on the rows to train on, or as it was given.
        stores: The matrices of the rows to train on and of those held out; missing cells are NaN.
        rows: For each part, which of the table's rows are its own.
        unseen: For a part a message for each column with categories that the encoder has not.
        copies: The columns that equal a target in the rows to train on.
    """

    encoder: Encoder
    stores: Mapping[str, PartStore]
    rows: Mapping[str, RowMask]
    unseen: Mapping[str, list[str]]
    copies: list[str]


def encode(
    tables: Mapping[str, Table],
    profile: TableProfile,
    keeping: Keeping = IN_MEMORY,
    given: GivenEncoder | None = None,
) -> Dataset:
    """Fit the encoder on the training rows, and fill the matrices of all parts.

    Args:
        tables: The table of each part that has one.
        profile: The profile of the training table.
        keeping: Where to keep the matrices, by default in memory.
        given: The encoder of an earlier run, which takes the place of one that is fitted.

    Raises:
        TableError: With every mistake of all the tables.
        ConfigError: No row is left to train on, or none to validate on.
    """
    encoder = given.for_table(profile) if given else profile.encoder()
    problems = profile.problems_of_rows() if given else profile.problems()
    is_compared = len(tables) > 1 or profile.split is not None
    hashes = RowHashes(compared_columns(encoder), is_wanted=is_compared)
    fitted: FittedTable | None = None
    if not problems:
        given_encoder = encoder if given else None
        fitted = _fit_training_table(tables["train"], profile, keeping, given_encoder, hashes)
        encoder = fitted.encoder
    weight = profile.config.data.sample_weight
    parts, problems_of_others = _encode_others(tables, encoder, keeping, hashes, weight=weight)
    problems += problems_of_others
    if fitted is None or problems:
        raise TableError(problems)
    parts |= _training_parts(fitted, profile)
    for key, part in parts.items():
        parts[key] = part._replace(repeated=hashes.repeated(key))
    return _dataset(tables, profile, fitted, parts, given)


def _dataset(
    tables: Mapping[str, Table],
    profile: TableProfile,
    fitted: FittedTable,
    parts: Mapping[str, Part],
    given: GivenEncoder | None,
) -> Dataset:
    """Return the dataset of these parts, with what was found of the training table."""
    return Dataset(
        profile.config,
        fitted.encoder,
        fingerprints=fingerprints_of(tables),
        sizes=sizes_of(tables),
        columns=list(map(column_facts, profile.features)),
        null_texts=profile.null_texts,
        copies=fitted.copies,
        from_run=given.run if given else "",
        **parts,
    )


def fingerprints_of(tables: Mapping[str, Table]) -> dict[str, str]:
    """Return the SHA-256 of each part's table in hexadecimal, as `Table.fingerprint` does.

    Args:
        tables: The table of each part that has one.
    """
    return {key: table.fingerprint() for key, table in tables.items()}


def sizes_of(tables: Mapping[str, Table]) -> dict[str, int]:
    """Return the bytes of each part's table, as they were when it was first opened.

    Args:
        tables: The table of each part that has one.
    """
    return {key: table.size for key, table in tables.items()}


def _encode_others(
    tables: Mapping[str, Table],
    encoder: Encoder,
    keeping: Keeping,
    hashes: RowHashes,
    *,
    weight: str | None,
) -> tuple[dict[str, Part], list[str]]:
    """Return the parts of the tables that are not trained on, and what is wrong in those tables."""
    parts: dict[str, Part] = {}
    problems: list[str] = []
    for key, table in tables.items():
        if key == "train":
            continue
        try:
            parts[key] = _encode_other_table(table, encoder, key, keeping, hashes, weight=weight)
        except TableError as error:
            problems += error.problems
    return parts, problems


def _encode_other_table(
    table: Table,
    encoder: Encoder,
    key: str,
    keeping: Keeping,
    hashes: RowHashes,
    *,
    weight: str | None,
) -> Part:
    """Return the part of a table of its own, with the weights of its rows where it has them."""
    reader = EncodedReader(encoder, table, target=True, has_categories=keeping.has_inputs)
    weights = None
    if weight is not None and weight in table.columns:
        weights = WeightSurvey(weight)
        reader.kept = [weight]
    store = new_store(encoder, table.height(), key, keeping)
    for block, x, y in reader:
        if weights:
            weights.add(block)
        hashes.add(key, block)
        if store.y.rows + len(y) > store.y.capacity:
            raise table_changed(table.name)
        store.append(x, y)
    part = Part(
        x=store.finish_inputs(len(encoder.inputs)),
        y=store.y.finish(),
        name=table.name,
        dropped=reader.dropped,
        unseen=reader.unseen(),
    )
    if not weights:
        return part
    problems = weights.problems()
    if problems:
        raise TableError(problems)
    return part._replace(weights=weights.values())


def _fit_training_table(
    table: Table,
    profile: TableProfile,
    keeping: Keeping,
    given: Encoder | None,
    hashes: RowHashes,
) -> FittedTable:
    """Return the training table read through an encoder fitted on it, or through a given one.

    Raises:
        TableError: Cells are wrong.
        ConfigError: No row is left to train on, or none to validate on.
    """
    rows = split_rows(profile)
    if given is not None:
        return _read_through(given, table, rows, keeping, hashes)
    encoder = profile.encoder(rows["train"])
    fitted = _fit(encoder, table, rows, profile.config, keeping, hashes)
    if len(fitted.encoder.inputs) < len(encoder.inputs):
        # parts of a date vary in the rows held out alone: read once more
        fitted = _fit(fitted.encoder, table, rows, profile.config, keeping, hashes)
    return fitted


def _training_parts(fitted: FittedTable, profile: TableProfile) -> dict[str, Part]:
    """Return the rows to train on and those held out.

    Means are known once all rows were read: missing cells are filled at the end.
    """
    means = np.array([feature.mean for feature in fitted.encoder.inputs])
    parts = {}
    for key, store in fitted.stores.items():
        weights = None
        if profile.weights is not None:
            is_row = fitted.rows[key]
            weights = profile.weights[is_row]
        parts[key] = Part(
            x=store.finish_inputs(len(means), means),
            y=store.y.finish(),
            name=profile.name,
            dropped=profile.dropped,
            unseen=fitted.unseen.get(key, []),
            weights=weights,
        )
    return parts


def _read_through(
    encoder: Encoder,
    table: Table,
    rows: Mapping[str, RowMask],
    keeping: Keeping,
    hashes: RowHashes,
) -> FittedTable:
    """Fill the matrices of each part through an encoder that stays as it is."""
    inputs = encoder.inputs_read(has_categories=keeping.has_inputs)
    copies = TargetCopies(inputs, len(encoder.targets))
    reader = EncodedReader(
        encoder, table, target=True, fill=False, has_categories=keeping.has_inputs
    )
    stores = _new_stores(encoder, rows, keeping)
    for key, x, y in _rows_by_part(reader, rows, hashes):
        stores[key].append(x, y)
        if key == "train":
            copies.add(x, y)
    return FittedTable(
        encoder=encoder,
        stores=stores,
        rows=rows,
        unseen={"train": reader.unseen()},
        copies=copies.names(),
    )


def _fit(
    encoder: Encoder,
    table: Table,
    rows: Mapping[str, RowMask],
    config: Config,
    keeping: Keeping,
    hashes: RowHashes,
) -> FittedTable:
    """Fill the matrices of each part, and fit the encoder on those of the rows to train on.

    Args:
        encoder: The encoder of the table, without statistics.
        table: The training table.
        rows: For each part, which of the table's rows are its own.
        config: Says whether targets are rescaled.
        keeping: Where to keep the matrices.
        hashes: Takes every row, to tell which are on both sides.
    """
    stores = _new_stores(encoder, rows, keeping)
    has_categories = keeping.has_inputs  # without matrices, those of the profile are enough
    count = int(rows["train"].sum())
    training = TrainingRows(encoder, config, count, has_categories=has_categories)
    reader = EncodedReader(encoder, table, target=True, fill=False, has_categories=has_categories)
    for key, x, y in _rows_by_part(reader, rows, hashes):
        stores[key].append(x, y)
        if key == "train":
            training.add(x, y)
    unseen = {}
    held_out = list(rows)[1:]
    if held_out:
        unseen[held_out[0]] = reader.unseen()
    return FittedTable(
        encoder=training.fitted_encoder(),
        stores=stores,
        rows=rows,
        unseen=unseen,
        copies=training.copies(),
    )


def _rows_by_part(
    reader: EncodedReader,
    rows: Mapping[str, RowMask],
    hashes: RowHashes,
) -> Iterator[tuple[str, Values, Values]]:
    """Yield the inputs and the targets of each block's rows, part by part.

    Raises:
        TableError: Cells are wrong, or the table has other rows than before.
    """
    hashes.begin()
    start = 0
    for block, x, y in reader:
        end = start + len(x)
        if end > len(rows["train"]):
            raise table_changed(reader.table.name)
        for key, is_row in rows.items():
            is_row_of_block = is_row[start:end]
            hashes.add(key, block, is_row_of_block)
            yield key, x[is_row_of_block], y[is_row_of_block]
        start = end


def _new_stores(
    encoder: Encoder,
    rows: Mapping[str, RowMask],
    keeping: Keeping,
) -> dict[str, PartStore]:
    stores = {}
    for key, is_row in rows.items():
        count = int(is_row.sum())
        stores[key] = new_store(encoder, count, key, keeping)
    return stores
