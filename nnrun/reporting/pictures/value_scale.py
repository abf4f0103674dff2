"""Where the values of a setting stand on an axis: numbers to scale, texts beside each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nnrun.config.search_space import LOG_RATIO

MISSING = "-"
"""The text of a setting that a run has not."""


@dataclass(frozen=True)
class ValueScale:
    """The scale of an axis.

    Attributes:
        places: Where each value stands: the number itself, or the number of its text from 0 on.
        names: The text at each whole number; none on an axis of numbers.
        is_log: Whether each power of ten counts alike.
    """

    places: Sequence[float]
    names: Sequence[str] = ()
    is_log: bool = False


def value_scale(texts: Sequence[str]) -> ValueScale:
    """Return the scale of values, given as text; numbers among texts come first, in their order.

    Args:
        texts: The value of each point, one at least; `-` where it has none.
    """
    numbers = list(map(_number, texts))
    if all(map(math.isfinite, numbers)):
        return ValueScale(numbers, is_log=is_wide(numbers))
    names = sorted(dict.fromkeys(texts), key=_order)
    places = [float(names.index(text)) for text in texts]
    return ValueScale(places, names)


def is_wide(values: Sequence[float]) -> bool:
    """Return whether positive values are so far apart that each power of ten counts alike.

    Args:
        values: Numbers, one at least; some may be negative, and then they are not.
    """
    low = min(values)
    high = max(values)
    return low > 0 and high >= LOG_RATIO * low


def _order(text: str) -> tuple[bool, float]:
    """Return where a text stands: numbers first, a missing value last, others as they came."""
    number = _number(text)
    if not math.isfinite(number):
        number = math.inf
    return text == MISSING, number


def _number(text: str) -> float:
    """Return the number that a text is, or NaN."""
    try:
        return float(text)
    except ValueError:
        return math.nan
