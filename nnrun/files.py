"""Files that are either wholly there or not there: temporary file, fsync, rename, fsync of the folder."""

import errno
import hashlib
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

LARGEST_FILE = 16 << 20  # bytes of encoding.json: some 50,000 features
TEMPORARY = ".tmp-"  # how the names of unfinished files begin


@contextmanager
def named_errors(path: Path, *others: Path) -> Iterator[None]:
    """Name `path` in an OSError that names no file, as those of writing do, or one of `others`."""
    try:
        yield
    except OSError as error:
        if error.filename in (None, *map(str, others)):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from None
        raise


@contextmanager
def atomic_paths(*paths: Path) -> Iterator[list[Path]]:
    """Yield a path beside each of `paths`, all in one folder, for the body to create; rename them all, or none.

    After an error, even of the last fsync, every file is what it was; after a kill, the old one or the new one.
    """
    new, former = (
        [p.with_name(f"{TEMPORARY}{os.getpid()}-{i}{p.name}") for p in paths] for i in ("", "was-")
    )
    undo: list[Callable[[], Any]] = []
    try:
        with named_errors(paths[0] if len(paths) == 1 else paths[0].parent, *new, *former):
            yield new
            for temporary in new:
                with temporary.open("rb+") as file:
                    os.fsync(file.fileno())
            for path, temporary, backup in zip(paths, new, former, strict=True):
                undo.append(_keep(path, backup))
                temporary.replace(path)
        sync_folder(paths[0].parent)
    except BaseException:
        for back in reversed(undo):
            with suppress(OSError):
                back()
        raise
    finally:
        for temporary in (*new, *former):
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, of the same ending, for the body to create; rename it to `path` unless it fails."""
    with atomic_paths(path) as (temporary,):
        yield temporary


def _keep(path: Path, backup: Path) -> Callable[[], Any]:
    """Return what brings the file at `path` back as it is now."""
    if not path.exists():
        return partial(path.unlink, missing_ok=True)
    try:
        os.link(path, backup)
    except OSError:  # not every file system has links
        shutil.copyfile(path, backup)
    return partial(backup.replace, path)


def remove_temporaries(folder: Path) -> None:
    """Remove what a process that was killed left behind; nobody else may be writing there."""
    for left in folder.glob(f"{TEMPORARY}*"):
        left.unlink()


def write_texts(texts: Mapping[Path, str]) -> None:
    """Write each path's text as UTF-8, all of them or none."""
    with atomic_paths(*texts) as temporaries:
        for temporary, text in zip(temporaries, texts.values(), strict=True):
            temporary.write_text(text, encoding="utf-8", newline="\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    write_texts({path: text})


def read_small(path: Path, most: int = LARGEST_FILE) -> bytes:
    """Return the bytes of a file that may come from anybody, or raise an OSError where it is larger than such are."""
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"is larger than {most >> 20} MiB", str(path))
    return content


def to_json(value: Any) -> str:
    """Return `value` as indented JSON. NaN and infinity are refused."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def write_json(path: Path, value: Any) -> None:
    """Write `value` to `path` as indented JSON, atomically."""
    write_text(path, to_json(value))


@contextmanager
def open_output(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write: an ordinary one is replaced atomically, a device or pipe is opened as it is."""
    as_it_is = path.exists() and not path.is_file()
    with (
        nullcontext(path) if as_it_is else atomic_path(path.resolve()) as target,
        named_errors(path),
        target.open("wb") as file,
    ):
        yield file


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for JSON, which has no NaN: what is undefined is None."""
    return {
        k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()
    }


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable; Windows can open no folder and needs none of this."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            with named_errors(folder):
                os.fsync(handle)
        finally:
            os.close(handle)
