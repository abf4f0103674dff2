"""Thresholds given as a number or as what they are best at, stored in the run."""

import json

import polars as pl
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score
from support.project import default_table

from nnrun.api import functions as api
from nnrun.errors import InputError


def evaluated(nnrun, *arguments):
    done = nnrun("evaluate", *arguments, "--json")
    assert done.code == 0, done.err
    return json.loads(done.out)


@pytest.fixture
def held_out(nnrun, project, copied_run):
    """The rows held out, with what is true and what is predicted."""
    nnrun("evaluate", copied_run, "-o", "rows.csv")
    return pl.read_csv(project.folder / "rows.csv")


def test_a_threshold_changes_the_measures_of_called_labels(nnrun, copied_run, held_out):
    bound = held_out["probability"].sort()[4]
    ours = evaluated(nnrun, copied_run, "--threshold", bound)["metrics"]
    called = (held_out["probability"] >= bound).cast(int)
    for name, score in (("f1", f1_score), ("precision", precision_score), ("recall", recall_score)):
        assert ours[name] == pytest.approx(score(held_out["actual"], called), abs=1e-6)
    assert ours["accuracy"] == pytest.approx((held_out["actual"] == called).mean())


def test_the_best_threshold_has_the_largest_f1_and_is_stored_for_predict(
    nnrun, copied_run, held_out, project
):
    done = nnrun("evaluate", copied_run, "--best-threshold", "f1", "--json")
    ours = json.loads(done.out)
    assert "is best by f1 on the 15 rows of validation" in done.err
    scores = []
    for bound in held_out["probability"]:
        called = (held_out["probability"] >= bound).cast(int)
        scores.append(f1_score(held_out["actual"], called))
    assert ours["metrics"]["f1"] == pytest.approx(max(scores), abs=1e-6)
    predicted = nnrun("predict", copied_run, project.folder / "table.csv", "--threshold", "f1")
    number = nnrun(
        "predict", copied_run, project.folder / "table.csv", "--threshold", ours["threshold"]
    )
    assert predicted.out == number.out
    assert "is best by f1" in predicted.err
    saved = json.loads((copied_run / "thresholds.json").read_text())
    assert saved["thresholds"]["f1"]["threshold"] == ours["threshold"]


def test_predict_finds_a_best_threshold_that_was_never_stored(nnrun, copied_run, project):
    predicted = nnrun(
        "predict", copied_run, project.folder / "table.csv", "--threshold", "cost=5:1"
    )
    assert predicted.code == 0, predicted.err
    assert not (copied_run / "thresholds.json").exists()
    nnrun("evaluate", copied_run, "--best-threshold", "cost=5.0:1.0")
    saved = json.loads((copied_run / "thresholds.json").read_text())["thresholds"]
    stored = saved["cost=5:1"]["threshold"]
    again = api.load(copied_run).predict(default_table(), threshold=stored)
    assert again.write_csv() == predicted.out


def test_a_stored_threshold_needs_no_table_any_more(nnrun, copied_run, project, shared_run):
    nnrun("evaluate", copied_run, "--best-threshold", "f1")
    table = shared_run.parent / "table.csv"
    content = table.read_bytes()
    try:
        table.unlink()
        stored = nnrun("predict", copied_run, project.folder / "table.csv", "--threshold", "f1")
        other = nnrun(
            "predict", copied_run, project.folder / "table.csv", "--threshold", "cost=1:2"
        )
    finally:
        table.write_bytes(content)
    assert stored.code == 0
    assert (other.code, "no longer exists" in other.err) == (2, True)


def test_a_threshold_of_other_weights_is_not_taken(nnrun, copied_run):
    nnrun("evaluate", copied_run, "--best-threshold", "f1")
    path = copied_run / "thresholds.json"
    saved = json.loads(path.read_text())
    saved["weights"] = "0" * 64
    saved["thresholds"]["f1"]["threshold"] = 1.0
    path.write_text(json.dumps(saved))
    assert evaluated(nnrun, copied_run, "--threshold", "f1")["threshold"] < 1


def test_on_a_table_the_best_threshold_is_told_and_not_stored(nnrun, copied_run, project):
    done = nnrun("evaluate", copied_run, "table.csv", "--best-threshold", "balanced_accuracy")
    assert "is best by balanced_accuracy on these very rows" in done.err
    assert not (copied_run / "thresholds.json").exists()


def test_the_table_of_thresholds_is_in_text_and_json(nnrun, copied_run):
    rows = evaluated(nnrun, copied_run)["thresholds"]
    assert [row["threshold"] for row in rows] == [number / 10 for number in range(1, 10)]
    assert "balanced accuracy  called positive" in nnrun("evaluate", copied_run).out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--threshold", "f2"], "the goal of a threshold must be `f1`"),
        (["--threshold", "1.5"], "must be a probability from 0 to 1; received 1.5"),
        (["--threshold", "nan"], "--threshold must be a probability from 0 to 1"),
        (["--best-threshold", "cost=0:0"], "at least one of the two costs"),
        (["--best-threshold", "f1", "--threshold", "0.5"], "exclude each other"),
        (["-", "--best-threshold", "f1"], "reads DATA twice"),
    ],
    ids=["no goal", "above 1", "not a number", "no cost", "both", "standard input"],
)
def test_what_is_no_threshold_is_refused(nnrun, copied_run, arguments, message):
    done = nnrun("evaluate", copied_run, *arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_rows_of_one_label_choose_no_threshold(nnrun, project, copied_run, frame):
    project.table(frame.filter(pl.col("label") == 1), "ones.csv")
    done = nnrun("evaluate", copied_run, "ones.csv", "--best-threshold", "f1")
    assert (done.code, done.out) == (2, "")
    assert "ones.csv: all rows have the same label" in done.err


def test_a_run_that_predicts_numbers_has_no_threshold(nnrun, project):
    changes = {"data.target": "dose", "loss": "mse", "layers": [{"units": 1}]}
    nnrun("train", project.config(changes), "-o", "run", "-q")
    for option in (["--best-threshold", "f1"], ["--threshold", "f1"]):
        done = nnrun("evaluate", "run", *option)
        assert (done.code, done.out) == (2, "")
        assert "a threshold is for a run with two labels; this run predicts numbers" in done.err


def test_two_outputs_take_a_threshold_too(nnrun, project):
    layers = [{"units": 4, "activation": "relu"}, {"units": 2, "activation": "softmax"}]
    changes = {"loss": "SparseCategoricalCrossentropy", "layers": layers}
    nnrun("train", project.config(changes), "-o", "run", "-q")
    all_of_second = evaluated(nnrun, "run", "--threshold", "0")["metrics"]
    assert all_of_second["recall"] == 1
    predictions = api.load(project.folder / "run").predict(default_table(), threshold=0.0)
    assert predictions["prediction"].unique().to_list() == ["1"]


@pytest.mark.parametrize(
    "changes",
    [{"format": 2}, {"thresholds": {"f1": {"threshold": 2, "part": "test", "rows": 1}}}, {"x": 1}],
    ids=["another format", "no probability", "another key"],
)
def test_a_forged_file_is_refused(nnrun, copied_run, changes):
    nnrun("evaluate", copied_run, "--best-threshold", "f1")
    path = copied_run / "thresholds.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    done = nnrun("evaluate", copied_run, "--threshold", "f1")
    assert (done.code, done.out) == (2, "")
    assert "thresholds.json" in done.err


def test_python_refuses_what_is_no_goal(copied_run):
    with pytest.raises(InputError, match="the goal of a threshold must be"):
        api.load(copied_run).predict(default_table(), threshold="best")
