"""What commands tell on stderr, as warnings of Python."""

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

PACKAGE = f"{Path(__file__).parent.parent}{os.sep}"


def warn(lines: Sequence[str]) -> None:
    """Warn of each line, in the name of the function outside nnrun that called it.

    Args:
        lines: Each a warning of its own, with or without `warning: ` before it.
    """
    for line in lines:
        warnings.warn(line.removeprefix("warning: "), stacklevel=_caller())


def _caller() -> int:
    """Return how many frames the first one outside nnrun is above `warn`, which counts as 1."""
    frame = sys._getframe(1)
    level = 1
    while frame.f_back and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
        level += 1
    return level
