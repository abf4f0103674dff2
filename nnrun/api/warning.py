"""What commands tell on stderr, as warnings of Python."""

import warnings
from collections.abc import Sequence


def warn(lines: Sequence[str], level: int) -> None:
    """Warn of each line, in the name of the function that is so many frames up."""
    for line in lines:
        warnings.warn(line.removeprefix("warning: "), stacklevel=level)
