"""What is said to write for the names of other programs is what a config takes."""

import re

import pytest

from nnrun.config import foreign_names
from nnrun.config.keras_catalog import ACTIVATION, INITIALIZER, LAYER, LOSS, METRIC
from nnrun.config.named import Named

KINDS = {
    "losses": (LOSS, foreign_names.LOSSES),
    "metrics": (METRIC, foreign_names.METRICS),
    "activations": (ACTIVATION, foreign_names.ACTIVATIONS),
    "initializers": (INITIALIZER, foreign_names.INITIALIZERS),
    "layers": (LAYER, foreign_names.LAYERS),
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


def test_every_layer_with_a_reason_is_one_that_keras_has():
    assert set(foreign_names.REASONS_OF_LAYERS) <= set(LAYER.not_offered)
    assert _unknown_names(LAYER, foreign_names.REASONS_OF_LAYERS.values()) == []


def _unknown_names(named: Named, remedies) -> list[str]:
    """Return the names that follow `write` or `{type:` and are none of the kind's."""
    names = []
    for remedy in remedies:
        names += re.findall(r"write (\w+)", remedy) + re.findall(r"\{type: (\w+)", remedy)
    return [name for name in names if not named.canonical(name) and not LAYER.canonical(name)]
