"""Optuna's journal of a study, in the folder of a sweep; several processes may share it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nnrun.errors import NnrunError, RunError
from nnrun.wording import first_line

JOURNAL = "study.journal"


def open_journal(folder: Path) -> Any:  # noqa: ANN401  of Optuna's types
    """Return Optuna's storage of a journal, which loses a line that a kill left unfinished."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileSymlinkLock

    path = folder / JOURNAL
    lock = JournalFileSymlinkLock(str(path))
    if path.is_file():
        _drop_unfinished_line(path, lock)
    return JournalStorage(JournalFileBackend(str(path), lock_obj=lock))


@contextmanager
def journal_errors(folder: Path) -> Iterator[None]:
    """Raise what Optuna finds in a journal that was altered as a RunError."""
    try:
        yield
    except (NnrunError, OSError):
        raise
    except Exception as error:  # Optuna expects no other hand, and checks nothing
        advice = "remove the file, and the trials are trained again"
        reason = f"it was altered ({first_line(error)}); {advice}"
        raise RunError(f"{folder / JOURNAL}: {reason}") from None


def _drop_unfinished_line(path: Path, lock: Any) -> None:  # noqa: ANN401
    """Cut the journal after its last whole line. While the lock is held, nobody writes."""
    lock.acquire()
    try:
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)
    finally:
        lock.release()
