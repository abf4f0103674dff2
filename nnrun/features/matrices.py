"""The matrices of a dataset, filled from its tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import TableError
from nnrun.features.column_facts import column_facts
from nnrun.features.dataset import Dataset, Part
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.kept_rows import RowMask
from nnrun.features.matrix_store import AnyFloats, Store
from nnrun.features.profile import TableProfile
from nnrun.features.split import draw_held_out_rows
from nnrun.features.statistics import Moments, Values
from nnrun.tables.stored_file import table_changed
from nnrun.tables.table import Table


class PartStore(NamedTuple):
    """Where the matrices of a part are filled."""

    x: Store
    y: Store

    def append(self, x: Values, y: Values) -> None:
        """Add rows."""
        self.x.append(x)
        self.y.append(y)


class FittedTable(NamedTuple):
    """A training table read through an encoder without statistics.

    Attributes:
        encoder: The encoder, fitted on the rows to train on.
        stores: The matrices of the rows to train on and of those held out; missing cells are NaN.
        unseen: A message for each column with categories that only the rows held out have.
    """

    encoder: Encoder
    stores: Mapping[str, PartStore]
    unseen: list[str]


def encode(tables: Mapping[str, Table], profile: TableProfile, folder: Path | None) -> Dataset:
    """Fit the encoder on the training rows, and fill the matrices of all parts.

    Args:
        tables: The table of each part that has one.
        profile: The profile of the training table.
        folder: Where to keep the matrices in files, or None for memory.

    Raises:
        TableError: With every mistake of all the tables.
        ConfigError: No row is left to train on, or none to validate on.
    """
    parts: dict[str, Part] = {}
    encoder = profile.encoder()
    problems = profile.problems()
    if not problems:
        encoder, parts = _encode_training_table(tables["train"], profile, folder)
    for key, table in tables.items():
        if key == "train":
            continue
        try:
            parts[key] = _encode_other_table(table, encoder, key, folder)
        except TableError as error:
            problems += error.problems
    if problems:
        raise TableError(problems)
    fingerprints = {key: table.fingerprint() for key, table in tables.items()}
    columns = [column_facts(column) for column in profile.features]
    return Dataset(
        profile.config,
        encoder,
        fingerprints=fingerprints,
        columns=columns,
        null_texts=profile.null_texts,
        **parts,
    )


def _encode_other_table(table: Table, encoder: Encoder, key: str, folder: Path | None) -> Part:
    reader = EncodedReader(encoder, table, target=True)
    store = _new_store(encoder, table.height(), key, folder)
    for _, x, y in reader:
        if store.x.rows + len(x) > store.x.capacity:
            raise table_changed(table.name)
        store.append(x, y)
    return Part(store.x.finish(), store.y.finish(), table.name, reader.dropped, reader.unseen())


def _encode_training_table(
    table: Table, profile: TableProfile, folder: Path | None
) -> tuple[Encoder, dict[str, Part]]:
    """Return the fitted encoder, and the rows to train on and those held out.

    Means are known once all rows were read: missing cells are filled at the end.
    """
    held_out = draw_held_out_rows(profile)
    rows = {"train": ~held_out}
    if held_out.any():
        rows["validation"] = held_out
    encoder = profile.encoder(rows["train"])
    fitted = _fit(encoder, table, rows, profile.config, folder)
    if len(fitted.encoder.inputs) < len(encoder.inputs):
        # parts of a date vary in the rows held out alone: read once more
        fitted = _fit(fitted.encoder, table, rows, profile.config, folder)
    means = np.array([feature.mean for feature in fitted.encoder.inputs])
    unseen = {"train": [], "validation": fitted.unseen}
    parts = {
        key: _finish(store, means, profile, unseen[key]) for key, store in fitted.stores.items()
    }
    return fitted.encoder, parts


def _fit(
    encoder: Encoder,
    table: Table,
    rows: Mapping[str, RowMask],
    config: Config,
    folder: Path | None,
) -> FittedTable:
    """Fill the matrices of each part, and fit the encoder on those of the rows to train on.

    Args:
        encoder: The encoder of the table, without statistics.
        table: The training table.
        rows: For each part, which of the table's rows are its own.
        config: Says whether targets are rescaled.
        folder: Where to keep the matrices in files, or None for memory.
    """
    stores = {
        key: _new_store(encoder, int(is_row.sum()), key, folder) for key, is_row in rows.items()
    }
    x_moments = Moments(len(encoder.inputs))
    y_moments = Moments(len(encoder.targets))
    reader = EncodedReader(encoder, table, target=True, fill=False)
    start = 0
    for _, x, y in reader:
        end = start + len(x)
        if end > len(rows["train"]):
            raise table_changed(table.name)
        for key, is_row in rows.items():
            part_x = x[is_row[start:end]]
            part_y = y[is_row[start:end]]
            stores[key].append(part_x, part_y)
            if key == "train":
                x_moments.add(part_x)
                y_moments.add(part_y)
        start = end
    return FittedTable(encoder.fitted(x_moments, y_moments, config), stores, reader.unseen())


def _finish(store: PartStore, means: AnyFloats, profile: TableProfile, unseen: list[str]) -> Part:
    x = store.x.finish(means)
    return Part(x, store.y.finish(), profile.name, profile.dropped, unseen)


def _new_store(encoder: Encoder, rows: int, key: str, folder: Path | None) -> PartStore:
    x_path = folder / f"{key}-x.f32" if folder else None
    y_path = folder / f"{key}-y.f32" if folder else None
    return PartStore(
        Store(rows, len(encoder.inputs), x_path), Store(rows, len(encoder.targets), y_path)
    )
