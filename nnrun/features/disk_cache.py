"""A dataset converted to files."""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter

from nnrun import __version__
from nnrun.config.schema import Config
from nnrun.errors import RunError
from nnrun.features.dataset import PARTS, Dataset, Part
from nnrun.features.encoder import Encoder
from nnrun.features.matrix_store import map_matrix
from nnrun.files import read_small, sync_folder
from nnrun.tables.fingerprint import fingerprint
from nnrun.wording import first_line

FACTS = TypeAdapter(
    dict[str, tuple[int, str, int, list[str]]]
)  # parts.json: rows, name, dropped, unseen of each part


def load_converted(config: Config, folder: Path) -> Dataset:
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


def cache_key(config: Config) -> str:
    """Return what the converted files depend on, as a name: the tables and whatever the encoding is made of."""
    files = {
        key: fingerprint(getattr(config.data, key)) for key in PARTS if getattr(config.data, key)
    }
    data = config.data.model_dump(exclude={*PARTS, "in_memory"})
    outputs = [config.loss["name"], config.rescales, config.output_activation(), config.seed]
    return sha256(
        json.dumps([__version__, files, data, outputs], sort_keys=True).encode()
    ).hexdigest()[:32]


STALE = 86_400  # seconds after which a half-built cache was left behind by a crash


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` if the body succeeds, and no other process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left in path.parent.glob(".tmp-*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left)
    temporary = path.with_name(
        f".tmp-{path.name}-{os.getpid()}-{time.time_ns()}"
    )  # in containers all have one id
    temporary.mkdir()
    try:
        yield temporary
        with suppress(OSError):  # another run was first: its files are the same
            temporary.rename(path)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
