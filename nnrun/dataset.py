"""The dataset of a config: its tables read, rows held out, the encoder fitted on the others, matrices filled."""

import json
import shutil
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import TypeAdapter

from nnrun import __version__
from nnrun.columns import Moments, label_key
from nnrun.config import Config
from nnrun.data import Table, find_files, fingerprint, open_table
from nnrun.encoding import Encoder, Reading
from nnrun.errors import (
    ConfigError,
    RunError,
    TableError,
    did_you_mean,
    first_line,
    listed,
    short_path,
)
from nnrun.files import read_small, write_json
from nnrun.storage import Matrix, Store, map_matrix, memory_bytes, new_folder
from nnrun.survey import Survey

KEPT = 32 << 20  # bytes of a table that are not read from its file a second time
SHARE = 4  # a matrix of a quarter of the memory at hand: TensorFlow copies it, and needs room of its own
TEXT = 8  # how many times its file a matrix may be large: Parquet and gzip hold numbers in less than a byte
PARTS = ("train", "validation", "test")
FACTS = TypeAdapter(
    dict[str, tuple[int, str, int, list[str]]]
)  # parts.json: rows, name, dropped, unseen of each part

Weights = np.ndarray[tuple[int], np.dtype[np.float32]]


class Part(NamedTuple):
    """Rows of a table, x (rows, inputs) and y (rows, targets), not standardised; `dropped` rows were left out."""

    x: Matrix
    y: Matrix
    name: str
    dropped: int
    unseen: list[str]  # a message for each column with new categories


class Arrays(NamedTuple):
    """What a step takes: x (rows, inputs), y (rows, targets) and sample_weight (rows,) or None, all float32."""

    x: Matrix
    y: Matrix
    sample_weight: Weights | None = None


@dataclass(frozen=True)
class Dataset:
    """Everything that a config says about data, read and checked; the encoder is fitted on the training rows alone."""

    config: Config
    encoder: Encoder
    train: Part
    validation: Part | None = None
    test: Part | None = None

    @cached_property
    def label_counts(self) -> dict[str, int]:
        """How many training rows have each label; empty for regressions."""
        labels = self.encoder.labels
        counts = (
            np.bincount(self.train.y[:, 0].astype(int), minlength=len(labels)).tolist()
            if labels
            else []
        )
        return dict(zip(labels, counts, strict=True))

    def arrays(self, part: Part, *, weighted: bool = False) -> Arrays:
        """Return what a step takes of the part; `weighted` by the config's class weights."""
        weights = self.class_weights() if weighted else None
        return Arrays(
            part.x, part.y, None if weights is None else weights[part.y[:, 0].astype(int)]
        )

    def class_weights(self) -> Weights | None:
        """Return the weight of each label; `balanced` is rows / (labels * rows of the label), as in scikit-learn."""
        given, counts = self.config.class_weight, self.label_counts
        if given == "balanced":
            given = {
                label: sum(counts.values()) / (len(counts) * count)
                for label, count in counts.items()
            }
        by_key = {label_key(label): weight for label, weight in (given or {}).items()}
        return (
            np.array([by_key[label_key(label)] for label in counts], np.float32) if given else None
        )


def load_dataset(config: Config, cache: Path = Path("runs", ".cache")) -> Dataset:
    """Read the config's tables, and hold rows out for validation.

    A table that would not fit in memory is converted once to files under `cache`. Raises a ConfigError where the config
    names a column that is not there, a TableError with every mistake of all the tables.
    """
    tables, in_memory = open_tables(config), config.data.in_memory
    size = sum(
        path.stat().st_size
        for key in tables
        for path in find_files(Path(getattr(config.data, key)))
    )
    room = (
        0 if in_memory is False else memory_bytes() / SHARE
    )  # how many bytes a matrix may have in memory
    folder = cache / _key(config) if in_memory is not True and size * TEXT > room else None
    if folder and folder.exists():
        with suppress(RunError):  # damaged files are converted anew
            return _load(config, folder)
        shutil.rmtree(folder, ignore_errors=True)
    survey = Survey(config, tables["train"], choose_features(config, tables["train"]))
    encoder = survey.encoder()
    if not folder or len(encoder.labels) == 1 or survey.rows * (len(encoder.inputs) + 1) * 4 < room:
        return encode(tables, survey, None)
    with new_folder(folder) as temporary:
        dataset = encode(tables, survey, temporary)
        write_json(temporary / "encoding.json", dataset.encoder.model_dump())
        facts = {key: (len(part.x), *part[2:]) for key in PARTS if (part := getattr(dataset, key))}
        write_json(temporary / "parts.json", facts)
    return _load(config, folder)


def open_tables(config: Config) -> dict[str, Table]:
    """Return the table of each key that the config gives, train first; else raise a TableError with every mistake."""
    tables, problems = {}, []
    for key in PARTS:
        if path := getattr(config.data, key):
            try:
                tables[key] = open_table(
                    Path(path), config.data.null_values, short_path(path), keep=KEPT
                )
            except TableError as error:
                is_file = any(not found.is_dir() for found in find_files(Path(path)))
                place = "" if is_file else f"{config.where('data', key)}: "
                problems += [place + problem for problem in error.problems]
    if problems:
        raise TableError(problems)
    return tables


def choose_features(config: Config, table: Table) -> list[str]:
    """Return the features that the config names, or every other column of the table; else raise a ConfigError."""
    data, columns = config.data, table.columns
    problems = []
    for key in ("target", "features", "drop"):
        for name in [name for name in getattr(data, key) or [] if name not in columns]:
            hint = did_you_mean(name, columns) or f"; it has {listed(columns, 12)}"
            hint += "; columns are separated by commas, semicolons or tabs" * (len(columns) == 1)
            problems.append(
                f"{config.where('data', key)}: {name!r} is not a column of {table.name}{hint}"
            )
    features = data.features or [c for c in columns if c not in (*data.target, *data.drop)]
    if not features:
        problems.append(
            f"{config.where('data')}: no column of {table.name} is left to be a feature"
        )
    if problems:
        raise ConfigError(problems)
    return features


def encode(tables: dict[str, Table], survey: Survey, folder: Path | None) -> Dataset:
    """Fit the encoder on the training rows, and fill the matrices of all parts, in files where a folder is given."""
    parts: dict[str, Part] = {}
    encoder, problems = survey.encoder(), survey.problems()
    if not problems:
        encoder, parts = _encode_train(encoder, survey, folder)
    for key, table in list(tables.items())[1:]:
        reading = Reading(encoder, table, target=True)
        try:
            x, y = _stores(encoder, table.height(), key, folder)
            for _, features, targets in reading:
                x.append(features)
                y.append(targets)
            parts[key] = Part(x.finish(), y.finish(), table.name, reading.dropped, reading.unseen())
        except TableError as error:
            problems += error.problems
    if problems:
        raise TableError(problems)
    return Dataset(survey.config, encoder, **parts)


def _encode_train(
    encoder: Encoder, survey: Survey, folder: Path | None
) -> tuple[Encoder, dict[str, Part]]:
    """Fill the matrices of the rows to train on and of those held out; missing cells are filled at the end."""
    held = survey.held_out()
    masks = {"train": ~held, "validation": held}
    stores = {
        key: _stores(encoder, int(mask.sum()), key, folder)
        for key, mask in masks.items()
        if mask.any()
    }
    statistics = Moments(len(encoder.inputs)), Moments(len(encoder.targets))
    reading, row = Reading(encoder, survey.table, target=True, fill=False), 0
    for block, *matrices in reading:
        here = {key: mask[row : row + len(block.frame)] for key, mask in masks.items()}
        row += len(block.frame)
        for i, matrix in enumerate(matrices):
            statistics[i].add(matrix[here["train"]])
            for key, pair in stores.items():
                pair[i].append(matrix[here[key]])
    fitted = encoder.fitted(*statistics, survey.config)
    if len(fitted.inputs) < len(
        encoder.inputs
    ):  # without the categories that occur only in the rows held out
        return _encode_train(fitted, survey, folder)
    fill = np.array([feature.mean for feature in fitted.inputs])
    facts, unseen = (
        (survey.table.name, survey.dropped),
        {"train": [], "validation": reading.unseen()},
    )
    return fitted, {
        key: Part(x.finish(fill), y.finish(), *facts, unseen[key]) for key, (x, y) in stores.items()
    }


def _stores(encoder: Encoder, rows: int, key: str, folder: Path | None) -> tuple[Store, Store]:
    paths = [folder / f"{key}-{which}.f32" if folder else None for which in "xy"]
    return Store(rows, len(encoder.inputs), paths[0]), Store(rows, len(encoder.targets), paths[1])


def _load(config: Config, folder: Path) -> Dataset:
    """Return the dataset that was converted to files; raise a RunError where they are damaged."""
    encoder, parts = Encoder.load(folder / "encoding.json"), {}
    try:
        for key, (rows, name, dropped, unseen) in FACTS.validate_json(
            read_small(folder / "parts.json")
        ).items():
            x = map_matrix(folder / f"{key}-x.f32", len(encoder.inputs))
            y = map_matrix(folder / f"{key}-y.f32", len(encoder.targets))
            wrong_label = encoder.labels and not 0 <= y.min() <= y.max() < len(encoder.labels)
            if wrong_label or not len(x) == len(y) == rows:
                raise ValueError(f"{key}-x.f32 and {key}-y.f32 are not what was written")
            parts[key] = Part(x, y, name, dropped, unseen)
        return Dataset(config, encoder, **parts)
    except (
        OSError,
        ValueError,
        TypeError,
    ) as error:  # TypeError: a part is missing, or has another name
        raise RunError(
            f"{folder}: a converted table cannot be read: {first_line(error)}; remove the folder"
        ) from None


def _key(config: Config) -> str:
    """Return what the converted files depend on, as a name: the tables and whatever the encoding is made of."""
    files = {
        key: fingerprint(getattr(config.data, key)) for key in PARTS if getattr(config.data, key)
    }
    data = config.data.model_dump(exclude={*PARTS, "in_memory"})
    outputs = [config.loss["name"], config.rescales, config.output_activation(), config.seed]
    return sha256(
        json.dumps([__version__, files, data, outputs], sort_keys=True).encode()
    ).hexdigest()[:32]
