"""All that only runs a network forward imports no TensorFlow."""

import subprocess
import sys

import pytest
from support.marks import usual

COMMANDS = {
    "predict": ("predict", "run", "table.csv"),
    "evaluate": ("evaluate", "run", "table.csv"),
    "evaluate without a table": ("evaluate", "run"),
    "importance": ("importance", "run"),
    "report": ("report", "run", "-o", "report.html"),
    "plot": ("plot", "run", "--data", "table.csv", "-o", "plot.png"),
    "json lines": ("predict", "run", "--json-lines"),
}
WITHOUT = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None  # any import of them fails
"""
COMMAND = f"""{WITHOUT}
from nnrun.__main__ import main
main()
"""
NOTEBOOK = f"""{WITHOUT}
import nnrun
run = nnrun.load("run")
print(run.predict("table.csv").height, run.evaluate("table.csv")["rows"])
try:
    run.model
except nnrun.NnrunError as error:
    print(error)
"""


NOTE = (
    "table.csv is the table that the run was trained on: results on new rows will be worse; "
    "nnrun evaluate run measures the rows held out\n"
)


def without_tensorflow(folder, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, cwd=folder, input="", capture_output=True, text=True)


@pytest.mark.parametrize("arguments", usual(COMMANDS, "predict", "evaluate", "report"))
def test_a_command_that_runs_a_network_forward_needs_no_tensorflow(project, copied_run, arguments):
    done = without_tensorflow(project.folder, COMMAND, *arguments)
    assert (done.returncode, done.stderr) == (
        0,
        NOTE if "evaluate" in arguments and "table.csv" in arguments else "",
    )


def test_keras_as_the_oracle_does(project, copied_run):
    done = without_tensorflow(project.folder, COMMAND, *COMMANDS["predict"], "--engine", "keras")
    assert done.returncode == 1
    assert "TensorFlow cannot be imported" in done.stderr


def test_a_notebook_that_predicts_needs_no_tensorflow(project, copied_run):
    done = without_tensorflow(project.folder, NOTEBOOK)
    predicted, model = done.stdout.splitlines()
    assert predicted == "60 60"
    assert "TensorFlow cannot be imported" in model


def test_both_engines_predict_the_same(nnrun, project, copied_run):
    import numpy as np
    import polars as pl

    numpy_ = pl.read_csv(nnrun("predict", "run", "table.csv").out.encode())
    keras = pl.read_csv(nnrun("predict", "run", "table.csv", "--engine", "keras").out.encode())
    assert numpy_["prediction"].equals(keras["prediction"])
    np.testing.assert_allclose(numpy_["probability"], keras["probability"], atol=2e-6)
