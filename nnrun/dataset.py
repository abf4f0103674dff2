"""The dataset of a config: its tables read, rows held out, the encoder fitted on the others, matrices filled."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from nnrun import __version__
from nnrun.columns import Moments, label_key
from nnrun.config import Config
from nnrun.data import Table, find_files, fingerprint, open_table
from nnrun.encoding import Encoder, Reading
from nnrun.errors import ConfigError, TableError, did_you_mean, listed, short_path
from nnrun.files import write_json
from nnrun.storage import Matrix, Store, map_matrix, memory_bytes, new_folder
from nnrun.survey import Survey

KEPT = 64 << 20  # bytes of a table that are not read from its file a second time
CACHE = Path("runs") / ".cache"
SHARE = 4  # a matrix of a quarter of the memory at hand: TensorFlow copies it, and needs room of its own
TEXT = 8  # how many times its file a matrix may be large: Parquet and gzip hold numbers in less than a byte
PARTS = ("train", "validation", "test")

Weights = np.ndarray[tuple[int], np.dtype[np.float32]]


@dataclass(frozen=True)
class Part:
    """Some rows of a table as the network takes them: float32 x (rows, inputs) and y (rows, targets).

    x is as it stands in the table: the model standardises. `dropped` is how many rows were left out for missing cells,
    `unseen` says which categories are new.
    """

    name: str
    x: Matrix
    y: Matrix
    dropped: int = 0
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Arrays:
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
    validation: Part | None
    test: Part | None

    @cached_property
    def label_counts(self) -> dict[str, int]:
        """How many training rows have each label; empty for regressions."""
        labels = self.encoder.labels
        counts = np.bincount(self.train.y[:, 0].astype(int), minlength=len(labels)).tolist() if labels else []
        return dict(zip(labels, counts, strict=True))

    def arrays(self, part: Part, *, weighted: bool = False) -> Arrays:
        """Return what a step takes of the part; `weighted` by the config's class weights."""
        weights = self.class_weights() if weighted else None
        return Arrays(part.x, part.y, None if weights is None else weights[part.y[:, 0].astype(int)])

    def class_weights(self) -> Weights | None:
        """Return the weight of each label, in the encoder's order.

        `balanced` gives a label rows / (labels * rows of the label), as scikit-learn does.
        """
        given = self.config.class_weight
        if given is None:
            return None
        counts = self.label_counts
        if given == "balanced":
            total = sum(counts.values())
            weights = [total / (len(counts) * count) for count in counts.values()]
        else:
            by_key = {label_key(label): weight for label, weight in dict(given).items()}
            weights = [by_key[label_key(label)] for label in counts]
        return np.array(weights, dtype=np.float32)


def load_dataset(config: Config, cache: Path = CACHE) -> Dataset:
    """Read the config's tables, and hold rows out for validation.

    A table that would not fit in memory is converted once to files under `cache`. Raises a ConfigError where the config
    names a column that is not there, a TableError with every mistake of all the tables.
    """
    tables = _open_tables(config)
    folder = cache / _key(config) if _may_be_large(config, tables) else None
    if folder and folder.exists():
        return _load(config, folder)
    survey = Survey(config, tables["train"], _choose_features(config, tables["train"]))
    if problems := survey.problems():
        others = [Reading(survey.encoder(), tables[key], target=True) for key in PARTS[1:] if key in tables]
        raise TableError(problems + [problem for reading in others for problem in _problems(reading)])
    if not folder or survey.rows * (len(survey.encoder().inputs) + 1) * 4 < _room(config):
        return Dataset(config, *_encode(config, tables, survey, None))
    with new_folder(folder) as temporary:
        encoder, *parts = _encode(config, tables, survey, temporary)
        write_json(temporary / "encoding.json", encoder.model_dump())
        facts = {key: [part.name, part.dropped, part.unseen] for key, part in zip(PARTS, parts, strict=True) if part}
        write_json(temporary / "parts.json", facts)
    return _load(config, folder)


def _open_tables(config: Config) -> dict[str, Table]:
    """Open the table of each key that the config gives, or raise a TableError with what is wrong with all of them."""
    tables, problems = {}, []
    for key in PARTS:
        if path := getattr(config.data, key):
            try:
                tables[key] = open_table(Path(path), config.data.null_values, short_path(path), keep=KEPT)
            except TableError as error:
                place = "" if find_files(Path(path)) else f"{config.where('data', key)}: "
                problems += [place + problem for problem in error.problems]
    if problems:
        raise TableError(problems)
    return tables


def _choose_features(config: Config, table: Table) -> list[str]:
    """Return the features that the config names, or every other column; else raise a ConfigError."""
    data, columns = config.data, table.columns
    problems = []
    for key, names in (("target", data.target), ("features", data.features or []), ("drop", data.drop)):
        for name in names:
            if name not in columns:
                hint = did_you_mean(name, columns) or f"; it has {listed(columns, 12)}"
                place = config.where("data", key)
                problems.append(f"{place}: {name!r} is not a column of {table.name}{hint}")
    features = data.features or [c for c in columns if c not in (*data.target, *data.drop)]
    if not features:
        problems.append(f"{config.where('data')}: no column of {table.name} is left to be a feature")
    if problems:
        raise ConfigError(problems)
    return features


def _problems(reading: Reading) -> list[str]:
    try:
        for _ in reading:
            pass
    except TableError as error:
        return error.problems
    return []


def _encode(
    config: Config, tables: dict[str, Table], survey: Survey, folder: Path | None
) -> tuple[Encoder, Part, Part | None, Part | None]:
    """Fit the encoder on the training rows, and fill the matrices of all parts, in files where a folder is given."""
    encoder, train, validation = _encode_train(tables["train"], survey, folder)
    parts, problems = {"validation": validation}, []
    for key in PARTS[1:]:
        if key in tables:
            reading = Reading(encoder, tables[key], target=True)
            x, y = _stores(encoder, tables[key].height(), key, folder)
            try:
                for _, features, targets in reading:
                    x.append(features)
                    y.append(targets)
                parts[key] = Part(tables[key].name, x.finish(), y.finish(), reading.dropped, tuple(reading.unseen()))
            except TableError as error:
                problems += error.problems
    if problems:
        raise TableError(problems)
    return encoder, train, parts["validation"], parts.get("test")


def _encode_train(table: Table, survey: Survey, folder: Path | None) -> tuple[Encoder, Part, Part | None]:
    """Fill the matrices of the rows to train on and of those held out; missing cells are filled at the end."""
    encoder, held = survey.encoder(), survey.held_out()
    while True:
        counts = {"train": int((~held).sum()), "validation": int(held.sum())}
        stores = {key: _stores(encoder, rows, key, folder) for key, rows in counts.items() if rows}
        statistics = Moments(len(encoder.inputs)), Moments(len(encoder.targets))
        row = 0
        reading = Reading(encoder, table, target=True, fill=False)
        for _, *matrices in reading:
            here = held[row : row + len(matrices[0])]
            row += len(here)
            for i, matrix in enumerate(matrices):
                statistics[i].add(matrix[~here])
                for key, pair in stores.items():
                    pair[i].append(matrix[here if key == "validation" else ~here])
        fitted = encoder.fitted(*statistics, survey.config)
        if len(fitted.inputs) == len(encoder.inputs):
            break
        encoder = fitted  # without the categories that occur only in the rows held out
    fill = np.array([feature.mean for feature in fitted.inputs])
    made = [Part(table.name, x.finish(fill), y.finish(), survey.dropped) for x, y in stores.values()]
    return fitted, made[0], replace(made[1], unseen=tuple(reading.unseen())) if len(made) > 1 else None


def _stores(encoder: Encoder, rows: int, key: str, folder: Path | None) -> tuple[Store, Store]:
    paths = [folder / f"{key}-{which}.f32" if folder else None for which in "xy"]
    return Store(rows, len(encoder.inputs), paths[0]), Store(rows, len(encoder.targets), paths[1])


def _load(config: Config, folder: Path) -> Dataset:
    """Return the dataset that was converted to files."""
    encoder = Encoder.load(folder / "encoding.json")
    facts = json.loads((folder / "parts.json").read_text(encoding="utf-8"))
    parts = {}
    for key, (name, dropped, unseen) in facts.items():
        x = map_matrix(folder / f"{key}-x.f32", len(encoder.inputs))
        y = map_matrix(folder / f"{key}-y.f32", len(encoder.targets))
        parts[key] = Part(name, x, y, dropped, tuple(unseen))
    return Dataset(config, encoder, parts["train"], parts.get("validation"), parts.get("test"))


def _may_be_large(config: Config, tables: dict[str, Table]) -> bool:
    size = sum(path.stat().st_size for key in tables for path in find_files(Path(getattr(config.data, key))))
    return config.data.in_memory is not True and size * TEXT > _room(config)


def _room(config: Config) -> float:
    """Return how large a matrix may be in memory, in bytes."""
    return 0 if config.data.in_memory is False else memory_bytes() / SHARE


def _key(config: Config) -> str:
    """Return what the converted files depend on, as a name: the tables and whatever the encoding is made of."""
    files = [fingerprint(getattr(config.data, key)) for key in PARTS if getattr(config.data, key)]
    data = config.data.model_dump(exclude={*PARTS, "in_memory"})
    outputs = [config.loss["name"], config.rescales, config.output_activation(), config.seed]
    return sha256(json.dumps([__version__, files, data, outputs], sort_keys=True).encode()).hexdigest()[:32]
