"""The terminal that results and progress are read on."""

import shutil
import sys
from typing import TextIO


def terminal_width(stream: TextIO | None = None) -> int | None:
    """Return how wide the terminal of a stream is, or None where it is none.

    Args:
        stream: Defaults to standard output.
    """
    stream = stream or sys.stdout
    if stream is None or not stream.isatty():
        return None
    return shutil.get_terminal_size().columns
