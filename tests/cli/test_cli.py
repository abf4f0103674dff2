"""The commands as a user meets them: output, exit codes, messages."""

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from support.marks import exhaustive
from support.processes import run_python

from nnrun.training.backend import keras


@pytest.fixture
def trained(project, trained_runs) -> Path:
    return trained_runs.copy_to(project, epochs=20)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_behind_the_standard_output_is_told():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "nnrun", "schema"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "standard output: No space left on device\n")


def test_train_prints_metrics_the_run_and_the_next_command(project, nnrun):
    done = nnrun("train", project.config())
    assert done.code == 0
    metrics, kept, verdict, saved, following = done.out.splitlines()
    assert metrics.startswith("epoch 3: loss 0.")
    assert kept.startswith("validation was best at epoch ")
    assert verdict.startswith("validation: accuracy 0.")
    assert saved == "saved in runs/config"
    assert following == "next: nnrun evaluate runs/config"
    assert nnrun(*following.removeprefix("next: nnrun ").split()).code == 0


def test_progress_is_a_line_per_tenth_of_the_run_where_stderr_is_no_terminal(project, nnrun):
    done = nnrun("train", project.config(epochs=25))
    *lines, verdict, advice = done.err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"epoch {n}/25" for n in (3, 5, 8, 10, 13, 15, 18, 20, 23)
    ]
    assert done.out.startswith("epoch 25: ")  # which is told once
    assert "loss" in lines[0]
    assert "val_accuracy" in lines[0]
    assert verdict == "warning: the network is no better than its baseline"
    assert "--threshold" in advice


def test_quiet_is_silent(project, nnrun):
    assert nnrun("train", project.config(), "-q") == (0, "", "")


def test_json_is_one_object_on_stdout(project, nnrun):
    done = nnrun("train", project.config(), "--json")
    summary = json.loads(done.out)
    result = {"run", "status", "epochs", "seconds", "metrics"}
    verdict = {"baseline", "linear", "interval", "verdict"}
    assert summary.keys() == result | verdict
    assert (summary["run"], summary["status"], summary["epochs"]) == ("runs/config", "finished", 3)
    assert summary["metrics"].keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}


def test_a_metric_that_is_an_array_of_one_is_shown_by_both_engines(project, nnrun):
    config = project.config(metrics=["F1Score", {"name": "accuracy", "threshold": 0.4}])
    for engine in ("compiled", "keras"):
        done = nnrun("train", config, "--engine", engine)
        assert (done.code, "val_accuracy" in done.err) == (0, True)


def test_both_engines_print_the_same(project, nnrun):
    ours = nnrun("train", project.config(), "-o", "a", "--json")
    theirs = nnrun("train", project.config(), "-o", "b", "--json", "--engine", "keras")
    assert json.loads(ours.out)["metrics"] == json.loads(theirs.out)["metrics"]


def test_mistakes_exit_with_2_and_leave_nothing_behind(project, nnrun):
    before = sorted(project.folder.rglob("*"))
    config = project.config(layers=[{"units": 0, "activation": "reluu"}], epochs="x")
    done = nnrun("train", config)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 3
    assert nnrun("train", project.config({"data.target": "labell"})).code == 2
    assert nnrun("train", project.config({"layers": [{"units": 2}]})).code == 2
    assert sorted(p for p in project.folder.rglob("*") if p.name != "config.yaml") == before


def test_lint_warns_and_train_goes_on(project, nnrun):
    done = nnrun("train", project.config({"data.validation_split": 0}))
    assert done.code == 0
    assert "warning: config.yaml" not in done.out
    assert "[nothing-held-out]" in done.err.splitlines()[0]


def test_an_expectation_that_is_not_met_exits_with_3_after_saving(project, nnrun):
    done = nnrun("train", project.config(expect={"val_loss": "< 0"}), "-o", "run", "--json")
    assert done.code == 3
    assert "expect.val_loss: expected < 0, got 0." in done.err
    assert json.loads(done.out)["status"] == "finished"
    assert (project.folder / "run" / "model.keras").exists()


def test_a_loss_that_is_not_finite_exits_with_1(project, nnrun):
    done = nnrun(
        "train", project.config(), "-q", "--set", "optimizer={name: sgd, learning_rate: 1e30}"
    )
    assert done.code == 1
    assert "a learning_rate smaller than 1e+30" in done.err


def test_set_overrides_a_key(project, nnrun):
    done = nnrun(
        "train", project.config(), "--set", "epochs=5", "--set", "layers[0].units=7", "--json"
    )
    assert json.loads(done.out)["epochs"] == 5
    assert "units: 7" in (project.folder / "runs/config/config.yaml").read_text()


def test_predict_writes_csv_to_stdout_or_a_file(nnrun, trained):
    done = nnrun("predict", "run", "table.csv", "--keep", "age, label")
    assert (done.code, done.err) == (0, "")
    frame = pl.read_csv(io.StringIO(done.out))
    assert frame.columns == ["age", "label", "probability", "prediction"]
    assert nnrun("predict", "run", "table.csv", "--keep", "age,label", "-o", "out.csv") == (
        0,
        "",
        "saved in out.csv\n",
    )
    assert Path("out.csv").read_text() == done.out


def test_predict_reads_standard_input(nnrun, trained, project, monkeypatch):
    expected = nnrun("predict", "run", "table.csv").out
    with (project.folder / "table.csv").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert nnrun("predict", "run", "-").out == expected


def test_extra_columns_are_named_once_on_stderr(nnrun, trained, project, frame):
    project.table(frame.with_columns(note=pl.lit("x"), more=pl.lit(1)), "new.csv")
    done = nnrun("predict", "run", "new.csv")
    assert (done.code, done.err) == (0, "ignored columns: note, more\n")


def test_a_refused_prediction_leaves_the_old_file(nnrun, trained, project):
    project.write("out.csv", "old")
    project.table("age,height,dose\n1,2,x\n", "bad.csv")
    done = nnrun("predict", "run", "bad.csv", "-o", "out.csv")
    assert (done.code, done.out) == (2, "")
    assert done.err == "bad.csv:2: column 'dose': 'x' is not a number\n"
    assert Path("out.csv").read_text() == "old"


def test_evaluate_prints_a_table_and_json(nnrun, trained):
    text = nnrun("evaluate", "run", "table.csv").out
    assert "auc" in text
    assert "predicted" in text
    measured = json.loads(nnrun("evaluate", "run", "table.csv", "--json").out)
    assert measured["rows"] == 60
    assert measured["metrics"].keys() >= {
        "loss",
        "accuracy",
        "auc",
        "precision",
        "recall",
        "confusion_matrix",
    }


def test_show_describes_a_run_and_a_config(nnrun, trained):
    shown = nnrun("show", "run").out
    assert "status     finished" in shown
    assert "epoch 20 of 20" in shown
    model = keras.saving.load_model(trained / "model.keras")
    assert f"{model.count_params():,}" in shown
    assert nnrun("show", "config.yaml").out.endswith(shown[shown.index("layer ") :])


def test_check_sums_up_the_table_and_the_network(project, nnrun):
    done = nnrun("check", project.config())
    assert done.code == 0
    assert "45 training rows" in done.out
    assert "15 rows held out for validation" in done.out
    assert "Dense sigmoid" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "nope.yaml"], "nope.yaml: cannot be read: No such file or directory"),
        (["predict", "nope", "table.csv"], "nope: does not exist"),
        (["predict", ".", "table.csv"], "is not a run directory"),
        (["show", "nope"], "nope: cannot be read"),
        (["evaluate", "run", "nope.csv"], "nope.csv: there is no such file"),
        (["train", "config.yaml", "-o", "run"], "run: exists; choose another with -o"),
        (["train", "config.yaml", "--set", "epochs"], "--set epochs: the form is KEY=VALUE"),
        (["check", "config.yaml", "epochs="], "--set epochs=: must be a whole number"),
        (
            ["check", "config.yaml", "optimizer={lr: 1}"],
            "--set optimizer={lr: 1}: optimizer.lr: unknown key",
        ),
        (
            ["train", "config.yaml", "--epochs", "ten"],
            "whole number from 1 to 1,000,000,000; received ten",
        ),
        (["runs", "table.csv"], "table.csv: is not a folder; give one"),
        (
            ["predict", "run", "table.csv", "--interval", "95"],
            "between 0 and 1, such as 0.9; received 95",
        ),
        (["trian"], "Did you mean 'train'?"),
        (
            ["predict", "run", "table.csv", "--threshold", "nan"],
            "--threshold must be a probability",
        ),
        (
            ["predict", "run", "table.csv", "-o", "table.csv"],
            "-o table.csv: would replace DATA itself",
        ),
        (
            ["predict", "run", "table.csv", "-o", "run"],
            "-o run: is a folder; give the path of a file in it",
        ),
        (["predict", "table.csv", "table.csv"], "is not a run directory"),
        (
            ["predict", "run", "table.csv", "--threshold", "2"],
            "must be a probability from 0 to 1; received 2",
        ),
    ],
)
def test_wrong_arguments_are_answered(nnrun, trained, arguments, message):
    done = nnrun(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_what_cannot_be_written_is_said(nnrun, trained, project):
    done = nnrun("predict", "run", "table.csv", "-o", "no/such/folder.csv")
    assert done.code == 2
    assert "-o no/such/folder.csv: must be in a folder that exists" in done.err
    project.write("file", "x")
    assert "file" in nnrun("train", "config.yaml", "-o", "file/run").err


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["predict", "run", "table.csv"], id="predict"),
        pytest.param(["evaluate", "run"], id="evaluate"),
        pytest.param(["cv", "config.yaml"], id="cv"),
    ],
)
def test_a_name_that_says_another_format_than_csv_is_refused(nnrun, trained, command, project):
    done = nnrun(*command, "-o", "rows.xlsx")
    assert (done.code, done.out) == (2, "")
    assert "-o rows.xlsx: is written as CSV; give a name that ends in .csv" in done.err
    assert not (project.folder / "rows.xlsx").exists()


def test_a_column_kept_twice_is_kept_once(nnrun, trained):
    assert nnrun("predict", "run", "table.csv", "--keep", "age,age").out.startswith(
        "age,probability,prediction\n"
    )


def test_a_threshold_is_refused_for_numbers(project, nnrun):
    config = project.config({"data.target": "dose", "loss": "mse"})
    assert nnrun("train", config, "-q", "-o", "run").code == 0
    assert (
        "for a run with two labels"
        in nnrun("predict", "run", "table.csv", "--threshold", "0.5").err
    )


def test_predictions_into_a_device_leave_the_device(nnrun, trained):
    assert nnrun("predict", "run", "table.csv", "-o", "/dev/null").code == 0
    assert not Path("/dev/null").is_file()


def test_show_refuses_an_altered_run_and_names_the_best_epoch(nnrun, trained):
    assert "best       validation was best at epoch" in nnrun("show", "run").out
    (trained / "config.yaml").write_text("x")
    done = nnrun("show", "run")
    assert (done.code, done.out) == (2, "")
    assert "config.yaml was altered since training" in done.err


def test_paths_with_spaces_and_other_letters_work(project, nnrun):
    folder = project.folder / "mein Ordner é"
    folder.mkdir()
    (project.folder / "table.csv").rename(folder / "daten ß.csv")
    project.config({"data.train": "daten ß.csv"}, name="mein Ordner é/erste.yaml")
    done = nnrun("train", "mein Ordner é/erste.yaml")
    assert done.code == 0
    assert nnrun(*shlex.split(done.out.splitlines()[-1].removeprefix("next: nnrun "))).code == 0


def test_schema_is_json(nnrun):
    assert json.loads(nnrun("schema").out)["title"] == "Config"


@pytest.mark.slow
def test_a_closed_pipe_ends_quietly(trained, project, frame):
    project.table(pl.concat([frame] * 4000), "big.csv")
    command = f"{sys.executable} -m nnrun predict run big.csv | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        capture_output=True,
        text=True,
        cwd=project.folder,
    )
    assert done.stdout == "probability,prediction\n"
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="the shell of Windows closes no stream")
@pytest.mark.parametrize("closed", [">&-", ">&- <&-"], ids=["stdout", "stdin too"])
def test_a_result_that_nobody_can_read_is_no_success(copied_run, closed):
    command = f"{sys.executable} -m nnrun show run {closed}"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=copied_run.parent
    )
    assert (done.returncode, done.stderr) == (1, "standard output: Bad file descriptor\n")


@pytest.mark.slow
@pytest.mark.exhaustive
def test_tensorflow_prints_nothing_of_its_own(project):
    done = run_python("-m", "nnrun", "train", str(project.config()), "-q", cwd=project.folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_finds_what_lint_says_in_a_process_of_its_own(project):
    config = project.config({"data.validation_split": 0, "layers": [{"units": 2}]})
    done = run_python("-m", "nnrun", "check", str(config), cwd=project.folder)
    assert done.returncode == 2
    assert [line.rpartition(" ")[2] for line in done.stderr.splitlines()] == [
        "[bce-output]",
        "[nothing-held-out]",
        "[output-units]",
    ]


@pytest.mark.parametrize(
    "command", ["--help", "--version", "check config.yaml", "show config.yaml", "schema"]
)
def test_tensorflow_is_not_imported_by(project, command):
    project.config()
    script = f"""
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = sys.modules["matplotlib"] = None
sys.argv = ["nnrun", *{command.split()!r}]
from nnrun.__main__ import main
main()
"""
    done = run_python("-c", script, cwd=project.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_command_line_imports_nothing_heavy(tmp_path):
    heavy = ["tensorflow", "keras", "polars", "numpy", "matplotlib", "pydantic", "yaml", "rich"]
    script = f"import sys, nnrun.__main__; print([m for m in {heavy} if m in sys.modules])"
    assert run_python("-c", script, cwd=tmp_path).stdout == "[]\n"


@pytest.mark.parametrize(
    ("without", "imported"),
    [
        pytest.param("OPTIONAL", [], id="command line"),
        exhaustive("()", ["matplotlib.pyplot", "pandas"], id="notebook"),
    ],
)
def test_keras_imports_pandas_and_its_like_in_a_notebook_alone(project, without, imported):
    project.write("pandas.py", "DataFrame = Series = None")
    script = f"""
import sys
from nnrun.training.tensorflow_import import OPTIONAL, leave_out
leave_out({without})
import nnrun.training.backend
print([m for m in ("matplotlib.pyplot", "pandas") if m in sys.modules])
import pandas, matplotlib.pyplot
"""
    done = run_python("-c", script, cwd=project.folder)
    assert (done.stdout, done.stderr) == (f"{imported}\n", "")


def test_version_names_what_matters(nnrun):
    assert nnrun("--version").out.startswith("nnrun 0.")
    assert f"Keras {keras.__version__}" in nnrun("--version").out


def test_every_help_text_has_an_example(nnrun):
    for name in ("", "check", "train", "predict", "evaluate", "show", "schema"):
        done = nnrun(*name.split(), "--help")
        assert done.code == 0
        assert f"Example:\n    nnrun {name}".rstrip() in done.out, name


def test_show_says_how_far_a_run_is_and_how_it_goes_on(nnrun, trained):
    info = json.loads((trained / "run.json").read_text())
    (trained / "run.json").write_text(json.dumps({**info, "status": "interrupted", "goal": 90}))
    shown = nnrun("show", "run").out
    assert (
        "epochs     20 of 90 epochs; if no process trains it, resume it with: nnrun resume run\n"
        in shown
    )
    assert "kept       epoch 20: " in shown
