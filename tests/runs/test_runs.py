"""`nnrun runs`, and the values that commands print with --json."""

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nnrun.config.keras_catalog import METRIC
from nnrun.runs.directory import Run
from nnrun.runs.listing import less_is_better, list_runs
from nnrun.runs.settings import differing_keys, settings_of
from nnrun.training.backend import keras


@pytest.fixture
def runs(project, shared_run) -> Path:
    """A folder of three finished runs, of which each one is better than the one before."""
    for i, name in enumerate(("a", "b", "c")):
        copy = Path(shutil.copytree(shared_run, project.folder / "runs" / name))
        metrics = {
            "epoch": 3,
            "loss": 0.5 - i / 10,
            "val_accuracy": 0.7 + i / 10,
            **({"val_AUC": 0.9} if i else {}),
        }
        (copy / "metrics.json").write_text(json.dumps(metrics))
        change(copy, started=f"2026-01-0{i + 1}T10:00:00+00:00")
    return project.folder / "runs"


def change(run: Path, **facts) -> None:
    info = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**info, **facts}))


def test_runs_are_listed_by_when_they_started(nnrun, runs):
    done = nnrun("runs")
    header, *lines = done.out.splitlines()
    assert (done.code, done.err) == (0, "")
    assert header.split() == [
        "run",
        "status",
        "epochs",
        "verdict",
        "started",
        "UTC",
        "seconds",
        "val_accuracy",
        "val_AUC",
        "loss",
    ]
    assert [line.split()[0] for line in lines] == ["a", "b", "c"]
    assert lines[0].split()[1:5] == ["finished", "3/3", "-", "01-01"]
    assert lines[0].split()[-3:] == ["0.7", "-", "0.5"]


def test_a_run_is_listed_itself_and_where_there_is_none_it_is_said(nnrun, runs, monkeypatch):
    assert [line.split()[0] for line in nnrun("runs", "runs/b").out.splitlines()[1:]] == ["b"]
    monkeypatch.chdir(runs / "b")
    assert [line.split()[0] for line in nnrun("runs", ".").out.splitlines()[1:]] == ["b"]
    monkeypatch.chdir(runs.parent)
    (runs / "none").mkdir()
    assert nnrun("runs", "runs/none").err == "no run in runs/none\n"


@pytest.mark.parametrize(
    ("metric", "order"), [("loss", "cba"), ("val_accuracy", "cba"), ("val_AUC", "bca")]
)
def test_the_best_of_a_metric_comes_first_and_who_lacks_it_last(nnrun, runs, metric, order):
    assert (
        "".join(line[0] for line in nnrun("runs", "--sort", metric).out.splitlines()[1:]) == order
    )


def test_the_best_run_is_a_finished_one_and_of_equal_ones_the_first(nnrun, runs):
    for name in "bc":
        change(runs / name, status="finished")
        shutil.copy(runs / "a" / "metrics.json", runs / name)
    assert nnrun("runs", "--best", "loss").out == "runs/a\n"
    change(runs / "a", status="failed")
    assert nnrun("runs", "--best", "loss").out == "runs/b\n"
    for name in "bc":
        change(runs / name, status="failed")
    done = nnrun("runs", "--best", "loss")
    assert (done.code, done.out) == (2, "")
    assert done.err == "--best loss: no finished run in runs has this metric\n"


@pytest.mark.parametrize("option", ["--sort", "--best"])
def test_a_metric_of_which_nobody_knows_the_better_end_ranks_no_runs(nnrun, runs, option):
    (runs / "a" / "metrics.json").write_text('{"profit": 3.5}')
    done = nnrun("runs", option, "profit")
    assert (done.code, done.out) == (2, "")
    assert f"{option} profit: nnrun does not know whether less or more" in done.err


def test_the_best_run_is_printed_alone(nnrun, runs):
    done = nnrun("runs", "--best", "loss", "--json")
    assert (done.code, done.out) == (2, "")
    assert "--best prints only a path; leave --sort, --columns and --json out" in done.err


def test_json_is_a_list_with_all_that_is_known(nnrun, runs):
    first = json.loads(nnrun("runs", "runs", "--json").out)[0]
    facts = {"run", "status", "epochs", "goal", "started", "seconds"}
    assert first.keys() == facts | {"metrics", "verdict", "kept_epoch", "settings"}
    assert (first["run"], first["status"], first["epochs"], first["goal"]) == (
        "runs/a",
        "finished",
        3,
        3,
    )
    assert first["metrics"] == {"loss": 0.5, "val_accuracy": 0.7}


def test_a_run_that_cannot_be_read_is_listed_as_broken(nnrun, runs):
    (runs / "b" / "run.json").write_text("{")
    (runs / "c" / "link").symlink_to("/etc")
    (runs / "no run").mkdir()
    done = nnrun("runs")
    assert [line.split()[:2] for line in done.out.splitlines()[1:]] == [
        ["a", "finished"],
        ["b", "broken"],
        ["c", "broken"],
    ]
    assert [line.split(":")[0] for line in done.err.splitlines()] == ["runs/b/run.json", "runs/c"]
    assert "error" in json.loads(nnrun("runs", "--json").out)[1]


def test_what_a_stranger_wrote_commands_no_terminal(nnrun, runs):
    (runs / "a").rename(runs / "\x1b[31m")
    change(runs / "b", status="\x1b[2J", started="\x1b[2J\x1b[2J\x1b[2J", seconds=1e300)
    (runs / "c" / "metrics.json").write_text(json.dumps({"\x1b[5m": 1, "loss": None}))
    done = nnrun("runs")
    assert done.code == 0
    assert "\x1b" not in done.out + done.err
    assert "\\x1b[31m" in done.out


def test_no_runs_or_no_such_metric_are_answered(nnrun, project, runs):
    done = nnrun("runs", "--sort", "val_acuracy")
    assert (done.code, done.out) == (2, "")
    assert (
        done.err
        == "--sort val_acuracy: no run in runs has this metric; did you mean 'val_accuracy'?\n"
    )
    assert nnrun("runs", "nowhere").code == 2
    (project.folder / "empty").mkdir()
    assert json.loads(nnrun("runs", "empty", "--json").out) == []
    assert "no run in empty has this metric\n" in nnrun("runs", "empty", "--sort", "loss").err


def test_running_is_told_from_stopped_and_a_trainer_is_not_disturbed(nnrun, runs):
    change(runs / "a", status="running")
    run = Run(runs / "a")
    assert run.status(run.read_info()) == "stopped"
    assert "status     stopped" in nnrun("show", "runs/a").out
    holder = """
import sys
from pathlib import Path
from nnrun.runs.directory import Run
with Run(Path("runs/a")).locked():
    print("held", flush=True)
    sys.stdin.read()
"""
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": runs.parent}
    with subprocess.Popen([sys.executable, "-c", holder], **options) as process:
        assert process.stdout.readline() == b"held\n"
        assert run.status(run.read_info()) == "running"
        assert "running" in nnrun("runs").out
        process.stdin.close()
    assert run.status(run.read_info()) == "stopped"
    (runs / "a" / ".lock").unlink()
    assert run.status(run.read_info()) == "stopped"


def test_who_asks_for_the_status_keeps_no_trainer_out(runs):
    fcntl = pytest.importorskip("fcntl")
    with (runs / "a" / ".lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        threading.Timer(0.02, lambda: fcntl.flock(lock, fcntl.LOCK_UN)).start()
        with Run(runs / "a").locked():
            pass


def test_a_thousand_runs_are_listed_in_about_a_second(runs):
    for i in range(997):
        (runs / f"run-{i}").mkdir()
        for name in ("run.json", "metrics.json", "history.csv", "config.yaml"):
            shutil.copy(runs / "a" / name, runs / f"run-{i}")
    began = time.process_time()
    assert len(list_runs(runs, "loss")) == 1_000
    assert time.process_time() - began < 5  # 0.4 on two cores


@pytest.mark.parametrize("name", METRIC.catalog)
def test_a_metric_is_better_as_keras_says(name):
    arguments = {
        "PrecisionAtRecall": [0.5],
        "RecallAtPrecision": [0.5],
        "SensitivityAtSpecificity": [0.5],
    }
    metric = getattr(keras.metrics, name)(
        *arguments.get(name, [0.5] * (name == "SpecificityAtSensitivity"))
    )
    direction = getattr(metric, "_direction", None)
    if direction:
        assert less_is_better(f"val_{name}") == (direction == "down")


def test_check_json_says_what_check_says(project, nnrun):
    done = nnrun("check", project.config({"data.validation_split": 0}).name, "--json")
    said = json.loads(done.out)
    assert said["data"]["train"] == {"path": "table.csv", "rows": 60, "dropped": 0}
    assert [feature["name"] for feature in said["features"]] == ["age", "height", "dose"]
    assert said["label_counts"].keys() == {"0", "1"}
    assert [(layer["units"], layer["parameters"]) for layer in said["layers"]] == [(4, 16), (1, 5)]
    assert said["config"]["optimizer"]["learning_rate"] == 0.01
    assert [warning["code"] for warning in said["warnings"]] == ["nothing-held-out"]
    assert nnrun("show", "config.yaml", "--json").out == done.out


def test_mistakes_go_to_stderr_with_json_too(project, nnrun):
    done = nnrun("check", project.config(epochs=0), "--json")
    assert (done.code, done.out) == (2, "")
    assert "config.yaml:" in done.err


def test_show_json_says_what_show_says(nnrun, copied_run):
    said = json.loads(nnrun("show", "run", "--json").out)
    assert (said["status"], said["epochs"], said["kept_epoch"]) == ("finished", 3, 3)
    assert said["best"]["by"] == "val_loss"
    assert said["versions"]["keras"] == keras.__version__
    assert said["data"]["train"]["rows"] == 45
    assert [layer["shapes"] for layer in said["layers"]] == [[[3, 4], [4]], [[4, 1], [1]]]
    (copied_run / "config.yaml").write_text("x")
    assert nnrun("show", "run", "--json").code == 2


@pytest.fixture
def noted(runs) -> Path:
    """The runs, of which b has another rate of learning and c a note."""
    config = Run(runs / "a").read_info().config
    optimizer = {**config["optimizer"], "learning_rate": 0.5}
    change(runs / "b", config={**config, "optimizer": optimizer})
    change(runs / "c", config={**config, "note": "deep"})
    return runs


def test_settings_that_differ_are_columns(nnrun, noted):
    head, *lines = nnrun("runs").out.splitlines()
    assert "learning_rate" in head
    assert head.index("note") > head.index("learning_rate")
    assert head.index("note") < head.index("val_accuracy")
    assert "units" not in head
    assert " 0.5 " in lines[1]
    assert " deep " in lines[2]


def test_epochs_that_differ_have_one_column(nnrun, noted):
    config = Run(noted / "b").read_info().config
    change(noted / "b", config={**config, "epochs": 9})
    head = nnrun("runs").out.splitlines()[0]
    assert head.split().count("epochs") == 1


def test_columns_can_be_chosen(nnrun, noted):
    head, first, *_ = nnrun("runs", "--columns", "layers[0].units, val_accuracy").out.splitlines()
    assert head.split()[-2:] == ["layers[0].units", "val_accuracy"]
    assert first.split()[-2] == "4"
    done = nnrun("runs", "--columns", "val_acuracy,nothing")
    assert (done.code, done.out) == (2, "")
    hint = "no run has such a setting or metric; did you mean 'val_accuracy'?"
    assert f"--columns val_acuracy: {hint}" in done.err
    assert "--columns nothing: " in done.err


def test_the_best_run_is_named_alone(nnrun, runs):
    assert nnrun("runs", "--best", "val_accuracy") == (0, "runs/c\n", "")
    change(runs / "c", status="failed")
    assert nnrun("runs", "--best", "val_accuracy").out == "runs/b\n"
    done = nnrun("runs", "--best", "val_acuracy")
    assert done.code == 2
    assert done.err.startswith(
        "--best val_acuracy: no finished run in runs has this metric; did you mean"
    )


def test_json_has_the_settings(nnrun, noted):
    (_, second, third) = json.loads(nnrun("runs", "--json").out)
    assert second["settings"]["optimizer.learning_rate"] == 0.5
    assert second["settings"]["layers[0].units"] == 4
    assert third["settings"]["note"] == "deep"


def test_a_note_on_the_command_line_is_kept(project, nnrun):
    note = 'a "quoted": note, with #'
    assert nnrun("train", project.config(epochs=1), "--note", note, "-q").code == 0
    (listed,) = json.loads(nnrun("runs", "--json").out)
    assert listed["settings"]["note"] == note


def test_diff_shows_what_differs_and_all_metrics(nnrun, noted):
    change(noted / "a", threads=99)
    said = json.loads(nnrun("diff", "runs/a", "runs/b", "--json").out)
    assert said["settings"] == {"optimizer.learning_rate": {"a": 0.01, "b": 0.5}}
    assert said["tables"] == {}
    assert said["versions"]["threads"]["a"] == 99
    assert said["metrics"]["val_accuracy"]["a"] < said["metrics"]["val_accuracy"]["b"]
    text = nnrun("diff", "runs/a", "runs/b").out
    assert "tables: the same" in text
    assert re.search(r"^optimizer.learning_rate +0.01 +0.5$", text, re.MULTILINE)


def test_settings_of_an_empty_mapping_or_list_differ_by_their_own_keys():
    bare = settings_of({"expect": {}, "callbacks": [], "metrics": [], "batch_size": 0})
    full = settings_of(
        {"expect": {"val_loss": "< 1"}, "callbacks": [{"name": "X"}], "metrics": ["AUC"]}
    )
    found = ["metrics", "batch_size", "expect.val_loss", "callbacks[0].name"]
    assert differing_keys([bare, full]) == found
    assert differing_keys([full, bare]) == [*found[2:], "metrics", "batch_size"]


def test_an_empty_list_differs_from_none():
    without = settings_of({"metrics": None, "expect": None})
    assert differing_keys([without, settings_of({"metrics": [], "expect": {}})]) == [
        "metrics",
        "expect",
    ]


def test_diff_of_no_run_is_refused(nnrun, runs):
    done = nnrun("diff", "runs/a", "runs/nowhere")
    assert (done.code, done.out) == (2, "")
    assert "runs/nowhere: does not exist" in done.err


def test_what_a_stranger_wrote_commands_no_terminal_in_diff(nnrun, runs):
    change(runs / "a", config={"note": "\x1b[2J"}, versions={"\x1b[5m": "1"})
    assert "\x1b" not in nnrun("diff", "runs/a", "runs/b").out
