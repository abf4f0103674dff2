"""Optuna's journal of a study, in the folder of a sweep; several processes may share it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnrun.errors import NnrunError, RunError
from nnrun.ordinary_files import UnfitFileError, open_ordinary, size_of
from nnrun.wording import first_line

JOURNAL = "study.journal"

LARGEST_JOURNAL = 512 << 20
"""Bytes: some 25,000 trials that report a hundred epochs each. Optuna holds all of them."""


def open_journal(folder: Path) -> Any:  # noqa: ANN401  of Optuna's types
    """Return Optuna's storage of a journal, which loses a line that a kill left unfinished.

    Args:
        folder: The folder of the sweep, in which the journal need not be yet.

    Raises:
        UnfitFileError: It is no ordinary file, or larger than any journal. Optuna would follow a
            link, and wait for a pipe.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

    path = folder / JOURNAL
    lock = JournalFileSymlinkLock(str(path))
    if os.path.lexists(path):
        _drop_unfinished_line(path, lock)
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))


@contextmanager
def journal_errors(folder: Path) -> Iterator[None]:
    """Raise what Optuna finds in a journal as an error of nnrun's.

    Args:
        folder: The folder of the sweep.

    Raises:
        RunError: The journal was altered.
    """
    try:
        yield
    except (NnrunError, OSError):
        raise
    except Exception as error:  # Optuna expects no other hand, and checks nothing
        journal = folder / JOURNAL
        mistake = first_line(error)
        advice = "remove the file, and the trials are trained again"
        raise RunError(f"{journal}: it was altered ({mistake}); {advice}") from None


def _drop_unfinished_line(path: Path, lock: Any) -> None:  # noqa: ANN401
    """Cut the journal after its last whole line. While the lock is held, nobody writes."""
    with open_ordinary(path, "rb+") as file:
        if size_of(file) > LARGEST_JOURNAL:
            reason = f"is larger than {LARGEST_JOURNAL >> 20} MiB"
            raise UnfitFileError(errno.EFBIG, reason, str(path))
        lock.acquire()
        try:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                file.truncate(whole)
        finally:
            lock.release()
