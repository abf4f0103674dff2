"""`evaluate RUN` without a table: the rows that the run held out, as it drew them."""

import json
import shlex

import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from support.project import default_table

from nnrun.api import functions as api
from nnrun.features.loading import load_dataset
from nnrun.results.held_out import held_out_rows
from nnrun.results.trained_run import load_run
from nnrun.runs.directory import Run


@pytest.fixture
def own(project, nnrun):
    """Train a config of the project with changes, and return its run directory."""

    def call(changes=None, **more):
        done = nnrun("train", project.config(changes, **more), "-o", "run", "-q")
        assert done.code == 0, done.err
        return project.folder / "run"

    return call


def evaluated(nnrun, *arguments):
    done = nnrun("evaluate", *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


def test_without_a_table_the_rows_of_validation_are_measured(nnrun, copied_run):
    ours = evaluated(nnrun, copied_run)
    trained = json.loads((copied_run / "metrics.json").read_text())
    assert ours["part"] == "validation"
    assert ours["rows"] == 15
    assert ours["metrics"]["loss"] == pytest.approx(trained["val_loss"], rel=1e-6)


def test_the_rows_are_those_of_the_training_row_by_row(copied_run):
    trained = load_run(copied_run)
    ((part, reader),) = held_out_rows(Run(copied_run), trained).items()
    dataset = load_dataset(trained.config)
    x = np.concatenate([x for _, x, _ in reader]).astype(np.float32)
    y = np.concatenate([y for _, _, y in reader]).astype(np.float32)
    assert part == "validation"
    assert np.array_equal(x, dataset.validation.x)
    assert np.array_equal(y, dataset.validation.y)


@pytest.mark.parametrize("missing", ["mean", "drop"])
def test_rows_with_missing_cells_shift_nothing(project, frame, own, missing):
    holes = pl.Series([None if row % 7 == 0 else row / 60 for row in range(60)])
    project.table(frame.with_columns(dose=holes))
    trained = load_run(own({"data.missing": missing}))
    ((_, reader),) = held_out_rows(Run(project.folder / "run"), trained).items()
    x = np.concatenate([x for _, x, _ in reader]).astype(np.float32)
    assert np.array_equal(x, load_dataset(trained.config).validation.x)


def test_validation_comes_before_test_and_the_verdict_goes_by_test(nnrun, project, frame, own):
    project.table(frame.head(21), "test.csv")
    run = own({"data.test": "test.csv"})
    ours = evaluated(nnrun, run)
    assert list(ours["parts"]) == ["validation", "test"]
    assert (ours["part"], ours["rows"]) == ("test", 21)
    assert ours["parts"]["test"]["metrics"] == ours["metrics"]
    assert ours["parts"]["validation"]["rows"] == 15
    trained = json.loads((run / "metrics.json").read_text())
    assert ours["metrics"]["loss"] == pytest.approx(trained["test_loss"], rel=1e-6)
    text = nnrun("evaluate", run).out
    assert text.index("part  validation") < text.index("part  test")


def test_a_table_of_validation_needs_no_training_table(nnrun, project, frame, own):
    project.table(frame.tail(18), "valid.csv")
    run = own({"data.validation": "valid.csv", "data.validation_split": project.drop})
    (project.folder / "table.csv").unlink()
    assert evaluated(nnrun, run)["rows"] == 18


def test_the_verdict_is_that_of_the_training(nnrun, own):
    run = own()
    saved = json.loads((run / "verdict.json").read_text())
    ours = evaluated(nnrun, run)
    assert ours["verdict"] == saved["verdict"]
    for key in ("baseline", "linear"):
        assert ours[key] == pytest.approx(
            saved[key], rel=1e-9
        )  # blocks are summed in another order
    for name, ends in saved["interval"].items():
        assert ours["interval"][name] == pytest.approx(ends, rel=1e-9)


def test_a_table_that_is_gone_or_another_is_told(nnrun, project, copied_run, shared_run):
    table = shared_run.parent / "table.csv"
    content = table.read_bytes()
    try:
        table.write_bytes(content + b"1,2,3,0\n")
        changed = nnrun("evaluate", copied_run)
        table.unlink()
        gone = nnrun("evaluate", copied_run)
    finally:
        table.write_bytes(content)
    assert (changed.code, changed.out, gone.code, gone.out) == (2, "", 2, "")
    assert "is not the table that the run started with" in changed.err
    assert "table.csv: no longer exists" in gone.err
    for done in (changed, gone):
        command = f"nnrun evaluate {shlex.quote(str(copied_run))} DATA"
        assert f"give a table with the target: {command}" in done.err


def test_a_run_that_held_nothing_out_says_so(nnrun, own):
    done = nnrun("evaluate", own({"data.validation_split": 0}))
    assert (done.code, done.out) == (2, "")
    assert "the run held out no rows; give a table with the target" in done.err


def test_rows_drawn_in_another_way_are_told(nnrun, copied_run):
    info = json.loads((copied_run / "run.json").read_text())
    info["data"]["validation"]["rows"] = 14
    (copied_run / "run.json").write_text(json.dumps(info))
    done = nnrun("evaluate", copied_run)
    assert (done.code, done.out) == (2, "")
    assert "holds out other rows than version" in done.err


def test_the_rows_are_written_with_their_lines_and_what_is_true(nnrun, project, copied_run):
    nnrun("evaluate", copied_run, "-o", "rows.csv")
    rows = pl.read_csv(project.folder / "rows.csv")
    assert rows.columns == ["part", "table", "line", "actual", "probability", "prediction"]
    assert rows["part"].unique().to_list() == ["validation"]
    frame = default_table()
    assert rows["actual"].to_list() == [frame["label"][line - 2] for line in rows["line"]]
    expected = api.load(copied_run).predict(frame)["probability"].to_numpy()
    assert rows["probability"].to_numpy() == pytest.approx(expected[rows["line"].to_numpy() - 2])


def test_rows_of_a_table_without_lines_have_numbers(nnrun, project, copied_run):
    default_table().write_parquet(project.folder / "table.parquet")
    nnrun("evaluate", copied_run, "table.parquet", "-o", "rows.csv")
    rows = pl.read_csv(project.folder / "rows.csv")
    assert rows.columns == ["table", "line", "actual", "probability", "prediction"]
    assert rows["line"].to_list() == list(range(1, 61))


def test_rows_held_out_may_all_stand_at_the_end_of_a_table(project, frame, nnrun, own):
    notes = pl.lit("x" * 200)  # the table is read in pieces, of which the first has no such row
    project.table(frame.with_columns(pl.int_range(60).alias("time"), notes.alias("note")))
    run = own({"data.split": {"time": "time"}, "data.validation_split": 0, "data.drop": ["note"]})
    nnrun("evaluate", run, "-o", "rows.csv")
    rows = pl.read_csv(project.folder / "rows.csv")
    assert rows["line"].to_list() == list(range(50, 62))
    assert rows["actual"].to_list() == frame["label"][-12:].to_list()


def test_each_of_several_targets_has_its_true_numbers(nnrun, project, own):
    layers = [{"units": 2}]
    run = own({"data.target": ["age", "dose"], "loss": "mse", "layers": layers})
    nnrun("evaluate", run, "-o", "rows.csv")
    names = ["actual_age", "actual_dose", "prediction_age", "prediction_dose"]
    assert pl.read_csv(project.folder / "rows.csv").columns[3:] == names


def test_python_measures_the_rows_held_out_too(nnrun, copied_run):
    printed = evaluated(nnrun, copied_run)
    metrics = printed.pop("metrics")
    assert api.load(copied_run).evaluate() == {**printed, **metrics}


def test_measures_of_numbers_are_those_of_scikit_learn(nnrun, project, own):
    run = own({"data.target": "dose", "loss": "mse", "layers": [{"units": 1}]})
    ours = evaluated(nnrun, run, "-o", "rows.csv")
    rows = pl.read_csv(project.folder / "rows.csv")
    actual, predicted = rows["actual"].to_numpy(), rows["prediction"].to_numpy()
    assert ours["metrics"]["median_absolute_error"] == pytest.approx(
        metrics.median_absolute_error(actual, predicted), abs=1e-6
    )
    assert ours["metrics"]["r2"] == pytest.approx(metrics.r2_score(actual, predicted), abs=1e-6)
    assert {"rmse", "mean_absolute_error", "mape"} <= ours["metrics"].keys()
    assert {"rmse", "mean_absolute_error", "r2"} <= ours["baseline"].keys()
