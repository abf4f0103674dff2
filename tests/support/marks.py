"""Marks of parametrised cases."""

from typing import Any

import pytest


def exhaustive(*values: Any, id: str) -> Any:  # noqa: A002
    """Return a case that only `pytest -m exhaustive` takes."""
    return pytest.param(*values, id=id, marks=pytest.mark.exhaustive)
