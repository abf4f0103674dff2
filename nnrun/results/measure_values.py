"""Values of measures by their names: those that are defined, and means over labels or targets."""

from collections.abc import Container, Iterable, Sequence
from typing import Any

import numpy as np


def defined_numbers(metrics: object) -> dict[str, float]:
    """Return the attributes of measures that are a single number and defined, by name.

    Args:
        metrics: A dataclass of measures; attributes that are None or no float are left out.
    """
    numbers = {}
    for name, value in vars(metrics).items():
        if isinstance(value, float):
            numbers[name] = value
    return numbers


def all_but(metrics: object, left_out: Container[str]) -> dict[str, Any]:
    """Return the attributes of measures by name, without those that are left out.

    Args:
        metrics: The measures, a dataclass.
        left_out: The names of attributes that are not wanted.
    """
    kept = {}
    for name, value in vars(metrics).items():
        if name not in left_out:
            kept[name] = value
    return kept


def mean_of(parts: Sequence[object], measure: str) -> float:
    """Return the mean of a measure over parts, None counting as 0, as scikit-learn has it.

    Args:
        parts: The measures of labels or of targets, at least one.
        measure: The name of the attribute.
    """
    values = [getattr(part, measure) or 0.0 for part in parts]
    return float(np.mean(values))


def mean_where_all(parts: Sequence[object], measure: str) -> float | None:
    """Return the mean of a measure over parts, or None where one of them has None.

    Args:
        parts: The measures of labels or of targets, at least one.
        measure: The name of the attribute.
    """
    values = [getattr(part, measure) for part in parts]
    if None in values:
        return None
    return float(np.mean(values))


def mean_defined(values: Iterable[float | None]) -> float | None:
    """Return the mean of the values that are not None, or None where all are.

    Args:
        values: The values, such as a measure of each label.
    """
    defined = [value for value in values if value is not None]
    if not defined:
        return None
    return float(np.mean(defined))
