"""The examples of docs/leaving.md and docs/recipes.md run, as far as their tools are here."""

import io
import json
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from support.pages import blocks, read_page
from support.project import ROOT, Done

pytestmark = pytest.mark.slow
has_onnx = pytest.mark.skipif(
    not all(map(find_spec, ("onnx", "tf2onnx", "onnxruntime"))), reason="needs the extra"
)

needs_mlflow = pytest.mark.skipif(not find_spec("mlflow"), reason="needs MLflow")
needs_wandb = pytest.mark.skipif(not find_spec("wandb"), reason="needs wandb")


@pytest.fixture
def repository(project, monkeypatch) -> Path:
    """A folder with the configs and their tables, as a checkout has them."""
    shutil.copytree(ROOT / "configs", project.folder / "configs")
    monkeypatch.chdir(project.folder)
    return Path(project.folder)


def section(page: str, title: str) -> str:
    """Return the part of a page below a heading."""
    return read_page(page).split(f"\n## {title}\n")[1].split("\n## ")[0]


def run_commands(nnrun: Callable[..., Done], text: str) -> None:
    """Run the commands of nnrun in a text."""
    for command in re.findall(r"\bnnrun ([a-z].+)$", "".join(blocks(text, "sh")), re.MULTILINE):
        done = nnrun(*shlex.split(command))
        assert done.code == 0, (command, done.err)


def train(nnrun: Callable[..., Done], config: str) -> None:
    done = nnrun("train", config, "epochs=1", "--quiet")
    assert done.code in (0, 3), done.err  # one epoch does not meet what the config expects


@pytest.mark.usefixtures("eager")
@has_onnx
@pytest.mark.exhaustive
def test_the_folder_that_predicts_does_so_as_its_page_says(repository, nnrun, monkeypatch, capfd):
    for name in ("diabetes", "digits-relu"):
        train(nnrun, f"configs/{name}.yaml")
    page = read_page("leaving")
    run_commands(nnrun, page)
    command = re.search(r"^python (diabetes/predict.py .+) > predictions.csv$", page, re.MULTILINE)
    assert command
    done = subprocess.run(
        [sys.executable, *shlex.split(command[1])], capture_output=True, check=True
    )
    predicted = pl.read_csv(done.stdout)["prediction"].to_numpy()
    expected = pl.read_csv(nnrun("predict", "runs/diabetes", "configs/diabetes.csv").out.encode())
    of_their_size = 1e-5 * float(expected["prediction"].max())  # some are near 0
    assert predicted == pytest.approx(expected["prediction"].to_numpy(), abs=of_their_size)
    (code,) = blocks(page, "python")
    monkeypatch.syspath_prepend("diabetes")
    monkeypatch.delitem(sys.modules, "predict", raising=False)
    capfd.readouterr()
    exec(code, {})
    printed = json.loads(capfd.readouterr().out.replace("'", '"'))
    assert printed == [{"prediction": pytest.approx(predicted[0], rel=1e-5)}]
    del sys.modules["predict"]


class ModelServer:
    """What TensorFlow Serving does with a request: it loads the SavedModel of the newest version."""

    def __init__(self, folder: Path) -> None:
        from nnrun.training.backend import tf

        newest = max(folder.iterdir(), key=lambda path: int(path.name))
        self._constant = tf.constant
        self._model = tf.saved_model.load(str(newest))

    def answer(self, address: str, body: bytes) -> io.BytesIO:
        assert address == "http://localhost:8501/v1/models/digits:predict"
        instances = self._constant(json.loads(body)["instances"], "float32")
        (output,) = self._model.signatures["serving_default"](inputs=instances).values()
        return io.BytesIO(json.dumps({"predictions": output.numpy().tolist()}).encode())


@pytest.mark.usefixtures("eager")
def test_a_served_run_answers_what_predict_says(repository, nnrun, monkeypatch, capfd):
    train(nnrun, "configs/digits-relu.yaml")
    recipe = section("recipes", "Serve a run with TensorFlow Serving")
    (folder,) = re.findall(r"^mkdir -p (\S+)$", recipe, re.MULTILINE)
    Path(folder).mkdir(parents=True)
    run_commands(nnrun, recipe)
    mounted = re.search(r'-v "\$PWD/(\S+):/models/(\S+)" -e MODEL_NAME=(\S+)', recipe)
    assert mounted
    assert (mounted[1], mounted[2]) == (folder, mounted[3])
    server = ModelServer(repository / folder)
    monkeypatch.setattr(urllib.request, "urlopen", server.answer)
    table = nnrun("predict", "runs/digits-relu", "configs/digits01.csv").out
    expected = pl.read_csv(table.encode())["probability"].to_numpy()[:2]
    (code,) = blocks(recipe, "python")
    capfd.readouterr()
    with pytest.warns(UserWarning, match="constant"):  # a table unlike that of training
        exec(code, {})
    answered = np.array(json.loads(capfd.readouterr().out))
    assert answered[:, 0] == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.exhaustive
def test_what_another_program_writes_as_parquet_is_trained_on(repository, nnrun, frame):
    recipe = section("recipes", "Train on what DuckDB selects")
    returned = pl.Series(["no", "yes"]).gather(frame["label"])
    frame.drop("label").with_columns(returned=returned).write_parquet("orders.parquet")
    run_commands(nnrun, recipe)
    assert Path("runs/orders/run.json").is_file()


@pytest.mark.usefixtures("eager")
def test_the_line_of_cron_predicts_and_refuses_a_table_unlike_that_of_training(
    repository, nnrun, project, frame
):
    houses = frame.rename({"label": "price"}).with_row_index("id")
    project.table(houses, "houses.csv")
    changes: dict[str, Any] = {"data.train": "houses.csv", "data.drop": ["id"]}
    project.config({**changes, "data.target": "price"}, name="houses.yaml")
    train(nnrun, "houses.yaml")
    line = section("recipes", "Predict every night with cron")
    command = re.search(r"nnrun (predict .+?) 2>>", line)
    assert command
    project.table(houses.drop("price"), "new.csv")
    assert nnrun(*shlex.split(command[1])).code == 0
    written = Path("prices.csv").read_bytes()
    assert pl.read_csv(written)["id"].to_list() == houses["id"].to_list()
    project.table(houses.with_columns(age=pl.lit(1e9)), "new.csv")
    assert nnrun(*shlex.split(command[1])).code == 2
    assert Path("prices.csv").read_bytes() == written


@pytest.fixture
def two_runs(repository, nnrun, eager, monkeypatch) -> None:
    """Two runs in the folder `runs`, which `nnrun runs --json` lists on the standard input."""
    for units in (4, 8):
        arguments = (f"layers.0.units={units}", "epochs=2", "--quiet")
        assert nnrun("train", "configs/digits-relu.yaml", *arguments).code in (0, 3)
    monkeypatch.setattr(sys, "stdin", io.StringIO(nnrun("runs", "--json").out))


@pytest.fixture
def mlflow(repository, monkeypatch) -> Any:
    """MLflow, which writes into a folder."""
    module = import_module("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")  # its newest kind needs a database
    module.set_tracking_uri((repository / "mlruns").as_uri())
    return module


@needs_mlflow
@pytest.mark.filterwarnings("default")  # those of MLflow's packages are not ours
@pytest.mark.usefixtures("two_runs")
def test_runs_are_logged_to_mlflow(mlflow):
    code, _ = blocks(section("recipes", "Compare runs in MLflow or Weights & Biases"), "python")
    exec(code, {})
    logged = {run.info.run_name: run.data for run in mlflow.search_runs(output_format="list")}
    assert set(logged) == {"runs/digits-relu", "runs/digits-relu-2"}
    assert logged["runs/digits-relu-2"].params["layers.0.units"] == "8"
    assert 0 < logged["runs/digits-relu-2"].metrics["val_accuracy"] <= 1


@needs_mlflow
@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("two_runs")
def test_every_epoch_of_a_run_is_logged_to_mlflow(mlflow):
    (code,) = blocks(section("recipes", "Log a run to MLflow"), "python")
    exec(code, {})
    (logged,) = mlflow.search_runs(output_format="list")
    history = mlflow.MlflowClient().get_metric_history(logged.info.run_id, "val_loss")
    assert [metric.step for metric in history] == [1, 2]
    kept = mlflow.artifacts.list_artifacts(run_id=logged.info.run_id)
    assert {"model.keras", "config.yaml"} <= {file.path for file in kept}


@needs_wandb
@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("two_runs")
def test_runs_are_logged_to_weights_and_biases(repository, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")  # it writes a folder, which `wandb sync` sends
    monkeypatch.setenv("WANDB_SILENT", "true")
    _, code = blocks(section("recipes", "Compare runs in MLflow or Weights & Biases"), "python")
    exec(code, {})
    logged = list(repository.glob("wandb/offline-run-*/run-*.wandb"))
    assert len(logged) == 2
    assert all(b"val_accuracy" in path.read_bytes() for path in logged)
