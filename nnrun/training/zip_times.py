"""The times of members of zip files, on machines whose clock is far off.

Keras saves a model as a zip file, and zip files know the years from 1980 to 2107 alone. A board
without a battery wakes up in 1970: a whole training would be lost at its end.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

FIRST_YEAR = 1980
LAST_YEAR = 2107
FIRST_TIME = (FIRST_YEAR, 1, 1, 0, 0, 0)
LAST_TIME = (LAST_YEAR, 12, 31, 23, 59, 58)  # seconds are even

Time = tuple[int, int, int, int, int, int]
"""Year, month, day, hour, minute and second."""


class _NearestInfo(zipfile.ZipInfo):
    """A member of a zip file whose time is the nearest that such a file can hold."""

    def __init__(self, filename: str = "NoName", date_time: Time = FIRST_TIME) -> None:
        nearest = min(max(date_time, FIRST_TIME), LAST_TIME)
        super().__init__(filename, nearest)


@contextmanager
def any_clock() -> Iterator[None]:
    """Let zip files be written whatever the clock says, while the body runs.

    `zipfile` takes the class of its members from its own name, and offers no other way.
    """
    usual_class = zipfile.ZipInfo
    zipfile.ZipInfo = _NearestInfo  # type: ignore[misc]
    try:
        yield
    finally:
        zipfile.ZipInfo = usual_class  # type: ignore[misc]
