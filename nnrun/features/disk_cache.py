"""A dataset converted to files, once for all runs that read the same tables the same way."""

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import TypeAdapter

from nnrun import __version__
from nnrun.config.schema import Config
from nnrun.features.cache_manifest import Manifest, read_manifest, write_manifest
from nnrun.features.column_facts import ColumnFacts
from nnrun.features.dataset import PARTS, Dataset, Part
from nnrun.features.encoder import Encoder
from nnrun.features.given_encoder import GivenEncoder
from nnrun.features.matrices import fingerprints_of, sizes_of
from nnrun.features.matrix_store import Matrix, map_matrix
from nnrun.features.row_weights import Weights
from nnrun.files import write_json
from nnrun.ordinary_files import LARGEST_FILE
from nnrun.tables.table import Table


class PartFacts(NamedTuple):
    """What parts.json holds of a part, besides its matrices.

    Attributes:
        rows: How many rows it has.
        name: The table, as messages call it.
        dropped: How many rows were left out for a missing cell.
        unseen: A message for each column with categories that training never saw.
        is_weighted: Whether a file holds the weight of each row.
        repeated: How many rows are training rows too, where that is no chance.
    """

    rows: int
    name: str
    dropped: int
    unseen: list[str]
    is_weighted: bool = False
    repeated: int = 0


PART_FACTS = TypeAdapter(dict[str, PartFacts])
COLUMN_FACTS = TypeAdapter(list[ColumnFacts])
NAMES = TypeAdapter(list[str])
NULL_TEXTS = TypeAdapter(dict[str, dict[str, int]])


def cache_key(
    config: Config,
    fingerprints: Mapping[str, str],
    given: GivenEncoder | None = None,
) -> str:
    """Return a name for all that converted files depend on: the tables, and how they are read.

    Args:
        config: Says how the tables are read.
        fingerprints: The SHA-256 of each table, by its part.
        given: The encoder of an earlier run through which they are read, if any.
    """
    data = config.data.model_dump(exclude={*PARTS, "in_memory"})
    outputs = [
        config.loss["name"],
        config.rescales,
        config.output_activation(),
        config.split_seed,
    ]
    facts = [__version__, dict(fingerprints), data, outputs]
    if given:
        facts.append(given.checksum())
    text = json.dumps(facts, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:32]


def save_converted(dataset: Dataset, folder: Path) -> None:
    """Write what a folder needs beside the matrices to be the dataset.

    Args:
        dataset: The dataset, whose matrices are files of the folder already.
        folder: The folder, which is there.

    Raises:
        OSError: The disk is full, or refuses to be written to.
    """
    write_json(folder / "encoding.json", dataset.encoder.model_dump())
    facts = {}
    for key, part in dataset.parts.items():
        facts[key] = PartFacts(
            rows=len(part.x),
            name=part.name,
            dropped=part.dropped,
            unseen=part.unseen,
            is_weighted=part.weights is not None,
            repeated=part.repeated,
        )
        if part.weights is not None:
            weights_path = folder / f"{key}-w.f32"
            part.weights.tofile(weights_path)
    write_json(folder / "parts.json", facts)
    write_json(folder / "columns.json", dataset.columns)
    write_json(folder / "copies.json", dataset.copies)
    write_json(folder / "null_texts.json", dataset.null_texts)
    write_manifest(folder)


def load_converted(
    config: Config,
    folder: Path,
    tables: Mapping[str, Table],
    given: GivenEncoder | None = None,
) -> Dataset:
    """Return the dataset that was converted to files.

    Args:
        config: The config.
        folder: The folder that `cache_key` names.
        tables: The table of each part that has one, of which the folder was made.
        given: The encoder through which the tables were read, if it was that of an earlier run.

    Raises:
        NotOrdinaryError: A link or a device stands where a file belongs.
        OSError, ValueError: The files are missing or damaged.
    """
    manifest = read_manifest(folder)

    def read(name: str) -> bytes:
        return _read(manifest, folder / name)

    encoder = Encoder.model_validate_json(read("encoding.json"))
    columns = COLUMN_FACTS.validate_json(read("columns.json"))
    copies = NAMES.validate_json(read("copies.json"))
    null_texts = NULL_TEXTS.validate_json(read("null_texts.json"))
    facts = PART_FACTS.validate_json(read("parts.json"))
    if "train" not in facts or not set(facts) <= set(PARTS):
        raise ValueError("its parts are not those of a dataset")
    parts: dict[str, Any] = {}
    for key, facts_of_part in facts.items():
        parts[key] = _load_part(manifest, folder, key, facts_of_part, encoder)
    return Dataset(
        config,
        encoder,
        fingerprints=fingerprints_of(tables),
        sizes=sizes_of(tables),
        columns=columns,
        copies=copies,
        null_texts=null_texts,
        from_run=given.run if given else "",
        **parts,
    )


def _load_part(
    manifest: Manifest,
    folder: Path,
    key: str,
    facts: PartFacts,
    encoder: Encoder,
) -> Part:
    """Return a part whose matrices are mapped from its files."""
    x_path = folder / f"{key}-x.f32"
    y_path = folder / f"{key}-y.f32"
    x = _open_matrix(manifest, x_path, columns=len(encoder.inputs))
    y = _open_matrix(manifest, y_path, columns=len(encoder.targets))
    _check_part(x, y, facts, encoder)
    weights = None
    if facts.is_weighted:
        weights_path = folder / f"{key}-w.f32"
        column = _open_matrix(manifest, weights_path, columns=1)
        weights = column[:, 0]
        _check_weights(weights, facts)
    return Part(
        x=x,
        y=y,
        name=facts.name,
        dropped=facts.dropped,
        unseen=facts.unseen,
        weights=weights,
        repeated=facts.repeated,
    )


def _read(manifest: Manifest, path: Path) -> bytes:
    with manifest.open(path) as file:
        return file.read(LARGEST_FILE)


def _open_matrix(manifest: Manifest, path: Path, columns: int) -> Matrix:
    with manifest.open(path) as file:
        return map_matrix(file, columns)


def _check_weights(weights: Weights, facts: PartFacts) -> None:
    """Raise a ValueError where the weights are not of a part's rows, or are none."""
    is_weight = np.isfinite(weights) & (weights >= 0)
    if len(weights) != facts.rows or not is_weight.all():
        raise ValueError(f"the weights of {facts.name} are not those of its rows")


def _check_part(
    x: Matrix,
    y: Matrix,
    facts: PartFacts,
    encoder: Encoder,
) -> None:
    """Raise a ValueError where a part's matrices are not of its rows, or not of its labels."""
    if len(x) != facts.rows or len(y) != facts.rows:
        raise ValueError(f"the matrices of {facts.name} have other rows than were written")
    for column, labels in enumerate(encoder.labels_of_targets):
        if not labels:
            continue
        codes = y[:, column]
        lowest = codes.min()
        highest = codes.max()
        are_labels = lowest >= 0 and highest < len(labels)  # NaN is none
        if not are_labels:
            raise ValueError(f"the targets of {facts.name} are not its labels")
