"""What several runs are called: the settings in which they differ, and no others."""

import pytest

from nnrun.reporting.pictures.settings import differing_settings

CONFIG = {
    "data": {"train": "a.csv", "in_memory": True},
    "layers": [{"type": "Dense", "units": 64}, {"type": "Dense", "units": 10}],
    "optimizer": {"name": "Adam", "learning_rate": 0.01},
    "batch_size": 32,
    "jit_compile": False,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, ["", ""]),
        ({"jit_compile": True}, ["", ""]),
        ({"batch_size": 64}, ["batch_size 32", "batch_size 64"]),
        (
            {"optimizer": {"name": "SGD", "learning_rate": 0.1}},
            ["optimizer Adam, learning_rate 0.01", "optimizer SGD, learning_rate 0.1"],
        ),
        (
            {"layers": [{"type": "Dense", "units": 10}]},
            ["type Dense-Dense, units 64-10", "type Dense, units 10"],
        ),
        ({"seed": 3}, ["", "seed 3"]),
        (
            {
                "layers": [
                    {**CONFIG["layers"][0], "kernel_initializer": {"name": "Zeros"}},
                    {
                        **CONFIG["layers"][1],
                        "kernel_initializer": {"name": "HeNormal", "seed": None, "scale": 2},
                    },
                ]
            },
            ["", "kernel_initializer Zeros-HeNormal(scale 2)"],
        ),
    ],
    ids=[
        "nothing",
        "what auto came to be",
        "one",
        "two",
        "layers",
        "one that only one run has",
        "mappings in layers",
    ],
)
def test_the_settings_in_which_two_configs_differ(change, expected):
    assert differing_settings([CONFIG, {**CONFIG, **change}]) == expected
