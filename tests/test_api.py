"""nnrun from Python, and the completion of a shell."""

import json
from pathlib import Path

import polars as pl
import pytest
from support.processes import run_python

import nnrun as nn
from nnrun.errors import ConfigError, ExpectationError, InputError, RunError, TableError


class PandasFrame:
    """As much of pandas's DataFrame as nnrun uses: pandas itself slows every import of Keras."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def to_csv(self, *, index: bool) -> str:
        assert not index
        return self.frame.write_csv()


@pytest.fixture
def run(copied_run, monkeypatch) -> nn.FinishedRun:
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


def test_frames_of_polars_and_pandas_are_taken_and_their_order_does_not_matter(run, frame):
    expected = run.predict("table.csv")
    assert run.predict(frame[:, ::-1]).equals(expected)
    assert run.predict(frame.with_columns(pl.col("age").cast(pl.String))).equals(expected)
    assert run.predict(PandasFrame(frame)).equals(expected)
    assert run.predict(frame, threshold=1.0)["prediction"].unique().to_list() == ["0"]


def test_the_model_is_keras_own(run, frame):
    x = frame["age", "height", "dose"].to_numpy()
    probability = run.model.predict(x.astype("float32"), verbose=0)[:, 0]
    assert run.predict(frame)["probability"].to_numpy() == pytest.approx(probability)


def test_mistakes_are_errors_of_nnrun_with_every_problem(run, frame, project, tmp_path):
    with pytest.raises(TableError) as error:
        run.predict(frame.with_columns(age=pl.lit("x"), dose=pl.lit(None)))
    assert len(error.value.problems) == 2
    assert str(error.value).startswith("the frame: column 'age' holds text")
    with pytest.raises(
        InputError, match="a table is a path, or a frame of polars or pandas; received 3"
    ):
        run.predict(3)
    with pytest.raises(InputError, match="threshold is a probability"):
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
    assert (
        state == "True True ['FinishedRun', 'NnrunError', '__version__', 'check', 'load', 'train']"
    )
    assert error == "module 'nnrun' has no attribute 'no_such_name'"


def test_types_are_shipped(tmp_path):
    assert Path(nn.__file__).with_name("py.typed").exists()


@pytest.mark.parametrize(
    ("config", "overrides"),
    [({"data": 1}, []), ("config.yaml", "epochs=50"), ("c.yaml", {"a": 1})],
    ids=["a dict as config", "text as overrides", "a dict as overrides"],
)
def test_what_is_no_config_or_no_list_of_overrides_is_told(config, overrides):
    with pytest.raises(InputError, match="a config is a path, and overrides a list"):
        nn.train(config, overrides=overrides)
