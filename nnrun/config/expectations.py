"""What a finished run must reach: a bound such as ">= 0.95", or to be better than its baseline."""

import re
from operator import eq, ge, gt, le, lt
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field

from nnrun.config.strict_model import problem
from nnrun.wording import received

OPERATORS = {">=": ge, "<=": le, "==": eq, ">": gt, "<": lt}

BASELINE = "baseline"
"""Stands for the verdict on the rows held out, among the quantities that `expect` names."""

BETTER = "better"
"""What the verdict must be; no other quantity can be it."""

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_EXPECTATION = re.compile(rf"\s*(>=|<=|==|>|<)\s*({_NUMBER})\s*")


class Bound(NamedTuple):
    """A bound on a quantity that the run logs.

    Attributes:
        operator: One of OPERATORS, such as `>=`.
        number: What stands behind it, in the unit of the quantity.
    """

    operator: str
    number: float


def parse_expectation(text: str) -> Bound:
    """Return the bound that a validated expectation means.

    Args:
        text: A comparison such as `>= 0.9`, which the schema has accepted.
    """
    operator, number = _EXPECTATION.findall(text)[0]
    return Bound(operator, float(number))


def _check(value: object) -> str:
    """Refuse what is neither a comparison with a number nor `better`."""
    if isinstance(value, str):
        is_comparison = _EXPECTATION.fullmatch(value)
        if is_comparison or value == BETTER:
            return value
    operators = " ".join(OPERATORS)
    raise problem(f"must be one of {operators} and a number; received {received(value)}")


Expectation = Annotated[
    str, Field(pattern=f"^({_EXPECTATION.pattern}|{BETTER})$"), BeforeValidator(_check)
]


def _spell_out(value: object) -> object:
    """Return `{baseline: better}` for `baseline` alone."""
    return {BASELINE: BETTER} if value == BASELINE else value


def _check_baseline(values: dict[str, str]) -> dict[str, str]:
    """Refuse a verdict with a bound, and any other quantity without one."""
    for name, text in values.items():
        if name == BASELINE and text != BETTER:
            raise problem(f"baseline must be {BETTER}; received {received(text)}")
        if name != BASELINE and text == BETTER:
            raise problem(f"{name} must be an operator and a number; only baseline is {BETTER}")
    return values


Expectations = Annotated[
    dict[str, Expectation],
    BeforeValidator(
        _spell_out, json_schema_input_type=Literal["baseline"] | dict[str, Expectation]
    ),
    AfterValidator(_check_baseline),
]
"""Bounds by the names of quantities, and `better` for `baseline`; or `baseline` alone."""
