"""The calls of a script give every argument to the parameter that it is meant for."""

from inspect import Parameter, Signature

import pytest

from nnrun.config.keras_catalog import SCHEDULE
from nnrun.config.schema import Config
from nnrun.reporting.keras_calls import optimizer_call
from nnrun.reporting.python_code import Call

SCHEDULES = {
    "CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 40, "alpha": 0.2},
    "CosineDecayRestarts": {"initial_learning_rate": 0.1, "first_decay_steps": 40, "t_mul": 3.0},
    "ExponentialDecay": {"initial_learning_rate": 0.1, "decay_steps": 40, "decay_rate": 0.5},
    "InverseTimeDecay": {"initial_learning_rate": 0.1, "decay_steps": 40, "decay_rate": 0.5},
    "PiecewiseConstantDecay": {"boundaries": [10, 20], "values": [0.3, 0.2, 0.1]},
    "PolynomialDecay": {"initial_learning_rate": 0.1, "decay_steps": 40, "power": 2.0},
}


def test_every_schedule_of_keras_is_a_case():
    assert set(SCHEDULES) == set(SCHEDULE.catalog)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_call_of_a_schedule_gives_keras_each_argument_once(name):
    schedule = {"name": name, **SCHEDULES[name]}
    config = Config(
        data={"train": "a.csv", "target": "y"},
        layers=[{"units": 1}],
        loss="MeanSquaredError",
        optimizer={"name": "adam", "learning_rate": schedule},
        epochs=1,
    )
    call = optimizer_call(config).keywords["learning_rate"]
    assert isinstance(call, Call)
    parameters = [
        Parameter(argument, Parameter.POSITIONAL_OR_KEYWORD) for argument in SCHEDULE.catalog[name]
    ]
    bound = Signature(parameters).bind_partial(*call.arguments, **call.keywords)
    assert bound.arguments == SCHEDULES[name]
