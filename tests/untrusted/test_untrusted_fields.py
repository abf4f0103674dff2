"""A run's config may come from anybody: whatever any of its keys holds, a command takes it or refuses it in words.

The keys and their values are derived from the schema, so that a new key is forged without being named here.
"""

import re
from itertools import groupby
from typing import Any

import numpy as np
import pytest
import yaml
from support.forged_fields import Forgery, forgeries, keys_of_schema
from support.forgery import sign
from support.marks import exhaustive

from nnrun.config.keras_catalog import LAYER, LOSS, METRIC, OPTIMIZER
from nnrun.config.loading import load_config
from nnrun.config.schema import CheckpointOptions, Config, Data
from nnrun.errors import NnrunError

FORGED = {key: list(group) for key, group in groupby(forgeries(), lambda forgery: forgery.key)}
COMMANDS = ("predict", "evaluate", "show")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
LONGEST = 20_000  # characters of a message
FEW, MANY = 5, 400  # forgeries of a key


class Writer(yaml.SafeDumper):
    """Writes a value that occurs twice out twice: a config has no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def test_every_key_of_the_config_is_forged():
    fields = {*Config.model_fields} - {"data", "checkpoint"}
    fields.update(f"data.{name}" for name in Data.model_fields)
    fields.update(f"checkpoint.{name}" for name in CheckpointOptions.model_fields)
    assert {*FORGED} == {*keys_of_schema()} == fields


@pytest.mark.parametrize(
    ("key", "named"),
    [("layers[]", LAYER), ("loss", LOSS), ("metrics[]", METRIC), ("optimizer", OPTIMIZER)],
)
def test_every_argument_of_every_class_is_forged(key, named):
    places = {forgery.place for forgery in FORGED[key.removesuffix("[]")]}
    arguments = {f"{key}.{name}.{a}" for name, of_class in named.catalog.items() for a in of_class}
    assert arguments <= places


@pytest.fixture
def forge(copied_run, project):
    """Return a function that forges a run's config as a stranger would, who signs it."""
    good = yaml.safe_load((copied_run / "config.yaml").read_bytes())
    path = copied_run / "config.yaml"

    def write(forgery: Forgery) -> None:
        values = {**good, "data": {**good["data"]}, "checkpoint": {**good["checkpoint"]}}
        if forgery.key.startswith(("data.v", "data.split")):  # rows are held out in one way
            values["data"]["validation_split"] = 0
        *parents, last = forgery.key.split(".")
        place = values[parents[0]] if parents else values
        place[last] = forgery.value
        if forgery.key == "layers" and isinstance(forgery.value, list):
            place[last] = [*forgery.value, *good["layers"]]
        path.write_text(yaml.dump(values, Dumper=Writer))
        try:
            sign(copied_run, config=load_config(path).model_dump(mode="json"))
        except NnrunError:
            sign(copied_run)

    return write


@pytest.mark.usefixtures("time_limit")
@pytest.mark.parametrize("key", FORGED)
@pytest.mark.parametrize("most", [pytest.param(FEW, id="a few"), exhaustive(MANY, id="many")])
def test_whatever_a_key_holds_a_run_answers(nnrun, forge, command_on_run, key, most):
    cases = FORGED[key]
    for number in np.linspace(0, len(cases) - 1, min(most, len(cases))).astype(int):
        forgery = cases[number]
        forge(forgery)
        for command in COMMANDS:
            done = nnrun(*command_on_run(command))
            told = f"{command}: {forgery.place}: {str(forgery.value)[:200]}: {done.err[:2_000]}"
            assert done.code in (0, 2), told
            assert done.code == 0 or (not done.out and done.err), told
            assert not CONTROL.search(done.out + done.err), told
            assert len(done.err) < LONGEST, told


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("sparse_categorical_crossentropy", "is for several labels; use one such as accuracy"),
        ({"name": "AUC", "multi_label": True}, "has multi_label"),
    ],
)
def test_a_metric_with_which_no_run_is_trained_is_refused(
    nnrun, forge, command_on_run, copied_run, metric, reason
):
    forge(Forgery("metrics", "metrics[]", [metric]))
    done = nnrun(*command_on_run("evaluate"))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"{copied_run / 'config.yaml'}:")
    assert reason in done.err
    assert nnrun(*command_on_run("predict")).code == 0


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("early_stopping", {"baseline": -1e308}),
        ("early_stopping", {"min_delta": 1e308}),
        ("reduce_lr_on_plateau", {"min_delta": 1e308}),
        ("metrics", [{"name": "FBetaScore", "beta": 1e308}]),
    ],
)
def test_a_number_with_which_keras_cannot_compute_is_refused(project, nnrun, key, value):
    done = nnrun("check", project.config({key: value}))
    assert done.code == 2
    assert "must be at " in done.err
