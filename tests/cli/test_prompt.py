"""At the prompt: completion, help and its examples, narrow terminals, colour."""

import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click
import pytest
from click.shell_completion import (
    BashComplete,
    FishComplete,
    ShellComplete,
    ZshComplete,
    get_completion_class,
)
from support.marks import exhaustive
from support.processes import wait_for
from support.project import ROOT

from nnrun.cli.first_steps import first_steps
from nnrun.cli.main import cli

pytestmark = pytest.mark.drawn

COMMANDS = list(cli.commands)


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder with two runs, configs and tables, as a user would have it."""
    for run in ("runs/digits", "runs/digits-2", "other/x"):
        (tmp_path / run).mkdir(parents=True)
        (tmp_path / run / "run.json").touch()
    for name in (
        "a.yaml",
        "a.csv",
        "configs/b.yaml",
        "configs/b.csv.gz",
        "notes.txt",
        "deep/er/c.csv",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def completed(*words: str, shell: type[ShellComplete] = BashComplete) -> list[str]:
    *arguments, typed = words
    complete = shell(cli, {}, "nnrun", "_NNRUN_COMPLETE")
    return [f"{item.type} {item.value}" for item in complete.get_completions(arguments, typed)]


@pytest.mark.parametrize("shell", [BashComplete, ZshComplete, FishComplete])
def test_runs_configs_and_tables_are_completed(folder, shell):
    assert completed("predict", "", shell=shell) == [
        "plain other/x",
        "plain runs/digits",
        "plain runs/digits-2",
    ]
    assert completed("show", "runs/d", shell=shell) == ["plain runs/digits", "plain runs/digits-2"]
    assert completed("show", "", shell=shell)[:2] == ["plain a.yaml", "plain configs/b.yaml"]
    assert completed("train", "", shell=shell) == ["plain a.yaml", "plain configs/b.yaml"]
    assert completed("predict", "runs/digits", "c", shell=shell) == ["plain configs/b.csv.gz"]
    assert completed("evaluate", "runs/digits", "", shell=shell) == [
        "plain a.csv",
        "plain configs/b.csv.gz",
    ]


def test_what_is_found_nowhere_is_left_to_the_shell(folder):
    assert completed("predict", "deep/") == ["file deep/"]
    assert completed("init", "deep/er/") == ["plain deep/er/c.csv"]
    assert completed("show", "[") == ["file ["]


def test_settings_are_completed_by_key_and_value(folder):
    (folder / "a.yaml").write_text(
        "optimizer: {name: adam, learning_rate: 0.1}\nlayers: [{units: 3}]"
    )
    assert completed("train", "a.yaml", "ep") == ["plain epochs="]
    assert completed("train", "a.yaml", "--set", "data.val") == [
        "plain data.validation=",
        "plain data.validation_split=",
    ]
    assert completed("check", "a.yaml", "-s", "optimizer.") == [
        "plain optimizer.name=",
        "plain optimizer.learning_rate=",
    ]
    assert completed("train", "a.yaml", "lay") == ["plain layers.0.units="]
    assert completed("train", "a.yaml", "data.missing=") == [
        f"plain data.missing={value}" for value in ("error", "mean", "drop")
    ]
    assert "plain layers.0.activation=relu6" in completed("train", "x", "layers.0.activation=re")
    assert "plain loss=Poisson" in completed("train", "nowhere.yaml", "loss=")
    assert completed("train", "a.yaml", "jit_compile=t") == ["plain jit_compile=true"]
    assert completed("train", "a.yaml", "nosuch.key=") == []
    assert completed("train", "a.yaml", "loss=poi") == ["plain loss=Poisson"]
    assert completed("train", "a.yaml", "layers[0].u") == ["plain layers[0].units="]
    assert "plain layers[0].activation=relu6" in completed("train", "x", "layers[0].activation=re")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (["train", "a.yaml", "jit_compile", "=", "t"], ["plain,true"]),
        (["train", "a.yaml", "jit_compile", "="], ["plain,auto", "plain,false", "plain,true"]),
        (
            ["train", "a.yaml", "--set", "epochs", "=", "5", "jit_compile", "=", "f"],
            ["plain,false"],
        ),
        (["train", "a.yaml", "epochs", "=", "5", "ep"], ["plain,epochs="]),
        (["train", "a.yaml", "'jit_compile=t"], ["plain,jit_compile=true"]),
    ],
    ids=["a value", "no value yet", "behind another setting", "a key", "in an open quote"],
)
def test_bash_divides_settings_at_their_equals_signs(folder, words, answer, monkeypatch):
    monkeypatch.setenv("COMP_WORDS", "\n".join(["nnrun", *words]))
    monkeypatch.setenv("COMP_CWORD", str(len(words)))
    complete = get_completion_class("bash")
    assert complete is not None
    assert complete(cli, {}, "nnrun", "_NNRUN_COMPLETE").complete().splitlines() == answer


def test_columns_metrics_and_formats_are_completed(folder):
    (folder / "a.csv").write_text("size,price,place\n1,2,3\n")
    assert completed("init", "a.csv", "--target", "p") == ["plain price", "plain place"]
    assert completed("predict", "runs/digits", "a.csv", "--keep", "s") == ["plain size"]
    assert completed("predict", "runs/digits", "a.csv", "--keep", "size,pr") == ["plain size,price"]
    assert completed("init", "nowhere.csv", "--target", "") == []
    assert completed("export", "runs/digits", "--format", "o") == ["plain onnx"]
    (folder / "runs/digits/run.json").write_text('{"status": "finished"}')
    (folder / "runs/digits/metrics.json").write_text('{"loss": 1, "val_loss": 2}')
    assert completed("runs", "--sort", "") == ["plain loss", "plain val_loss"]
    assert completed("runs", "nowhere", "--sort", "") == []
    assert completed("report", "runs", "--metric", "v") == ["plain val_loss"]
    assert completed("plot", "runs/digits", "--metric", "") == ["plain loss", "plain val_loss"]


def test_the_goals_of_a_threshold_are_completed(folder):
    assert completed("predict", "runs/digits", "a.csv", "--threshold", "f") == ["plain f1"]
    assert "plain cost=" in completed("evaluate", "runs/digits", "--best-threshold", "")


def test_settings_stand_behind_the_config_too(project, nnrun):
    path = str(project.config())
    alike = [["--set", "epochs=7"], ["-s", "epochs=7"], ["epochs=7"]]
    told = [nnrun("check", path, *words, "--json").out for words in alike]
    assert len(set(told)) == 1
    done = nnrun("check", path, "seven")
    assert (done.code, done.out) == (2, "")
    assert "what follows CONFIG must be settings, as in epochs=50; received 'seven'" in done.err
    assert "--set epochs=x" in nnrun("check", path, "epochs=x").err
    assert "layers.0.units=50" in nnrun("train", "--help").out.replace("\n", " ")


def test_first_steps_name_what_the_folder_holds(tmp_path):
    steps = "\n".join(first_steps(tmp_path))
    assert "nnrun init DATA --target COLUMN -o config.yaml" in steps
    (tmp_path / "my houses.csv").touch()
    assert "nnrun init 'my houses.csv' --target COLUMN" in "\n".join(first_steps(tmp_path))
    (tmp_path / "houses.yaml").touch()
    steps = "\n".join(first_steps(tmp_path))
    assert "nnrun init" not in steps
    assert "nnrun train houses.yaml" in steps
    assert "nnrun predict runs/houses 'my houses.csv'" in steps


def test_nnrun_alone_tells_first_steps_on_a_terminal_and_helps_in_a_pipe(nnrun, monkeypatch):
    done = nnrun()
    assert (done.code, "Commands:" in done.err + done.out) == (2, True)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    done = nnrun()
    assert done.code == 0
    assert "Do this first:" in done.out


def test_help_lists_commands_in_the_order_of_use(nnrun):
    listed = re.findall(
        r"^  ([a-z]+) ", nnrun("--help").out.partition("Commands:")[2], re.MULTILINE
    )
    assert listed == COMMANDS
    assert listed[:5] == ["init", "check", "train", "predict", "evaluate"]


def test_commands_and_options_are_completed():
    assert [line.split()[1] for line in completed("res")] == ["resume"]
    assert completed("train", "a.yaml", "--sm") == ["plain --smoke"]


def test_bash_completes_in_a_process_that_imports_nothing_heavy(folder):
    script = "import sys; from nnrun.__main__ import main; sys.argv = ['nnrun']\ntry: main()\nfinally: print(*sys.modules)"
    variables = {
        "_NNRUN_COMPLETE": "bash_complete",
        "COMP_WORDS": "nnrun predict runs/",
        "COMP_CWORD": "2",
    }
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, **variables},
    )
    first, second, modules = done.stdout.splitlines()
    assert (first, second, done.stderr) == ("plain,runs/digits", "plain,runs/digits-2", "")
    assert {"tensorflow", "keras", "polars", "numpy", "pydantic", "rich"}.isdisjoint(
        modules.split()
    )


def examples(command: click.Command) -> list[str]:
    """Return the lines below "Example:" at the end of a command's help."""
    text = (command.epilog or command.help or "").partition("Example:\n")[2]
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_every_help_text_ends_with_an_example_and_fits_80_columns():
    for name, command in {"": cli, **cli.commands}.items():
        context = click.Context(
            command, info_name=f"nnrun {name}".strip(), terminal_width=80, max_content_width=90
        )
        lines = command.get_help(context).splitlines()
        assert max(map(len, lines)) <= 80, name
        assert name or not any(line.endswith("...") for line in lines[1:]), (
            "no command is cut short"
        )
        assert examples(command), name
        assert lines[-1].strip() == examples(command)[-1] or not name


@pytest.mark.exhaustive
def test_every_example_of_the_help_runs(tmp_path, nnrun, monkeypatch):
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    ordered = sorted(
        [cli, *cli.commands.values()], key=lambda command: command is not cli.commands["train"]
    )
    lines = [line.removeprefix("nnrun ") for command in ordered for line in examples(command)]
    assert len(lines) > len(COMMANDS)
    small = ["--set", "epochs=3"]
    for line in lines:
        short = line.replace("--epochs 200", "--epochs 4").replace(" epochs=50", "")
        short = short.replace("--trials 30", "--trials 2").replace("--folds 10", "--folds 2")
        arguments = shlex.split(short.partition(" > ")[0])
        if arguments[0] in ("train", "cv", "sweep"):
            arguments += small
        done = nnrun(*arguments)
        assert done.code == 0, (line, done.err)
    assert json.loads(done.out)["title"] == "Config"


@pytest.mark.parametrize(
    "variables",
    [
        exhaustive({}, id="as they are"),
        exhaustive({"NO_COLOR": "1"}, id="NO_COLOR"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, id="FORCE_COLOR and NO_COLOR"),
    ],
)
def test_pipes_get_no_escape_codes(project, variables):
    environment = {**os.environ, **variables}
    for arguments in (
        ["--help"],
        ["trian"],
        ["check", str(project.config())],
        ["check", "nope.yaml"],
        ["predict"],
    ):
        command = [sys.executable, "-m", "nnrun", *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=project.folder, env=environment
        )
        assert "\x1b" not in done.stdout + done.stderr
        assert done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.exhaustive
def test_a_narrow_terminal_has_a_bar_in_one_line_and_no_colour_under_no_color(server, project):
    pty, fcntl, termios = (pytest.importorskip(name) for name in ("pty", "fcntl", "termios"))
    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    os.set_blocking(terminal, False)
    process = server.start(
        project.folder,
        "train",
        project.config(epochs=30),
        err=Path(os.ttyname(theirs)),
        variables={"NO_COLOR": "1", "TERM": "xterm-256color"},
    )
    shown = bytearray()

    def read_until_it_ends() -> bool:
        ended = process.ended()
        with suppress(BlockingIOError):
            while piece := os.read(terminal, 1 << 16):
                shown.extend(piece)
        return ended

    wait_for(read_until_it_ends, "the training")
    os.close(theirs)
    os.close(terminal)
    assert process.code == 0
    text = shown.decode()
    assert "epoch 30/30 " in text
    assert not re.search(r"\x1b\[[0-9;]*m", text)  # which sets a colour or a style
    lines = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", text).replace("\r", "\n").split("\n")
    assert all(len(line) <= 60 for line in lines if line.startswith("epoch ") and "/30 " in line)
