"""The arguments of what `import nnrun` offers: each is of its type, or an InputError names it."""

import operator
import os
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path

from nnrun.errors import InputError
from nnrun.wording import received


def is_path(value: object) -> bool:
    """Return whether a value is a path, whatever stands there.

    Args:
        value: What the caller gave.
    """
    return isinstance(value, str | Path)


def path_of(argument: str, value: object) -> Path:
    """Return a path.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.

    Raises:
        InputError: It is none, or holds a character that no name of a file has.
    """
    if not isinstance(value, str | Path):
        raise InputError(f"{argument}: must be a path; received {received(value)}")
    try:
        encoded = os.fsencode(value)
    except UnicodeEncodeError:  # half of a surrogate pair
        encoded = b"\0"
    if b"\0" in encoded:
        rule = "must contain neither NUL nor half of a character"
        raise InputError(f"{argument}: {rule}; received {received(str(value))}")
    return Path(value)


def path_or_none(argument: str, value: object) -> Path | None:
    """Return a path, or None for None and for an empty text.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.

    Raises:
        InputError: It is neither.
    """
    is_empty_text = isinstance(value, str) and not value
    if value is None or is_empty_text:
        return None
    return path_of(argument, value)


def whole_number(
    argument: str,
    value: object,
    least: int,
    most: int,
) -> int:
    """Return a whole number, of Python or of NumPy.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.
        least: The least that it may be.
        most: The largest that it may be.

    Raises:
        InputError: It is none, or beyond these.
    """
    number = _as_index(value)
    if number is not None and least <= number <= most:
        return number
    rule = f"must be a whole number from {least:,} to {most:,}"
    raise InputError(f"{argument}: {rule}; received {received(value)}")


def whole_number_or_none(
    argument: str,
    value: object,
    least: int,
    most: int,
) -> int | None:
    """Return a whole number as `whole_number` does, or None for None.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.
        least: The least that it may be.
        most: The largest that it may be.

    Raises:
        InputError: It is neither, or beyond these.
    """
    if value is None:
        return None
    return whole_number(argument, value, least, most)


def threshold_of(value: object) -> float | str | dict[str, float] | None:
    """Return a threshold: a number, a goal, one number for each target, or None.

    Args:
        value: What the caller gave as `threshold`.

    Raises:
        InputError: It is none of these.
    """
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return _number("threshold", value, "must be a number or a text")
    rule = "must be a number for each target"
    names = texts("threshold", [*value])
    thresholds = {}
    for name in names:
        thresholds[name] = _number("threshold", value[name], rule)
    return thresholds


def number_or_none(argument: str, value: object) -> float | None:
    """Return a number or None.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.

    Raises:
        InputError: It is neither.
    """
    if value is None:
        return None
    return _number(argument, value, "must be a number")


def text_or_none(argument: str, value: object) -> str | None:
    """Return a text or None.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.

    Raises:
        InputError: It is neither.
    """
    if value is None or isinstance(value, str):
        return value
    raise InputError(f"{argument}: must be a text; received {received(value)}")


def texts(argument: str, value: object) -> list[str]:
    """Return a list of texts; a text itself is none.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.

    Raises:
        InputError: It is none.
    """
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        items = list(value)
        if all(isinstance(item, str) for item in items):
            return items
    raise InputError(f"{argument}: must be a list of texts; received {received(value)}")


def choice(argument: str, value: object, choices: Sequence[str]) -> None:
    """Check that a value is one of the choices.

    Args:
        argument: The name of the argument, which an error begins with.
        value: What the caller gave.
        choices: What it may be.

    Raises:
        InputError: It is none of these.
    """
    if isinstance(value, str) and value in choices:
        return
    listed = ", ".join(map(repr, choices))
    raise InputError(f"{argument}: must be one of {listed}; received {received(value)}")


def flags(**values: object) -> None:
    """Check that each argument is True or False.

    Args:
        **values: What the caller gave, by the names of the arguments.

    Raises:
        InputError: One is neither.
    """
    for argument, value in values.items():
        if not isinstance(value, bool):
            raise InputError(f"{argument}: must be True or False; received {received(value)}")


def _as_index(value: object) -> int | None:
    """Return a value as a whole number, or None where it is none, as True and False are none."""
    if isinstance(value, bool | type):
        return None
    if not hasattr(value, "__index__"):
        return None
    try:
        return operator.index(value)
    except TypeError:  # an array of NumPy that has not one element, or not a whole one
        return None


def _number(argument: str, value: object, rule: str) -> float:
    """Return a number, of Python or of NumPy."""
    if isinstance(value, Real) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:  # a whole number of hundreds of digits
            rule += " that a float64 holds"
    raise InputError(f"{argument}: {rule}; received {received(value)}")
