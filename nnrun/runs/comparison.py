"""Two runs side by side: settings, tables, versions and metrics."""

from pathlib import Path
from typing import Any, NamedTuple

from nnrun.files import finite
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.runs.settings import differing_keys, settings_of

TABLE_KEYS = frozenset({"data.train", "data.validation", "data.test"})
"""Settings that the tables of the runs tell."""


class Pair(NamedTuple):
    """A value of either run.

    Attributes:
        first: The value of the first run; None where it has none.
        second: The value of the second run; None where it has none.
    """

    first: Any
    second: Any


Values = dict[str, Pair]


class Comparison(NamedTuple):
    """Two runs.

    Attributes:
        settings: The settings that differ.
        tables: What differs of each table: its path, its rows or its SHA-256.
        versions: The versions, threads and variables that differ.
        metrics: All metrics, and how many epochs there were.
    """

    settings: Values
    tables: Values
    versions: Values
    metrics: Values

    def as_json(self) -> dict[str, Any]:
        """Return what `diff --json` prints, each value as `a` and `b`."""
        sections: dict[str, Any] = {}
        for title, values in self._asdict().items():
            sections[title] = {}
            for key, pair in values.items():
                sections[title][key] = {"a": pair.first, "b": pair.second}
        return sections


def compare_runs(first: Path, second: Path) -> Comparison:
    """Return what is the same and what is not in two runs, finished or not.

    Args:
        first: A run directory.
        second: Another one.

    Raises:
        RunError: A path is not a run, or a file of it cannot be read.
    """
    infos = []
    metrics = []
    for run in (Run(first), Run(second)):
        info = run.read_info()
        own_metrics = finite(run.read_metrics())
        infos.append(info)
        metrics.append({"epochs": info.epochs, **own_metrics})
    names = list(metrics[0] | metrics[1])
    return Comparison(
        settings=_differing([_settings(info) for info in infos]),
        tables=_differing([_tables(info) for info in infos]),
        versions=_differing([_versions(info) for info in infos]),
        metrics=_pairs(metrics, names),
    )


def _settings(info: RunInfo) -> dict[str, Any]:
    settings = settings_of(info.config)
    for key in TABLE_KEYS:
        settings.pop(key, None)
    return settings


def _tables(info: RunInfo) -> dict[str, Any]:
    """Return path, rows and SHA-256 of each table; sizes follow from the last."""
    facts = {}
    for key, value in settings_of(info.data).items():
        if not key.endswith(".size"):
            facts[key] = value
    return facts


def _versions(info: RunInfo) -> dict[str, Any]:
    """Return all that the numbers depend on besides config and tables."""
    return {
        **info.versions,
        "threads": info.threads,
        "engine": info.engine,
        "replicas": info.replicas,
        **info.environment,
    }


def _differing(values: list[dict[str, Any]]) -> Values:
    keys = differing_keys(values)
    return _pairs(values, keys)


def _pairs(values: list[dict[str, Any]], keys: list[str]) -> Values:
    first, second = values
    pairs = {}
    for key in keys:
        pairs[key] = Pair(first.get(key), second.get(key))
    return pairs
