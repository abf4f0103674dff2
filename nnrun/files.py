"""Files that are either wholly there or not there, and their checksums.

A file is written under a temporary name and synced, then renamed, and its folder is synced.
"""

import errno
import json
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from nnrun.errors import InputError
from nnrun.ordinary_files import hash_file

TEMPORARY = ".tmp-"  # the beginning of the names of unfinished files

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)
"""The errors of a disk that is full, limited, read-only or failing."""

Undo = Callable[[], object]


@contextmanager
def named_errors(path: Path, *others: Path) -> Iterator[None]:
    """Name `path` in an OSError that names no file, as those of writing do.

    An error that names one of `others`, or a file in one of them, is treated likewise.

    Args:
        path: The file that the body writes, as the user named it.
        others: Temporary files or folders that the body writes in its place.

    Raises:
        OSError: The body raised one; its `filename` is `path` where it was missing or one of
            `others`.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or _is_below(str(error.filename), others):
            reason = error.strerror or str(error)
            raise OSError(error.errno, reason, str(path)) from None
        raise


def disk_error(error: Exception, path: Path) -> OSError | None:
    """Return the OSError at a path that an error of another library tells of, or None.

    TensorFlow and the converters write files in C++, and put the system's words into errors of
    their own.

    Args:
        error: The error that the library raised.
        path: What was to be written.
    """
    if isinstance(error, OSError):
        reason = error.strerror or str(error)
        return OSError(error.errno, reason, str(path))
    for number in DISK_ERRORS:
        if os.strerror(number) in str(error):
            return OSError(number, os.strerror(number), str(path))
    return None


def _is_below(name: str, places: Sequence[Path]) -> bool:
    return any(Path(name).is_relative_to(place) for place in places)


@contextmanager
def atomic_paths(*paths: Path) -> Iterator[list[Path]]:
    """Yield a temporary path for each of `paths`, for the body to create; rename them all, or none.

    After an error, even of the last sync, every file is what it was. After a kill, each is the old
    one or the new one, whole.

    Args:
        paths: The files to write, all in one folder.

    Raises:
        OSError: A file cannot be written.
    """
    temporaries = _beside(paths, "")
    backups = _beside(paths, "was-")
    undo: list[Undo] = []
    # A reader of messages knows nothing of temporary names.
    shown = paths[0] if len(paths) == 1 else paths[0].parent
    try:
        with named_errors(shown, *temporaries, *backups):
            yield temporaries
            for temporary in temporaries:
                sync_file(temporary)
            for path, temporary, backup in zip(paths, temporaries, backups, strict=True):
                undo.append(_keep(path, backup))
                temporary.replace(path)
        sync_folder(paths[0].parent)
    except BaseException:
        _undo_all(undo)
        raise
    finally:
        _remove_all([*temporaries, *backups])


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, for the body to create, and rename it to `path`.

    After an error the old file stands. The temporary path ends as `path` does, for Keras chooses
    the format by it.

    Args:
        path: The file to write. Its folder exists.

    Raises:
        OSError: The file cannot be written; what stood there stays.
    """
    with atomic_paths(path) as (temporary,):
        yield temporary


def _beside(paths: Sequence[Path], mark: str) -> list[Path]:
    """Return a name beside each path that only this process uses; two may share a file system."""
    prefix = f"{TEMPORARY}{os.getpid()}-{mark}"
    return [path.with_name(f"{prefix}{path.name}") for path in paths]


def sync_file(path: Path) -> None:
    """Make what was written to a file durable.

    Args:
        path: The file, which exists and can be opened for writing.

    Raises:
        OSError: The disk is full or fails.
    """
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _keep(path: Path, backup: Path) -> Undo:
    """Keep the file at `path` as it is now, and return the function that brings it back."""
    if not path.exists():
        return partial(path.unlink, missing_ok=True)
    try:
        os.link(path, backup)
    except OSError:  # not every file system has links
        shutil.copyfile(path, backup)
    return partial(backup.replace, path)


def _undo_all(undo: list[Undo]) -> None:
    """Take back the renames, the last one first, as far as the disk lets it."""
    for bring_back in reversed(undo):
        with suppress(OSError):
            bring_back()


def _remove_all(paths: list[Path]) -> None:
    """Remove the files that are there."""
    for path in paths:
        with suppress(OSError):
            path.unlink()


def remove_temporaries(folder: Path) -> None:
    """Remove what a killed process left behind. Nobody else may be writing into the folder.

    Args:
        folder: The folder to tidy; folders below it are left alone.

    Raises:
        InputError: A folder has such a name, which no process of nnrun's has left.
    """
    for left in folder.glob(f"{TEMPORARY}*"):
        if left.is_dir() and not left.is_symlink():
            advice = "nnrun did not create it; move it elsewhere"
            raise InputError(f"{left}: is a folder with the name of a temporary file; {advice}")
        left.unlink()


def write_texts(texts: Mapping[Path, str]) -> None:
    """Write the text of each path as UTF-8, all of them or none. They are in one folder.

    Args:
        texts: The text of each file, by its path. Files that exist are replaced.

    Raises:
        OSError: A file cannot be written; what stood there stays, of every file.
    """
    with atomic_paths(*texts) as temporaries:
        for temporary, text in zip(temporaries, texts.values(), strict=True):
            temporary.write_text(text, encoding="utf-8", newline="\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically.

    Args:
        path: The file, which is replaced where it exists.
        text: What it is to hold.

    Raises:
        OSError: The file cannot be written; what stood there stays.
    """
    write_texts({path: text})


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path` as indented JSON, atomically.

    Args:
        path: The file, which is replaced where it exists.
        value: What JSON can hold.

    Raises:
        OSError: The file cannot be written; what stood there stays.
    """
    write_text(path, to_json(value))


def to_json(value: object) -> str:
    """Return `value` as indented JSON.

    Args:
        value: What JSON can hold. Characters beyond ASCII stand as they are.

    Raises:
        ValueError: A number is NaN or infinite, which JSON does not have; see `finite`.
    """
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values for JSON, with None in place of NaN and infinity.

    Args:
        values: Numbers, or other values that JSON can hold, by name. Only floats are replaced.
    """
    return {name: _finite_or_none(value) for name, value in values.items()}


def _finite_or_none(value: object) -> object:
    is_undefined = isinstance(value, float) and not math.isfinite(value)
    return None if is_undefined else value


@contextmanager
def open_output(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file to write: a device or pipe itself, else a file that then replaces `path`.

    Args:
        path: A file, a link to one, or a device or pipe such as /dev/stdout.

    Raises:
        OSError: It cannot be written; a file that stood there stays.
    """
    if path.exists() and not path.is_file():
        with named_errors(path), path.open("wb") as file:
            yield file
        return
    with atomic_path(path.resolve()) as temporary, named_errors(path), temporary.open("wb") as file:
        yield file


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file's bytes, in hexadecimal.

    Args:
        path: The file, which is read in blocks, however large.
    """
    with path.open("rb") as file:
        return hash_file(file)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable.

    Args:
        folder: The folder that the renamed file is in. On Windows nothing is done.

    Raises:
        OSError: The disk fails; the error names the folder.
    """
    if os.name == "nt":  # Windows can open no folder, and needs none of this
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with named_errors(folder):
            os.fsync(handle)
    finally:
        os.close(handle)
