"""One place writes to the terminal, and whatever could command it is an escape there."""

import ast
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.forgery import forge_config, forge_json, sign
from support.marks import usual

import nnrun as package
from nnrun.cli import terminal

PACKAGE = Path(str(package.__file__)).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
THE_PLACE = PACKAGE / "cli" / "terminal.py"

STREAMS = {"stdout", "stderr", "__stdout__", "__stderr__"}
WRITERS = {"print", "echo", "secho", "echo_via_pager", "Console", "confirm", "prompt", "input"}


def writes(node: ast.AST) -> set[str]:
    """Return what a piece of code names that could write to the terminal."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="error"), attr="show")):  # of click
            return {"show"}
        case ast.Call(func=ast.Name(id="Console"), keywords=[ast.keyword(arg="file"), *_]):
            return set()  # to a text in memory: a stream of sys is found by itself
        case ast.Call(func=ast.Attribute(value=ast.Name(id="console"), attr="print")):
            return set()  # as the console was made
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return {name} & WRITERS
        case ast.Attribute(value=ast.Name(id="sys"), attr=name):
            return {name} & STREAMS
        case ast.ImportFrom():
            return {alias.name for alias in node.names} & (STREAMS | WRITERS - {"Console"})
        case ast.Constant(value=str(name)):
            return {name} & STREAMS
    return set()


def writes_in(code: str) -> list[set[str]]:
    return [found for node in ast.walk(ast.parse(code)) if (found := writes(node))]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_other_module_writes_to_the_terminal(path):
    found = writes_in(path.read_text(encoding="utf-8"))
    assert bool(found) == (path == THE_PLACE)


@pytest.mark.parametrize(
    "code",
    [
        "print(x)",
        "click.echo(x)",
        "echo(x)",
        "from click import echo",
        "sys.stdout.write(x)",
        "sys.stderr.buffer.write(x)",
        "write(x, file=sys.__stderr__)",
        "from sys import stdout",
        "getattr(sys, 'stdout')",
        "rich.console.Console()",
        "error.show()",
        "input(x)",
    ],
)
def test_code_that_writes_is_found(code):
    assert writes_in(code)


# ESC and its form of one byte clear the screen; then a bell, text reversed, and markup of rich.
ATTACK = "\x1b[2J\x9b2J\x07\u202e[bold]"
CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LABELS = [f"no{ATTACK}", f"yes{ATTACK}"]
TABLE = f"{ATTACK}.csv"


def hostile_table() -> pl.DataFrame:
    """Return a table whose names, categories and labels all would command a terminal."""
    draw = np.random.default_rng(0)
    rows = 40
    return pl.DataFrame(
        {
            f"age{ATTACK}": draw.normal(size=rows),
            f"town{ATTACK}": draw.choice([f"York{ATTACK}", f"Ely{ATTACK}"], rows),
            f"label{ATTACK}": draw.choice(LABELS, rows),
            f"unused{ATTACK}": draw.normal(size=rows),
        }
    )


@pytest.fixture
def hostile(project) -> dict[str, Any]:
    """The changes of a config that trains on such a table; the table lies in the project."""
    hostile_table().write_csv(project.folder / TABLE)
    return {
        "data.train": TABLE,
        "data.target": f"label{ATTACK}",
        "data.drop": [f"unused{ATTACK}"],
        "data.positive": LABELS[1],
    }


@pytest.fixture
def harmless(nnrun) -> Callable[..., str]:
    """Run a command, and return what it printed, which commands no terminal."""

    def call(*arguments: str | Path, codes: tuple[int, ...] = (0,)) -> str:
        done = nnrun(*arguments)
        printed = done.out + done.err
        assert done.code in codes, printed
        assert not CONTROL.search(printed)
        return printed

    return call


@pytest.mark.slow
def test_names_and_labels_of_a_table_command_no_terminal(project, nnrun, harmless, hostile):
    config = project.config(hostile, name=f"{ATTACK}.yaml")
    table = project.folder / TABLE
    run = project.folder / f"run{ATTACK}"
    assert r"\x1b[2J" in harmless("check", config)
    assert r"\x1b[2J" in harmless("train", config, "-o", run)
    for command, *options in (["show"], ["runs"], ["reproduce"], ["plot"], ["show", "--code"]):
        harmless(command, run, *options)
    assert r"no\x1b[2J" in harmless("evaluate", run, table)
    assert json.loads(nnrun("evaluate", run, table, "--json").out)["metrics"]["labels"] == LABELS
    harmless("report", run)
    harmless("init", table, "--target", f"label{ATTACK}")
    harmless("resume", run, "--epochs", "4")
    out = project.folder / f"out{ATTACK}.csv"
    hostile_table().with_columns(pl.lit(1).alias(f"more{ATTACK}")).write_csv(table)
    assert r"more\x1b[2J" in harmless("predict", run, table, "-o", out)
    assert pl.read_csv(out.read_bytes())["prediction"].is_in(LABELS).all()
    assert nnrun("predict", run, table).out.encode() == out.read_bytes()


@pytest.mark.parametrize("command", ["check", "show"])
def test_json_of_hostile_names_is_json(project, nnrun, hostile, command):
    done = nnrun(command, project.config(hostile), "--json")
    assert json.loads(done.out)["label_counts"].keys() == {*LABELS}
    assert not CONTROL.search(done.out)


def entries(**changed: Any) -> Callable[[Any], Any]:
    return lambda values: {**values, **changed}


def with_history(run: Path) -> None:
    lines = (run / "history.csv").read_text().splitlines()
    text = "\n".join(f"{line},{i or ATTACK}" for i, line in enumerate(lines))
    (run / "history.csv").write_text(text + "\n")


def with_config(run: Path) -> None:
    forge_config(run, {"data.train": f"/nowhere/{ATTACK}.csv"})


def with_labels(run: Path) -> None:
    forge_json(run, "encoding.json", lambda values: relabelled(values, [f"0{ATTACK}", "1"]))


def relabelled(values: dict[str, Any], labels: list[str]) -> dict[str, Any]:
    return {**values, "labels": labels}


FORGED: dict[str, Callable[[Path], None]] = {
    "a version": lambda run: sign(run, versions={"keras": ATTACK, ATTACK: "1"}),
    "a variable": lambda run: sign(run, environment={ATTACK: ATTACK}),
    "the status": lambda run: sign(run, status=ATTACK),
    "the start": lambda run: sign(run, started=ATTACK),
    "a table": lambda run: sign(run, data={ATTACK: {"path": ATTACK, "rows": 3}}),
    "a key": lambda run: sign(run, **{ATTACK: 1}),
    "an engine": lambda run: sign(run, engine=ATTACK),
    "a checksum": lambda run: sign(run, checksums={ATTACK: ATTACK}),
    "a metric": lambda run: forge_json(run, "metrics.json", entries(**{ATTACK: 1.5})),
    "a column of the history": with_history,
    "a path in the config": with_config,
    "a label": with_labels,
    "a key of the encoder": lambda run: forge_json(run, "encoding.json", entries(**{ATTACK: 1})),
    "a file": lambda run: (run / ATTACK).symlink_to("/nowhere"),
}
USUAL = ("a table", "a metric", "a column of the history", "a path in the config", "a label")
"""What is forged in each run of the tests; the rest of run.json is read in the same way."""
ALL = ["show", "runs", "plot", "report", "evaluate", "predict", "reproduce", "resume"]

OPTIONS = {"predict": ["-o", "out.csv"]}  # what it writes elsewhere are exact bytes


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("forge", usual(FORGED, *USUAL))
def test_texts_of_a_run_command_no_terminal(
    harmless, copied_run, command_on_run, shared_run, forge
):
    for command in ALL:
        forge(copied_run)
        harmless(*command_on_run(command), *OPTIONS.get(command, []), codes=(0, 1, 2, 3))
        shutil.rmtree(copied_run)
        shutil.copytree(shared_run, copied_run)


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", f"{ATTACK}.yaml"),
        ("check", "config.yaml", "--set", f"{ATTACK}=1"),
        ("predict", f"run{ATTACK}", "table.csv"),
        ("predict", "run", f"{ATTACK}.csv"),
        ("predict", "run", "table.csv", "--keep", ATTACK),
        ("runs", ATTACK),
        ("runs", "--sort", ATTACK),
        ("report", "run", "-o", f"{ATTACK}/x.html"),
        ("plot", "run", "-o", f"x.{ATTACK}"),
        ("train", "config.yaml", f"--{ATTACK}"),
        ("train", "config.yaml", "--engine", ATTACK),
        (ATTACK,),
    ],
    ids=repr,
)
def test_messages_about_arguments_command_no_terminal(harmless, copied_run, project, arguments):
    project.config()
    harmless(*arguments, codes=(2,))


@pytest.mark.parametrize("write", [terminal.say, terminal.tell])
def test_a_line_has_no_control_character_and_is_one_line(capsys, write):
    write("".join(map(chr, [*range(256), 0x2028, 0x202E, 0x2066, 0xD800])))
    out, err = capsys.readouterr()
    assert (out + err).removesuffix("\n").isprintable()


def test_a_document_is_escaped_at_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    terminal.say_document(f"a\n{ATTACK}\n")
    terminal.document_stream().write(f"b,{ATTACK}\n1,2\n".encode())
    out = capsys.readouterr().out
    assert not CONTROL.search(out)
    assert [line[:2] for line in out.splitlines()] == ["a", r"\x", "b,", "1,"]


def test_a_document_is_as_it_is_in_a_pipe(capfdbinary):
    terminal.say_document(f"a\n{ATTACK}\n")
    terminal.document_stream().write(f"b,{ATTACK}\n".encode())
    sys.stdout.flush()
    assert capfdbinary.readouterr().out == f"a\n{ATTACK}\nb,{ATTACK}\n".encode()


def test_a_bar_takes_no_markup_and_no_control_character():
    from nnrun.cli import progress

    room = 100
    assert progress._short({"[bold]": 1.0}, room).startswith("[bold]")
    assert not CONTROL.search(progress._short({ATTACK: 1.0}, room))
