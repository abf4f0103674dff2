"""What a sweep tries, given what --set says."""

import pytest

from nnrun.config.search_space import Range, search_space, setting_text, value_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-4..1e-1", Range(1e-4, 1e-1, is_whole=False, is_log=True)),
        ("0.1..0.5", Range(0.1, 0.5, is_whole=False, is_log=False)),
        ("4..64", Range(4, 64, is_whole=True, is_log=False)),
        ("1..1000", Range(1, 1000, is_whole=True, is_log=True)),
        ("-1..1000", Range(-1, 1000, is_whole=True, is_log=False)),
        ("16, 32,64", ["16", "32", "64"]),
        ("relu,tanh", ["relu", "tanh"]),
    ],
)
def test_lists_and_ranges_are_told_apart(text, expected):
    assert search_space([f"key={text}"]).settings == {"key": expected}


@pytest.mark.parametrize("text", ["epochs=5", "metrics=[accuracy, AUC]", 'data.target="a,b"'])
def test_a_value_alone_is_shared(text):
    space = search_space([text, "x=1,2"])
    assert space.fixed == (text,)
    assert space.settings == {"x": ["1", "2"]}


def test_a_grid_has_all_combinations():
    space = search_space(["a=1,2", "b=x,y"])
    assert space.is_grid
    assert [tuple(each.values()) for each in space.combinations()] == [
        ("1", "x"),
        ("1", "y"),
        ("2", "x"),
        ("2", "y"),
    ]
    assert not search_space(["a=1,2", "b=1..2"]).is_grid


def test_an_empty_range_and_a_value_twice_are_mistakes(problems):
    assert problems(search_space, ["a=2..1", "b=1,2", "c=1,2,1"]) == [
        "--set a=2..1: a range must begin with its lower end",
        "--set c=1,2,1: '1' is in the list twice",
    ]


def test_what_the_command_says_of_a_setting_wins_over_the_config():
    planned = {"layers.0.units": ["2", "3"], "epochs": ["1", "2"], "batch_size": ["8", "16"]}
    space = search_space(["layers[0].units=4,5", "epochs=3"], planned)
    assert space.fixed == ("epochs=3",)
    assert space.settings == {"batch_size": ["8", "16"], "layers[0].units": ["4", "5"]}


@pytest.mark.parametrize("value", ["relu", "two words", "a,b", "1", "1..2", "", None, True, 0.5])
def test_a_value_of_the_config_is_written_as_the_command_takes_it(value):
    assert value_of(setting_text(value)) == value
