"""What init makes of several targets: numbers, or two labels each, and not both."""

import polars as pl
import pytest

from nnrun.api import functions as api
from nnrun.checks.registry import lint
from nnrun.config.loading import load_config
from nnrun.errors import TableError
from nnrun.features.loading import load_dataset
from nnrun.reporting.starter_config import start_config

FRAME = pl.DataFrame(
    {
        "x": [number * 7 % 31 / 3 for number in range(60)],
        "rock": ["yes", "no", "no"] * 20,
        "pop": ["hit", "miss", "miss", "miss"] * 15,
        "sold": ["miss", "hit", "miss"] * 20,
        "price": [number * 13 % 50 + 0.5 for number in range(60)],
        "change": [number * 11 % 40 - 20.5 for number in range(60)],
        "jazz": [1, 0, 0, 1, 0] * 12,
        "jazz_too": [1, 0, 0, 1, 0] * 12,
    }
)


def started(project, *targets):
    project.table(FRAME, "songs.csv")
    text = start_config(project.folder / "songs.csv", targets, project.folder).text
    return load_config(project.write("new.yaml", text))


def test_targets_of_two_labels_have_a_sigmoid_each(project):
    config = started(project, "rock", "pop", "sold", "jazz")
    assert config.is_multilabel
    assert config.data.target == ["rock", "pop", "sold", "jazz"]
    assert config.data.positive == ["hit"]  # which both of two targets have
    assert (config.layers[-1]["units"], config.layers[-1]["activation"]) == (4, "sigmoid")
    assert config.data.drop == ["jazz_too"]  # it tells one of the targets
    dataset = load_dataset(config)
    assert not [finding for finding in lint(dataset) if finding.level == "error"]


def test_targets_of_numbers_have_an_output_that_reaches_all(project):
    config = started(project, "price", "change")
    assert (config.layers[-1]["units"], config.layers[-1]["activation"]) == (2, "linear")
    assert config.loss["name"] == "MeanSquaredError"


def test_numbers_and_labels_are_refused_by_name(project):
    with pytest.raises(TableError, match=r"'rock' is two labels, 'price' is numbers from 0.5"):
        started(project, "rock", "price")


def test_every_target_that_is_no_column_is_told(project):
    with pytest.raises(TableError) as caught:
        started(project, "rok", "rock", "prize")
    assert [problem.count("is not a column") for problem in caught.value.problems] == [1, 1]


def test_the_command_and_a_program_take_several_targets(project, nnrun, monkeypatch):
    project.table(FRAME, "songs.csv")
    done = nnrun("init", "songs.csv", "-t", "rock", "-t", "pop")
    assert "target: [rock, pop]  # two labels each" in done.out
    monkeypatch.chdir(project.folder)
    assert api.init("songs.csv", ["rock", "pop"], quiet=True)["data"]["target"] == ["rock", "pop"]
