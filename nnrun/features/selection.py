"""Which columns of a table a config makes features and targets."""

from collections.abc import Iterator

from nnrun.config.places import Keys
from nnrun.config.schema import Config, Data
from nnrun.errors import ConfigError
from nnrun.features.encoding_size import TOO_LONG, least_size
from nnrun.features.feature import Kind
from nnrun.ordinary_files import LARGEST_FILE
from nnrun.tables.table import Table
from nnrun.wording import did_you_mean, listed

KEYS_OF_COLUMNS = (
    "target",
    "features",
    "drop",
    "categorical",
    "numeric_columns",
    "date_columns",
)
"""The keys of data that hold lists of columns."""


def choose_features(config: Config, table: Table) -> list[str]:
    """Return the features that the config names, or every other column of the table.

    The column that splits the table is not a feature unless the config names it among them. That of
    the rows' weights never is.

    Args:
        config: The config.
        table: Its training table.

    Raises:
        ConfigError: The config names columns that are not there, no column is left, or there are
            more than encoding.json can hold.
    """
    data = config.data
    problems = _unknown_columns(config, table)
    left_out = {*data.target, *data.drop, *config.columns_apart}
    others = [name for name in table.columns if name not in left_out]
    features = data.features or others
    place = config.where("data")
    if not features:
        problems.append(f"{place}: no column of {table.name} is left to be a feature")
    if least_size(features) > LARGEST_FILE:  # hours would pass until the cells are known too
        received = f"{len(features):,} columns"
        problems.append(f"{place}: {TOO_LONG}; received {received}")
    if problems:
        raise ConfigError(problems)
    return features


def _unknown_columns(config: Config, table: Table) -> list[str]:
    """Return a line for each column that the config names and the table lacks."""
    problems = []
    for keys, name in _named_columns(config.data):
        if name not in table.columns:
            place = config.where("data", *keys)
            problem = _describe_unknown(name, table)
            problems.append(f"{place}: {problem}")
    return problems


def _named_columns(data: Data) -> Iterator[tuple[Keys, str]]:
    """Yield the columns that a config names, each with its keys below data."""
    for key in KEYS_OF_COLUMNS:
        for name in getattr(data, key) or []:
            yield (key,), name
    if data.sample_weight is not None:
        yield ("sample_weight",), data.sample_weight
    if data.split:
        yield ("split", data.split.kind), data.split.name


def used_columns(config: Config, table: Table) -> frozenset[str]:
    """Return the columns of a table that are features or targets, as far as they are there.

    Args:
        config: Names the columns, or those that are dropped.
        table: The table.
    """
    data = config.data
    columns = frozenset(table.columns)
    if data.features:
        return columns.intersection([*data.features, *data.target])
    dropped = set(data.drop).difference(data.target)
    return columns.difference(dropped)


def declared_kind(data: Data, name: str) -> Kind | None:
    """Return the kind that a config says a column to be, or None where its cells tell.

    Args:
        data: The section `data` of a config.
        name: A column of the table.
    """
    if name in data.categorical:
        return "text"
    if name in data.numeric_columns:
        return "number"
    if name in data.date_columns:
        return "date"
    return None


def choose_targets(config: Config) -> list[str]:
    """Return the targets that the config names; of many labels the first, as lint refuses more.

    Args:
        config: Says whether targets are labels or numbers.
    """
    if config.is_classes and not config.is_binary:
        return config.data.target[:1]
    return config.data.target


def _describe_unknown(name: str, table: Table) -> str:
    """Return that a table lacks a column, and which may be meant."""
    hint = did_you_mean(name, table.columns)
    if not hint:
        hint = f"; it has {listed(table.columns, 12)}"
    if len(table.columns) == 1:  # another separator makes one column of all, as do titles
        hint += (
            "; columns are separated by commas, semicolons or tabs, and lines above the header are "
            "skipped by `skip_rows` under data"
        )
    return f"{name!r} is not a column of {table.name}{hint}"
