"""The origin of a run's numbers: versions, threads and tables, and how they differ from today's."""

import math
import os
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from nnrun import __version__
from nnrun.config.places import Keys, dotted
from nnrun.config.schema import Config, Data
from nnrun.config.strict_model import Strict
from nnrun.errors import RunError
from nnrun.features.dataset import PARTS, Dataset
from nnrun.features.encoder import Encoder
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.tables.fingerprint import fingerprint, stored_size
from nnrun.tables.stored_file import table_changed
from nnrun.tables.table import find_files
from nnrun.wording import received, short_path

LATER_FIELDS = ("missing_share",)
"""What encodings of earlier versions do not tell of a column."""

ROUNDING = 1e-9
"""How far two sums of the same numbers may lie apart, relatively, in another order."""

LIBRARIES = ("tensorflow", "keras", "numpy", "polars")

ANOTHER_TABLE = "is not the table that the run started with (its SHA-256 differs)"
"""What is said of a table of another size too, whose SHA-256 is another for that reason."""

VARIABLES = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_ENABLE_ONEDNN_OPTS",
    "OMP_NUM_THREADS",
    "XLA_FLAGS",
)
"""The environment variables that change how TensorFlow adds numbers up."""


@cache
def versions() -> dict[str, str]:
    """Return the versions that the numbers of a run depend on; looking them up takes a while."""
    libraries = {name: version(name) for name in LIBRARIES}
    return {
        "nnrun": __version__,
        "python": python_version(),
        **libraries,
    }


def circumstances() -> dict[str, Any]:
    """Return what else the numbers depend on: versions, threads, and variables that are set."""
    environment = {}
    for name in VARIABLES:
        if name in os.environ:
            environment[name] = os.environ[name]
    return {
        "versions": versions(),
        "threads": _thread_count(),
        "environment": environment,
    }


def _thread_count() -> int | None:
    """Return how many cores this process may use, as TensorFlow counts them."""
    if hasattr(os, "sched_getaffinity"):
        cores = os.sched_getaffinity(0)
        return len(cores)
    return os.cpu_count()


def changed_tables(config: Config, info: RunInfo) -> list[str]:
    """Return a line for each table that is not what it was; one that is not there has none.

    Args:
        config: The config that names the tables.
        info: The facts of the run, which have the SHA-256 of each table.
    """
    changed = []
    for part in PARTS:
        table = getattr(config.data, part)
        facts = info.data.get(part, {})
        if table and was_changed(table, facts):
            changed.append(f"{table}: {ANOTHER_TABLE}")
    return changed


def was_changed(table: str, facts: Mapping[str, str | int]) -> bool:
    """Return whether a table is there, whole or in part, and is another.

    A stranger's run may name any file. One of another size is not read.

    Args:
        table: Its path, or the pattern of its parts.
        facts: The `sha256` and the `size` that it had; earlier versions told no size.
    """
    files = find_files(Path(table))
    if not files:
        return False
    if not all(file.is_file() for file in files):
        return True
    size = stored_size(table)
    if facts.get("size", size) != size:
        return True
    return fingerprint(table) != facts.get("sha256")


def check_tables(info: RunInfo, dataset: Dataset) -> None:
    """Check the tables that were read against run.json.

    Args:
        info: The run.json of the run.
        dataset: The dataset that was read again.

    Raises:
        TableError: A table was replaced since `changed_tables` found it as it was.
    """
    for part, sha256 in dataset.fingerprints.items():
        facts = info.data.get(part, {})
        if sha256 != facts.get("sha256"):
            table = getattr(dataset.config.data, part)
            raise table_changed(short_path(table))


def check_encoding(run: Run, encoder: Encoder, dataset: Dataset) -> None:
    """Check that a run's encoder is the one that its tables give.

    Args:
        run: The run directory.
        encoder: Its encoder.
        dataset: The dataset that was read again.

    Raises:
        RunError: It is another, so that encoding.json was altered.
    """
    then = encoder.model_dump()
    now = dataset.encoder.model_dump()
    if not _agrees(then, now):
        raise RunError(f"{run.encoding}: does not describe the table; it was altered")


def _agrees(then: Any, now: Any) -> bool:  # noqa: ANN401 - any value of JSON
    """Return whether two encodings say the same of a table.

    An earlier version knew no missing shares, and may have rounded statistics otherwise.
    """
    if isinstance(then, dict):
        for key in LATER_FIELDS:
            if then.get(key, "") is None:
                then = {**then, key: now[key]}
        if then.keys() != now.keys():
            return False
        return all(_agrees(then[key], now[key]) for key in then)
    if isinstance(then, list):
        return len(then) == len(now) and all(map(_agrees, then, now))
    if isinstance(then, float):
        return isinstance(now, float) and math.isclose(then, now, rel_tol=ROUNDING)
    return bool(then == now)


def with_later_keys(config: dict[str, Any]) -> dict[str, Any]:
    """Return a config of run.json with the keys that an earlier version did not know.

    They get their defaults, which mean what that version did. Every version wrote most keys, so
    that nothing is added where there is none.

    Args:
        config: The config as run.json has it, which may be empty.
    """
    if not config:
        return {}
    data = _defaults(Data) | config.get("data", {})
    return _defaults(Config) | config | {"data": data}


def _defaults(model: type[Strict]) -> dict[str, Any]:
    """Return the defaults of the keys that may be left out."""
    defaults = {}
    for name, field in model.model_fields.items():
        if not field.is_required():
            defaults[name] = field.get_default(call_default_factory=True)
    return defaults


def differences(then: object, now: object, keys: Keys = ()) -> list[str]:
    """Return a line for each value that differs between two trees of JSON.

    Args:
        then: The former tree.
        now: The later tree.
        keys: The place of both in a larger tree.

    Returns:
        Lines such as `layers[0].units: 4 then, 5 now`.
    """
    lines: list[str] = []
    if isinstance(then, dict) and isinstance(now, dict):
        for key in {**then, **now}:
            place = (*keys, key)
            lines += differences(then.get(key), now.get(key), place)
        return lines
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for number, (former, later) in enumerate(zip(then, now, strict=True)):
            place = (*keys, number)
            lines += differences(former, later, place)
        return lines
    if then == now:
        return []
    key = dotted(keys)
    former_text = received(then)
    later_text = received(now)
    return [f"{key}: {former_text} then, {later_text} now"]
