"""Marks of parametrised cases."""

from collections.abc import Mapping
from typing import Any

import pytest


def exhaustive(*values: Any, id: str) -> Any:  # noqa: A002
    """Return a case that only `pytest -m exhaustive` takes."""
    return pytest.param(*values, id=id, marks=pytest.mark.exhaustive)


def usual(cases: Mapping[str, Any], *names: str) -> list[Any]:
    """Return a parameter for each case; `pytest -m exhaustive` alone takes those that are not named."""
    assert {*names} <= cases.keys()
    return [
        pytest.param(case, id=name) if name in names else exhaustive(case, id=name)
        for name, case in cases.items()
    ]


def usual_names(cases: Mapping[str, Any], *names: str) -> list[Any]:
    """Return what `usual` does, with the names of the cases in place of the cases."""
    return usual({name: name for name in cases}, *names)
