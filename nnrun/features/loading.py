"""The dataset of a config: its tables read, rows held out, the encoder fitted on the others, matrices filled."""

import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np

from nnrun.config.schema import Config
from nnrun.errors import ConfigError, RunError, TableError
from nnrun.features.dataset import PARTS, Dataset, Part
from nnrun.features.disk_cache import cache_key, load_converted, new_folder
from nnrun.features.encoded_reader import EncodedReader
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import Store, memory_bytes
from nnrun.features.profile import Survey
from nnrun.features.statistics import Moments
from nnrun.files import write_json
from nnrun.tables.table import Table, find_files, open_table
from nnrun.wording import did_you_mean, listed, short_path

KEPT = 32 << 20  # bytes of a table that are not read from its file a second time
SHARE = 4  # a matrix of a quarter of the memory at hand: TensorFlow copies it, and needs room of its own
TEXT = 8  # how many times its file a matrix may be large: Parquet and gzip hold numbers in less than a byte


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
    folder = cache / cache_key(config) if in_memory is not True and size * TEXT > room else None
    if folder and folder.exists():
        with suppress(RunError):  # damaged files are converted anew
            return load_converted(config, folder)
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
    return load_converted(config, folder)


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
        reading = EncodedReader(encoder, table, target=True)
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
    reading, row = EncodedReader(encoder, survey.table, target=True, fill=False), 0
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
