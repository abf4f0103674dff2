"""What the numbers of a run depend on: versions, threads, tables; what of it is another than it was."""

import os
from functools import cache
from importlib.metadata import version
from pathlib import Path
from platform import python_version
from typing import Any

from nnrun import __version__
from nnrun.config.places import Keys, dotted
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.dataset import PARTS, Dataset
from nnrun.features.encoder import Encoder
from nnrun.runs.directory import Run
from nnrun.runs.info import RunInfo
from nnrun.tables.fingerprint import fingerprint
from nnrun.tables.table import find_files
from nnrun.wording import received

LIBRARIES = ("tensorflow", "keras", "numpy", "polars")
VARIABLES = "TF_NUM_INTRAOP_THREADS TF_NUM_INTEROP_THREADS TF_ENABLE_ONEDNN_OPTS OMP_NUM_THREADS XLA_FLAGS".split()


@cache
def versions() -> dict[str, str]:
    """Return the versions that the numbers of a run depend on; looking them up takes some milliseconds."""
    return {
        "nnrun": __version__,
        "python": python_version(),
        **{name: version(name) for name in LIBRARIES},
    }


def circumstances() -> dict[str, Any]:
    """Return what else the numbers of a run depend on: versions, how many threads compute, and how they are told to."""
    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    environment = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    return {"versions": versions(), "threads": threads, "environment": environment}


def changed_tables(config: Config, info: RunInfo) -> list[str]:
    """Return a line for each table that is there and is not what it was, by its SHA-256."""
    changed = []
    for name in PARTS:
        table, then = getattr(config.data, name), info.data.get(name, {}).get("sha256")
        files = find_files(Path(table)) if table else []
        if files and not (all(map(Path.is_file, files)) and fingerprint(table) == then):
            changed.append(
                f"{table}: is not the table that the run started with (its SHA-256 is another)"
            )
    return changed


def check_encoding(run: Run, encoder: Encoder, dataset: Dataset) -> None:
    """Raise a RunError where a run's encoder is not the one that its tables give."""
    if dataset.encoder != encoder:
        raise RunError(f"{run.encoding}: is not what the table gives; it was altered")


def differences(then: Any, now: Any, keys: Keys = ()) -> list[str]:
    """Return a line for each value that differs between two trees of JSON: `layers[0].units: 4 then, 5 now`."""
    if isinstance(then, dict) and isinstance(now, dict):
        return [
            line
            for k in {**then, **now}
            for line in differences(then.get(k), now.get(k), (*keys, k))
        ]
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [line for i in range(len(then)) for line in differences(then[i], now[i], (*keys, i))]
    return [] if then == now else [f"{dotted(keys)}: {received(then)} then, {received(now)} now"]
