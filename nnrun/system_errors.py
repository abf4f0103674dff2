"""What the system refuses, in words: files, disks and memory."""

import errno

from nnrun.address_space import address_space_limit
from nnrun.errors import InputError, NnrunError
from nnrun.files import DISK_ERRORS
from nnrun.ordinary_files import UnfitFileError

NO_FOLDER = "No usable temporary directory"  # as Python's tempfile says it
OUT_OF_MEMORY = "out of memory: use fewer units, a smaller batch_size or a smaller table"

MISPLACED = (UnfitFileError, IsADirectoryError, NotADirectoryError)
"""What is no failure of the system: the user names a path at which something else stands, or the
folder that he names has it."""


def as_nnrun_error(error: OSError | MemoryError) -> NnrunError:
    """Return the error of nnrun's family for one of the system's, with its place and reason.

    Args:
        error: What the system, or Python for it, raised.
    """
    if isinstance(error, MISPLACED):
        return InputError(describe_system_error(error))
    return NnrunError(describe_system_error(error))


def describe_system_error(error: OSError | MemoryError) -> str:
    """Return a line with the place of an error and its reason.

    Args:
        error: What the system, or Python for it, raised; a file's name is taken from its
            `filename`.
    """
    if isinstance(error, MemoryError):
        return _describe_lack_of_memory()
    reason = error.strerror or str(error)
    if reason.startswith(NO_FOLDER):
        return f"{reason}; set TMPDIR to a folder that can be written"
    return f"{error.filename or _unnamed(error)}: {reason}"


def _describe_lack_of_memory() -> str:
    """Return what to do: a limit on the process ends a command that the machine has room for."""
    limit = address_space_limit()
    if limit is None:
        return OUT_OF_MEMORY
    return (
        f"out of memory: the process has a limit (ulimit -v) of {limit >> 20:,} MiB; "
        "raise the limit, or use a smaller table"
    )


def _unnamed(error: OSError) -> str:
    """Return the place of an error that names none: errors of writing files name them."""
    return "standard output" if error.errno in (*DISK_ERRORS, errno.EBADF) else "I/O"
