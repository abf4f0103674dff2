"""What a finished run must reach: an operator and a number, such as ">= 0.95"."""

import re
from operator import eq, ge, gt, le, lt
from typing import Annotated, NamedTuple

from pydantic import BeforeValidator, Field

from nnrun.config.strict_model import problem
from nnrun.wording import received

OPERATORS = {">=": ge, "<=": le, "==": eq, ">": gt, "<": lt}

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_EXPECTATION = re.compile(rf"\s*(>=|<=|==|>|<)\s*({_NUMBER})\s*")


class Bound(NamedTuple):
    """An operator of OPERATORS, and the number behind it."""

    operator: str
    number: float


def parse_expectation(text: str) -> Bound:
    """Return the bound that a validated expectation means."""
    operator, number = _EXPECTATION.findall(text)[0]
    return Bound(operator, float(number))


def _check(value: object) -> str:
    if isinstance(value, str) and _EXPECTATION.fullmatch(value):
        return value
    operators = " ".join(OPERATORS)
    raise problem(f"must be one of {operators} and a number; received {received(value)}")


Expectation = Annotated[str, Field(pattern=f"^{_EXPECTATION.pattern}$"), BeforeValidator(_check)]
