"""The dataset of a config, loaded from its tables, or from files that they were converted to."""

from collections.abc import Callable, Mapping
from pathlib import Path

from nnrun.config.schema import Config
from nnrun.errors import ConfigError, RunError, TableError
from nnrun.features.cache_folder import (
    CACHE,
    new_folder,
    refuse_links,
    remove_abandoned,
    remove_folder,
)
from nnrun.features.dataset import PARTS, Dataset
from nnrun.features.disk_cache import cache_key, load_converted, save_converted
from nnrun.features.encoder import Encoder
from nnrun.features.given_encoder import GivenEncoder
from nnrun.features.matrices import encode, fingerprints_of
from nnrun.features.matrix_store import FLOAT32_BYTES
from nnrun.features.memory import memory_bytes
from nnrun.features.part_store import IN_MEMORY, Keeping
from nnrun.features.profile import TableProfile, profile_table
from nnrun.ordinary_files import NotOrdinaryError
from nnrun.tables.dialect import Dialect
from nnrun.tables.table import Table, find_files, open_table
from nnrun.wording import first_line, short_path

Warn = Callable[[str], None]

KEPT = 64 << 20
"""Bytes of a table that are not read from its file a second time: 600,000 rows of ten columns. What
TensorFlow takes once it is imported is some times as much."""

SHARE = 4  # a matrix may take a quarter of the free memory: TensorFlow copies it, and needs its own
TEXT = 8  # a matrix may be so many times its file: Parquet and gzip hold numbers in under a byte


def load_dataset(
    config: Config,
    cache: Path = Path("runs", CACHE),
    warn: Warn | None = None,
    *,
    has_matrices: bool = True,
    given: GivenEncoder | None = None,
) -> Dataset:
    """Read the config's tables, and hold rows out for validation.

    Args:
        config: Says which tables, columns and rows.
        cache: The folder where a table that would not fit in memory is converted to files, once.
        warn: Takes a line about converted files that are damaged; None where nobody wants it.
        has_matrices: Whether the dataset is to train or to measure on. Without the inputs it is
            read several times as fast, and can be checked.
        given: The encoder of an earlier run, through which the tables are read.

    Raises:
        ConfigError: The config names a column that is not there, or does not fit that run.
        TableError: With every mistake of all the tables.
        RunError: The folder of converted tables holds links, or what nnrun did not make.
        OSError: The disk is full, or refuses to be written to.
    """
    tables = open_tables(config)
    folder = _folder_to_convert_to(config, tables, cache, given)
    if folder is not None and not (given and given.misfits):
        converted = _load_converted(config, folder, tables, warn, given)
        if converted is not None:
            return converted
    profile = _profile(tables["train"], config, given)
    if not profile.rows and given is None:  # columns of text have no category then
        raise TableError(profile.problems())
    if not has_matrices and folder is None:  # of a large table, training reuses what is converted
        return encode(tables, profile, Keeping(has_inputs=False), given)
    if config.data.in_memory is True or _fits_in_memory(profile, given):
        return encode(tables, profile, IN_MEMORY, given)
    if folder is None:  # the file is small, but its text becomes many inputs
        folder = cache / cache_key(config, fingerprints_of(tables), given)
        converted = _load_converted(config, folder, tables, warn, given)
        if converted is not None:
            return converted
    return _convert(tables, profile, folder, given)


def _profile(table: Table, config: Config, given: GivenEncoder | None) -> TableProfile:
    """Return the profile of the training table, or raise all that does not fit a given encoder."""
    misfits = list(given.misfits) if given else []
    try:
        profile = profile_table(table, config)
    except ConfigError as error:
        raise ConfigError([*misfits, *error.problems]) from None
    if given:
        misfits = given.all_misfits(profile)
    if misfits:
        raise ConfigError(misfits)
    return profile


def open_tables(config: Config) -> dict[str, Table]:
    """Return the table of each part that the config gives one, train first.

    Args:
        config: Says which files, and how they are written.

    Raises:
        TableError: With every file that cannot be opened.
    """
    tables = {}
    problems = []
    data = config.data
    for key, path in _paths(config).items():
        try:
            tables[key] = open_table(
                path,
                data.null_values,
                short_path(str(path)),
                keep=KEPT,
                dialect=Dialect.of(data),
            )
        except TableError as error:
            if _is_a_file(path):
                problems += error.problems
                continue
            place = config.where("data", key)
            problems += [f"{place}: {problem}" for problem in error.problems]
    if problems:
        raise TableError(problems)
    return tables


def _paths(config: Config) -> dict[str, Path]:
    """Return the path of each part that the config gives one."""
    paths = {}
    for key in PARTS:
        path = getattr(config.data, key)
        if path:
            paths[key] = Path(path)
    return paths


def _is_a_file(path: Path) -> bool:
    return any(not file.is_dir() for file in find_files(path))


def _folder_to_convert_to(
    config: Config,
    tables: Mapping[str, Table],
    cache: Path,
    given: GivenEncoder | None,
) -> Path | None:
    """Return the folder for tables that turn out too large for memory; None if none can be."""
    if config.data.in_memory is True:
        return None
    size = sum(table.size for table in tables.values())
    if size * TEXT <= _room(config):
        return None
    return cache / cache_key(config, fingerprints_of(tables), given)


def _room(config: Config) -> float:
    """Return how many bytes a matrix may have in memory."""
    if config.data.in_memory is False:
        return 0
    return memory_bytes() / SHARE


def _fits_in_memory(profile: TableProfile, given: GivenEncoder | None) -> bool:
    """Tell whether the matrices of the training table have room in memory."""
    encoder = given.encoder if given else profile.encoder()
    if _has_wrong_labels(encoder):
        return True
    columns = len(encoder.inputs) + 1
    size = profile.rows * columns * FLOAT32_BYTES
    return size < _room(profile.config)


def _has_wrong_labels(encoder: Encoder) -> bool:
    """Tell of labels that lint refuses, and that no encoding.json may hold."""
    if encoder.is_multilabel:
        return any(len(labels) != 2 for labels in encoder.labels_of_targets)
    return len(encoder.labels) == 1


def _load_converted(
    config: Config,
    folder: Path,
    tables: Mapping[str, Table],
    warn: Warn | None,
    given: GivenEncoder | None,
) -> Dataset | None:
    """Return the dataset that an earlier run converted, or None; damaged files are removed."""
    refuse_links(folder.parent)
    refuse_links(folder)
    remove_abandoned(folder.parent)
    if not folder.exists():
        return None
    try:
        return load_converted(config, folder, tables, given)
    except NotOrdinaryError as error:
        problem = f"{error.filename}: {error.strerror}"
        raise RunError(f"{problem}; remove it") from None
    except (OSError, ValueError) as error:
        _remove_damaged(folder)
        if warn:
            reason = f"the converted table is damaged: {first_line(error)}"
            warn(f"warning: {folder}: {reason}; it is converted again")
    return None


def _remove_damaged(folder: Path) -> None:
    remove_folder(folder)
    if folder.exists():
        raise RunError(f"{folder}: is not a table that nnrun converted, or holds more; remove it")


def _convert(
    tables: Mapping[str, Table],
    profile: TableProfile,
    folder: Path,
    given: GivenEncoder | None,
) -> Dataset:
    with new_folder(folder) as temporary:
        dataset = encode(tables, profile, Keeping(temporary), given)
        save_converted(dataset, temporary)
    return load_converted(profile.config, folder, tables, given)
