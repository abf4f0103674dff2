"""nnrun from Python, and the completion of a shell."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from support.processes import run_python

import nnrun as nn
from nnrun.errors import ConfigError, ExpectationError, InputError, RunError, TableError
from nnrun.reporting.metrics_text import describe_metrics


@pytest.fixture
def run(copied_run, monkeypatch) -> nn.Run:
    monkeypatch.chdir(copied_run.parent)
    return nn.load("run")


def test_train_returns_a_run_that_predicts(project, frame, monkeypatch, capfd):
    monkeypatch.chdir(project.folder)
    with pytest.warns(UserWarning, match="no better than guessing") as warned:
        run = nn.train(project.config(), overrides=["epochs=2"])
    ours = [line for line in warned if "guessing" in str(line.message)]
    assert [line.filename for line in ours] == [__file__]
    assert "epoch 2/2: loss" in capfd.readouterr().err
    assert run.path == project.folder / "runs" / "config"
    assert run.metrics.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert run.history.columns == ["epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    assert run.history["epoch"].to_list() == [1, 2]
    assert repr(run).startswith(f"<nnrun run {run.path}: loss 0.")
    predictions = run.predict(frame, keep=["age"])
    assert predictions.columns == ["age", "probability", "prediction"]
    again = nn.train("config.yaml", "again", overrides=["epochs=2"], engine="keras", quiet=True)
    assert again.predict("table.csv").equals(predictions.drop("age"))
    assert capfd.readouterr() == ("", "")


def test_python_and_the_command_line_say_the_same(nnrun, run, frame):
    assert run.predict(frame).write_csv() == nnrun("predict", "run", "table.csv").out
    done = json.loads(nnrun("evaluate", "run", "table.csv", "--json").out)
    metrics = done.pop("metrics")
    assert run.evaluate(Path("table.csv")) == {**done, **metrics}
    told = json.loads(nnrun("importance", "run", "--json").out)
    assert run.importance() == told
    assert json.loads(json.dumps(nn.check("run/config.yaml"))) == json.loads(
        nnrun("check", "run/config.yaml", "--json").out
    )


def test_frames_of_polars_are_taken_and_their_order_does_not_matter(run, frame):
    expected = run.predict("table.csv")
    assert run.predict(frame[:, ::-1]).equals(expected)
    assert run.predict(frame.lazy()).equals(expected)
    assert run.predict(frame.with_columns(pl.col("age").cast(pl.String))).equals(expected)
    assert run.predict(frame, threshold=1.0)["prediction"].unique().to_list() == ["0"]


def in_pandas(frame: pl.DataFrame):
    pandas = pytest.importorskip("pandas")
    index = [f"row {i}" for i in range(len(frame))]
    return pandas.DataFrame(frame.to_dict(as_series=False), index=index)


def test_pandas_gets_pandas_with_its_index(run, frame):
    given = in_pandas(frame)
    predicted = run.predict(given, keep=["age"])
    assert type(predicted) is type(given)
    assert predicted.index.equals(given.index)
    expected = run.predict(frame, keep=["age"])
    assert predicted.to_dict("list") == expected.to_dict(as_series=False)
    assert run.evaluate(given) == run.evaluate(frame)


def test_cells_of_pandas_are_what_they_seem(run, frame):
    given = in_pandas(frame)
    expected = run.predict(given)
    assert run.predict(given.convert_dtypes()).equals(expected)
    assert run.predict(given.astype({"age": "object"})).equals(expected)
    with pytest.raises(TableError, match="column 'age': the cell is missing"):
        run.predict(given.assign(age=given["age"].where(given["age"] != given["age"].iloc[3])))
    twice = given.rename(columns={"height": "age"})
    with pytest.raises(InputError, match="data: two columns are named 'age'"):
        run.predict(twice)
    with pytest.raises(InputError, match="data: the name of a column must be text; received 7"):
        run.predict(given.rename(columns={"height": 7}))


def test_a_dict_gets_a_dict_and_a_list_a_list(run, frame):
    rows = frame.to_dicts()
    expected = run.predict(frame).to_dicts()
    assert run.predict(rows) == expected
    assert run.predict(rows[0]) == expected[0]
    lacking = {**rows[0], "dose": None}
    with pytest.raises(TableError, match=r'data:row 1: .+, in Python bad_cells="missing"'):
        run.predict(lacking)
    with pytest.warns(UserWarning, match="1 cell is missing, and is filled with the mean"):
        filled = run.predict(lacking, bad_cells="missing")
    assert filled.keys() == expected[0].keys()
    with pytest.raises(InputError, match="bad_cells: must be one of 'error', 'missing'"):
        run.predict(lacking, bad_cells="drop")
    with pytest.raises(TableError, match="data: 2 columns are missing: 'height', 'dose'"):
        run.predict({"age": 1.0})
    with pytest.raises(InputError, match=r"data: each row must be a dict .+; received 3"):
        run.predict([{"age": 1.0}, 3])


def test_encode_gives_what_the_model_takes(run, frame):
    x = run.encode(frame)
    assert (x.shape, x.dtype.name, run.inputs) == ((60, 3), "float32", ["age", "height", "dose"])
    probability = run.model.predict(x, verbose=0)[:, 0]
    assert run.predict(frame)["probability"].to_numpy() == pytest.approx(probability)


def test_a_run_shows_itself_and_writes_pages(run, tmp_path):
    shown = run._repr_html_()
    assert shown.startswith("<p>run: finished</p>")
    assert 'src="data:image/png;base64,' in shown
    assert (run.status, run.verdict) == ("finished", None)
    assert [axes.get_title() for axes in run.plot().axes] == ["loss", "accuracy", "learning rate"]
    assert run.plot("table.csv").axes
    page = run.report(tmp_path / "page.html")
    assert page.read_text().startswith("<!doctype html>")
    with pytest.raises(InputError, match="format: must be one of 'saved_model', 'litert', 'onnx'"):
        run.export(tmp_path / "x", "tflite")
    with pytest.raises(InputError, match=r"output: .+ exists"):
        run.export(page, "onnx")
    assert nn.runs(".")["run"].to_list() == ["run"]
    assert nn.runs(".", sort="loss")["loss"].to_list() == [run.metrics["loss"]]


def test_init_calls_a_frame_by_its_argument_and_a_path_by_its_name(project, frame, monkeypatch):
    monkeypatch.chdir(project.folder)
    with pytest.raises(nn.TableError, match=r"^data: 'lable' is not a column; did you mean"):
        nn.init(frame, "lable")
    with pytest.raises(nn.TableError, match=r"^table\.csv: 'lable' is not a column"):
        nn.init("table.csv", "lable")


def test_init_train_and_resume_a_frame_of_pandas_as_a_program_does(project, frame, monkeypatch):
    monkeypatch.chdir(project.folder)
    given = in_pandas(frame)
    config = nn.init(given, "label", quiet=True)
    assert config["data"]["target"] == "label"
    run = nn.train(config, epochs=1, quiet=True)
    assert (run.path.name, len(run.history)) == ("run", 1)
    assert run.evaluate()["rows"] == 12
    assert len(run.resume(2, quiet=True).history) == 2
    again = nn.train(config, data=frame, overrides={"epochs": 2}, quiet=True)
    assert again.predict(given).equals(nn.load(run.path).predict(given))
    assert "guessing" in again._repr_html_()
    assert len(list(Path("runs/.nnrun-frames").iterdir())) == 1  # the two hold the same


def test_a_config_is_a_path_or_a_dict_with_settings_over_it(project):
    path = project.config()
    text = nn.check(path, overrides=["epochs=3", "layers.0.units=4"])
    assert nn.check(path, overrides={"epochs": 3, "layers[0].units": 4}) == text
    assert nn.check(path, epochs=3, overrides={"layers.0.units": np.int64(4)}) == text


def test_a_dict_has_paths_relative_to_the_working_directory(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    from nnrun.config.yaml_reader import read_file

    values = read_file(project.config()).values
    assert nn.check(values) == nn.check("config.yaml")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"config": 3}, "config: must be the path of a YAML file, or a dict; received 3"),
        ({"overrides": "epochs=2"}, "overrides: must be a dict such as"),
        ({"overrides": {3: 2}}, "overrides: a key must be text; received 3"),
        ({"overrides": {"a b": 2}}, r"overrides\['a b'\]: a key has the form"),
        ({"overrides": {"layers.9.units": 2}}, r"overrides\['layers.9.units'\]: '9' names nothing"),
        ({"epochs": "x"}, "epochs=: must be a whole number; received 'x'"),
        ({"epoch": 3}, "epoch=: unknown key; did you mean 'epochs'?"),
        ({"epochs": object}, "epochs=: a value of a config must be"),
        (
            {"distribute": "gpu"},
            "distribute: must be one of 'auto', 'none', 'mirrored'; received 'gpu'",
        ),
        ({"engine": "torch"}, "engine: must be one of 'compiled', 'keras'; received 'torch'"),
        ({"output": 3}, "output: must be a path; received 3"),
        ({"data": 3}, "data: must be a path, a polars or pandas frame"),
        ({"config": {"epochs": 3}}, "config: data: this key is required"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_errors_blame_the_argument_that_is_wrong(project, arguments, message):
    given = {"config": project.config(), **arguments}
    with pytest.raises(InputError, match=message):
        nn.train(given.pop("config"), **given)


def test_workers_of_tf_config_are_refused(project, monkeypatch):
    hosts = ["a:1", "b:2"]
    cluster = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": 0}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(cluster))
    with pytest.raises(InputError, match="distribute: TF_CONFIG names several workers"):
        nn.train(project.config())


def test_a_run_without_a_model_is_loaded_but_predicts_nothing(copied_run):
    info = json.loads((copied_run / "run.json").read_text())
    (copied_run / "run.json").write_text(
        json.dumps({**info, "status": "running", "checksums": {}, "sizes": {}})
    )
    run = nn.load(copied_run)
    assert (run.status, repr(run)) == (
        "stopped",
        f"<nnrun run {copied_run}: {describe_metrics(run.metrics)}>",
    )
    with pytest.raises(RunError, match="has no model"):
        run.predict({"age": 1})


def test_the_model_is_keras_own(run, frame):
    x = frame["age", "height", "dose"].to_numpy()
    probability = run.model.predict(x.astype("float32"), verbose=0)[:, 0]
    assert run.predict(frame)["probability"].to_numpy() == pytest.approx(probability)


def test_mistakes_are_errors_of_nnrun_with_every_problem(run, frame, project, tmp_path):
    with pytest.raises(TableError) as error:
        run.predict(frame.with_columns(age=pl.lit("x"), dose=pl.lit(None)))
    assert len(error.value.problems) == 2
    assert str(error.value).startswith("data: column 'age' holds text")
    with pytest.raises(
        InputError, match=r"must be a path, a polars or pandas frame, .+; received 3"
    ):
        run.predict(3)
    with pytest.raises(InputError, match="threshold must be a probability"):
        run.predict(frame, threshold=2)
    with pytest.raises(RunError, match="does not exist"):
        nn.load(tmp_path / "nowhere")
    with pytest.raises(ConfigError, match="epochs"):
        nn.check(project.config(epochs=0))
    with pytest.raises(RunError, match="exists"):
        nn.train(project.config(), "run", quiet=True)
    assert all(
        issubclass(error, nn.NnrunError)
        for error in (TableError, InputError, RunError, ConfigError)
    )


def test_an_expectation_that_is_not_met_is_raised_once_the_run_is_saved(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    with pytest.raises(ExpectationError, match="expected < 0"):
        nn.train(project.config(expect={"val_loss": "< 0"}), "run", quiet=True)
    assert nn.load("run").metrics["val_loss"] > 0


def test_what_lint_warns_of_is_a_warning_of_python(project, monkeypatch):
    monkeypatch.chdir(project.folder)
    with pytest.warns(UserWarning, match="nothing is held out") as warned:
        nn.train(project.config({"data.validation_split": 0, "epochs": 1}))
    assert warned[0].filename == __file__


def test_categories_that_training_never_saw_are_warned_of(project, frame, eager, monkeypatch):
    monkeypatch.chdir(project.folder)
    frame = frame.with_columns(colour=pl.Series(["red", "blue"] * 30))
    project.table(frame)
    run = nn.train(project.config(epochs=1), quiet=True)
    with pytest.warns(UserWarning, match="'green'") as warned:
        run.predict(frame.with_columns(colour=pl.lit("green")))
    assert warned[0].filename == __file__


def test_import_nnrun_loads_nothing(project):
    script = """
import sys
before = set(sys.modules)
import nnrun
print(sorted(name for name in set(sys.modules) - before))
import gc, signal
print(gc.isenabled(), signal.getsignal(signal.SIGINT) is signal.default_int_handler, sorted(dir(nnrun)))
try:
    nnrun.no_such_name
except AttributeError as error:
    print(error)
"""
    done = run_python("-c", script, cwd=project.folder)
    loaded, state, error = done.stdout.splitlines()
    assert loaded == "['nnrun']"
    assert state == f"True True {sorted([*nn.__all__, '__version__'])}"
    assert error == "module 'nnrun' has no attribute 'no_such_name'"


def test_types_are_shipped(tmp_path):
    assert Path(nn.__file__).with_name("py.typed").exists()


@pytest.mark.usefixtures("eager")
def test_a_cross_validation_has_what_the_command_tells(project, nnrun):
    config = project.config(epochs=1)
    found = nn.cross_validate(config, folds=3, data=pl.read_csv("table.csv"), quiet=True)
    said = json.loads(nnrun("cv", config, "--folds", "3", "--json").out)
    assert (found.folds, found.mean, found.sd) == (said["folds"], said["mean"], said["sd"])
    assert found.verdict == said["verdict"]
    assert found.predictions["row"].to_list() == list(range(1, 61))
    with pytest.raises(nn.InputError, match=r"must be a whole number from 2 .* received 1"):
        nn.cross_validate(config, folds=1)


@pytest.mark.usefixtures("eager")
def test_a_sweep_has_its_trials_and_goes_on(project, capfd, monkeypatch):
    monkeypatch.chdir(project.folder)
    config = yaml.safe_load(project.config(epochs=1).read_text())
    found = nn.sweep(config, {"layers.0.units": [2, 3]}, "sw", overrides={"batch_size": 16})
    assert [each["status"] for each in found.trials] == ["finished"] * 2
    assert "trial-002: layers.0.units=3: val_loss" in capfd.readouterr().err
    assert found.best["settings"] == found.trials[0]["settings"]
    again = nn.sweep(config, {"layers.0.units": [2, 3]}, "sw", overrides={"batch_size": 16})
    assert again == found
    assert capfd.readouterr().err == ""
    assert nn.train(found.best["config"], "best", quiet=True).metrics == found.best["metrics"]
    with pytest.raises(nn.ConfigError, match=r"layers.0.units: must be a list of values"):
        nn.sweep(config, {"layers.0.units": 2}, "other")


def test_runs_whose_settings_are_of_several_types_are_a_frame(copied_run, monkeypatch):
    monkeypatch.chdir(copied_run.parent)
    for number, target in enumerate(("label", ["label", "age"])):
        other = shutil.copytree(copied_run, copied_run.parent / f"run{number}")
        info = json.loads((other / "run.json").read_bytes())
        config = {"data": {"target": target}, "layers": [{"units": 1}, "text"]}
        (other / "run.json").write_text(json.dumps({**info, "config": config, "epochs": 10**30}))
    frame = nn.runs(".")
    assert frame["run"].to_list() == ["run", "run0", "run1"]
    targets = frame["settings"].struct.field("data.target").to_list()
    assert targets == ['["label"]', '"label"', '["label", "age"]']
    assert nn.runs(".", sort="loss")["loss"].dtype == pl.Float64


def test_an_epoch_that_no_run_has_leaves_a_run_as_it_was(run, problems):
    before = (run.path / "run.json").read_bytes()
    for wrong in (2**70, 0, 1.5, "9", True):
        assert problems(run.resume, wrong)[0].startswith(
            "epochs: must be a whole number from 1 to 1,0"
        )
    assert (run.path / "run.json").read_bytes() == before


def test_what_the_system_refuses_is_an_error_of_nnrun(run, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(nn.NnrunError, match=r"Not a directory"):
        run.report(tmp_path / "file" / "page.html")


@pytest.mark.parametrize(
    "train",
    [
        lambda config, data: nn.train(config, data=data, quiet=True),
        lambda config, data: nn.train(config, "my runs/one", data=data, quiet=True),
        lambda config, data: nn.check(config, data=data),
        lambda config, data: nn.cross_validate(config, data=data, quiet=True),
        lambda config, data: nn.sweep(config, {"seed": [1, 2]}, data=data, quiet=True),
    ],
    ids=["train", "train elsewhere", "check", "cross_validate", "sweep"],
)
def test_errors_call_a_frame_by_its_argument(project, frame, train, monkeypatch):
    monkeypatch.chdir(project.folder)
    with pytest.raises(nn.InputError) as caught:
        train(project.config(), frame.drop("label"))
    assert "data.target: 'label' is not a column of data; it has " in str(caught.value)
    assert ".nnrun-frames" not in str(caught.value)
