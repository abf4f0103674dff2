"""Scalars as YAML 1.2 reads them: `1e-3` is a number, `no` and `2012-01-01` are text."""

import re
from decimal import Decimal

Scalar = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DIGITS = r"0|[1-9][0-9]{0,17}"  # `010` is not octal
_GROUPED = r"[1-9][0-9]{0,2}(_[0-9]{3}){1,5}"
_WITH_EXPONENT = r"[1-9][0-9]{0,17}[eE]\+?([0-9]|1[0-5])"
_INTEGER = re.compile(rf"[-+]?({_DIGITS}|{_GROUPED}|{_WITH_EXPONENT})")
_FLOAT = re.compile(r"[-+]?(?!0[0-9]+\Z)([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")


def parse_scalar(text: str) -> Scalar:
    """Return the meaning of an unquoted scalar: a word of YAML's, a number, or its text.

    Args:
        text: The scalar as it stands in the file.
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(Decimal(text))  # exact for 1e15 too
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
