"""A folder for the temporary files of libraries, where the system has none that can be written."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Let Python's tempfile use a folder while the body runs, if it finds no other that it can use.

    TensorFlow asks for the temporary folder when it is imported, and Keras when it saves a model:
    in a container that may write to the run directory alone, both would fail.

    Args:
        folder: The folder to use instead.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = str(folder)
        try:
            yield
        finally:
            tempfile.tempdir = None
    else:
        yield
