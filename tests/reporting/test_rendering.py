"""Templates: HTML is escaped, a script takes literals alone, and a value that is missing is an error."""

import ast
import subprocess
import sys

import pytest
from jinja2 import UndefinedError

from nnrun.reporting import rendering
from nnrun.reporting.python_code import WIDTH, Call, python_code

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """Return a folder that the environment reads instead of its own."""
    rendering._environment.cache_clear()
    monkeypatch.setattr(rendering, "TEMPLATES", tmp_path)
    yield tmp_path
    rendering._environment.cache_clear()


def test_a_page_escapes_every_value_and_other_files_do_not(templates):
    for name in ("page.html.j2", "text.py.j2"):
        (templates / name).write_text("{{ value }}")
    assert rendering.render("page.html.j2", value=SCRIPT) == (
        "&lt;script&gt;alert(1)&lt;/script&gt;"
    )
    assert rendering.render("text.py.j2", value=SCRIPT) == SCRIPT


def test_a_page_shows_no_characters_that_command_a_terminal_and_keeps_lines(templates):
    (templates / "page.html.j2").write_text("{{ value | printable_lines }}")
    assert rendering.render("page.html.j2", value="<b>\x1b[2J\ntwo") == "&lt;b&gt;\\x1b[2J\ntwo"


def test_a_value_that_was_forgotten_is_an_error(templates):
    (templates / "page.html.j2").write_text("{{ value }}")
    with pytest.raises(UndefinedError, match="'value' is undefined"):
        rendering.render("page.html.j2")


def test_what_renders_imports_jinja_only_when_it_does():
    script = """
import sys
import nnrun.reporting.rendering, nnrun.reporting.page, nnrun.reporting.script
print("jinja2" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


VALUES = {
    "nothing": None,
    "a bool": True,
    "a float": 1e-05,
    "quotes": 'it\'s "so"',
    "lines": "a\nb\r\x1b",
    "a list": ["x" * 30, ["y" * 30, 1], ["z" * 30]],
    "a dict": {"a'b": [1, 2], 'c"d': {"e" * 50: "f" * 50}},
    "empty ones": [[], {}],
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_the_code_of_a_value_gives_that_value(value):
    code = python_code(value, "value = ")
    names: dict[str, object] = {}
    exec(code, names)
    assert names["value"] == value
    assert all(line.isprintable() for line in code.splitlines())


def test_code_that_fits_is_one_line_and_other_code_has_an_item_a_line():
    call = Call("keras.layers.Dense", [25], {"activation": "relu"})
    assert python_code([call], "layers=", ",") == (
        'layers=[keras.layers.Dense(25, activation="relu")],'
    )
    broken = python_code([call, call], "    layers=", ",").splitlines()
    assert broken == [
        "    layers=[",
        '        keras.layers.Dense(25, activation="relu"),',
        '        keras.layers.Dense(25, activation="relu"),',
        "    ],",
    ]


def test_no_line_is_longer_than_it_has_to_be():
    numbers = [list(range(20))] * 3
    lines = python_code(numbers, "numbers = ").splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert ast.literal_eval("".join(lines).removeprefix("numbers = ")) == numbers
