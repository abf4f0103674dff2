"""What is said to write for the names of other programs is what a config takes."""

import re

import pytest

from nnrun.config import foreign_names
from nnrun.config.keras_catalog import (
    ACTIVATION,
    INITIALIZER,
    LAYER,
    LOSS,
    METRIC,
    OPTIMIZER,
    SCHEDULE,
)
from nnrun.config.named import Named

KINDS = {
    "losses": (LOSS, foreign_names.LOSSES),
    "metrics": (METRIC, foreign_names.METRICS),
    "activations": (ACTIVATION, foreign_names.ACTIVATIONS),
    "initializers": (INITIALIZER, foreign_names.INITIALIZERS),
    "layers": (LAYER, foreign_names.LAYERS),
    "schedules": (SCHEDULE, foreign_names.SCHEDULES),
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_foreign_name_is_one_that_a_config_takes(kind):
    named, foreign = KINDS[kind]
    assert [name for name in foreign if named.canonical(name)] == []
    assert all(re.fullmatch("[a-z0-9]+", name) for name in foreign)


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_name_to_write_is_one_that_a_config_takes(kind):
    named, foreign = KINDS[kind]
    assert _unknown_names(named, foreign.values()) == []


@pytest.mark.parametrize("named", [ACTIVATION, INITIALIZER, LAYER, LOSS, METRIC, OPTIMIZER])
def test_the_name_to_write_for_one_that_keras_alone_has_is_one_that_a_config_takes(named):
    assert _unknown_names(named, named.reasons.values()) == []


def _unknown_names(named: Named, remedies) -> list[str]:
    """Return the names that follow `write` or `{type:` and are none of the kind's."""
    names = []
    for remedy in remedies:
        names += re.findall(r"write (\w+)", remedy) + re.findall(r"\{type: (\w+)", remedy)
    words = ("one", "the", "that", "its")  # `write the optimizer in it` names no class
    names = [name for name in names if name not in words]
    return [name for name in names if not named.canonical(name) and not LAYER.canonical(name)]
