"""A dataset converted to files, once for all runs that read the same tables the same way."""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import TypeAdapter

from nnrun import __version__
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.dataset import PARTS, Dataset, Part
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import map_matrix
from nnrun.files import read_small, sync_folder, write_json
from nnrun.wording import first_line

STALE = 86_400  # seconds after which a half-built cache was left behind by a crash


class PartFacts(NamedTuple):
    """What parts.json holds of a part, besides its matrices."""

    rows: int
    name: str
    dropped: int
    unseen: list[str]


FACTS = TypeAdapter(dict[str, PartFacts])


def cache_key(config: Config, fingerprints: Mapping[str, str]) -> str:
    """Return a name for all that converted files depend on: the tables, and how they are read."""
    data = config.data.model_dump(exclude={*PARTS, "in_memory"})
    outputs = [config.loss["name"], config.rescales, config.output_activation(), config.seed]
    facts = json.dumps([__version__, dict(fingerprints), data, outputs], sort_keys=True)
    return sha256(facts.encode()).hexdigest()[:32]


def save_converted(dataset: Dataset, folder: Path) -> None:
    """Write what a folder needs beside the matrices to be the dataset."""
    write_json(folder / "encoding.json", dataset.encoder.model_dump())
    facts = {
        key: PartFacts(len(part.x), part.name, part.dropped, part.unseen)
        for key, part in dataset.parts.items()
    }
    write_json(folder / "parts.json", facts)


def load_converted(config: Config, folder: Path, fingerprints: Mapping[str, str]) -> Dataset:
    """Return the dataset that was converted to files.

    Args:
        config: The config, whose tables have these fingerprints.
        folder: The folder that `cache_key` names.
        fingerprints: The SHA-256 of the table of each part that has one.

    Raises:
        RunError: The files are damaged.
    """
    encoder = Encoder.load(folder / "encoding.json")
    try:
        facts = FACTS.validate_json(read_small(folder / "parts.json"))
        parts: dict[str, Any] = {
            key: _load_part(folder, key, of_part, encoder) for key, of_part in facts.items()
        }
        return Dataset(config, encoder, fingerprints=fingerprints, **parts)
    except (OSError, ValueError, TypeError) as error:  # TypeError: a part is missing or unknown
        reason = f"a converted table cannot be read: {first_line(error)}"
        raise RunError(f"{folder}: {reason}; remove the folder") from None


def _load_part(folder: Path, key: str, facts: PartFacts, encoder: Encoder) -> Part:
    x = map_matrix(folder / f"{key}-x.f32", len(encoder.inputs))
    y = map_matrix(folder / f"{key}-y.f32", len(encoder.targets))
    is_whole = len(x) == len(y) == facts.rows
    if is_whole and encoder.labels:
        is_whole = bool(0 <= y.min() <= y.max() < len(encoder.labels))
    if not is_whole:
        raise ValueError(f"{key}-x.f32 and {key}-y.f32 are not what was written")
    return Part(x, y, facts.name, facts.dropped, facts.unseen)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` if the body succeeds before other processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_stale_folders(path.parent)
    # the time too: in containers every process may have one id
    temporary = path.with_name(f".tmp-{path.name}-{os.getpid()}-{time.time_ns()}")
    temporary.mkdir()
    try:
        yield temporary
        with suppress(OSError):  # another run was first: its files are the same
            temporary.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_stale_folders(folder: Path) -> None:
    for left in folder.glob(".tmp-*"):
        with suppress(OSError):  # another process removes it too
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left)
