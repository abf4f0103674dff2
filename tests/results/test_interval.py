"""Prediction intervals: as wide as the errors on rows held out say, and for as many rows."""

import io
import json

import numpy as np
import polars as pl
import pytest
from support.project import default_table

from nnrun.api import functions as api
from nnrun.errors import InputError
from nnrun.features.encoder import Encoder
from nnrun.results.effective_rows import EffectiveRows
from nnrun.results.interval import (
    Interval,
    error_at,
    kept_errors,
    kept_weighted_errors,
    label_errors,
)
from nnrun.results.json_lines import answer_lines
from nnrun.results.saved_intervals import interval_of
from nnrun.results.trained_run import load_run

NUMBERS = {"data.target": "dose", "loss": "mse", "layers": [{"units": 1}]}
DRAWS = {
    "normal": lambda generator, rows: generator.normal(size=rows),
    "skewed": lambda generator, rows: generator.lognormal(sigma=2, size=rows),
    "few values": lambda generator, rows: generator.integers(0, 50, size=rows),
}


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9, 0.99])
@pytest.mark.parametrize("name", sorted(DRAWS))
def test_errors_of_other_rows_are_as_small_in_so_many_of_them(name, level):
    generator = np.random.default_rng(0)
    draw = DRAWS[name]
    shares = []
    for _ in range(20):
        errors = np.abs(draw(generator, 5_000)).astype(float)
        bound = error_at(kept_errors(errors, most=1_000), len(errors), level)
        shares.append((np.abs(draw(generator, 5_000)) <= bound).mean())
    assert np.mean(shares) >= level - 0.005
    assert np.mean(shares) <= level + 0.02


def test_all_errors_of_few_rows_are_kept_and_the_rank_is_exact():
    errors = np.arange(99, 0, -1.0)
    kept = kept_errors(errors, most=1_000)
    assert kept == sorted(errors)
    assert [error_at(kept, 99, level) for level in (0.9, 0.5, 0.001, 0.99)] == [90, 50, 1, 99]


def test_of_many_errors_so_many_are_kept_that_no_interval_is_narrower():
    errors = np.arange(1, 12_346, dtype=float)
    kept = kept_errors(errors, most=1_000)
    assert (len(kept), kept[-1]) == (1_000, 12_345)
    for level in (0.1, 0.9, 0.95, 0.999):
        exact = np.ceil(12_346 * level - 1e-9)
        assert exact <= error_at(kept, len(errors), level) <= exact + 13


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_errors_of_other_rows_are_as_small_in_so_much_of_the_weight(level):
    """Rows that weigh more have larger errors, so that counting all alike covers too little."""
    generator = np.random.default_rng(1)

    def draw(rows):
        weights = generator.integers(1, 9, rows).astype(float)
        return np.abs(generator.normal(size=rows) * weights), weights

    shares = []
    for _ in range(40):
        errors, weights = draw(2_000)
        counter = EffectiveRows()
        counter.add(2_000, weights)
        kept = kept_weighted_errors(errors, weights, counter.count(), most=1_000)
        bound = error_at(kept, counter.count(), level)
        others, of_others = draw(2_000)
        shares.append(np.average(others <= bound, weights=of_others))
    assert level - 0.005 <= np.mean(shares) <= level + 0.02


@pytest.mark.parametrize("rows", [7, 99, 12_345])
@pytest.mark.parametrize("weight", [1.0, 0.1, 3.0])
def test_weights_that_are_all_alike_keep_the_same_errors(rows, weight):
    errors = np.random.default_rng(0).normal(size=rows) ** 2
    kept = kept_weighted_errors(errors, np.full(rows, weight), rows, most=1_000)
    assert kept == kept_errors(errors, most=1_000)


def test_the_error_of_a_row_of_weight_0_is_not_kept():
    errors = np.array([3.0, 1.0, 2.0, 9.0, 0.0])
    assert kept_weighted_errors(errors, np.array([1, 1, 1, 0, 0.0]), 3, most=9) == [1, 2, 3]


def test_too_few_rows_are_told():
    with pytest.raises(
        InputError, match=r"of 0.9 needs 9 rows held out.* 8; ask for at most 0.888"
    ):
        error_at([1.0] * 8, 8, 0.9)
    assert error_at([1.0] * 9, 9, 0.9) == 1


@pytest.mark.parametrize(
    ("outputs", "sets"),
    [
        ([[0.95], [0.5], [0.2]], ["yes", "no|yes", "no"]),
        ([[0.05, 0.95], [0.5, 0.5], [0.8, 0.2]], ["yes", "no|yes", "no"]),
    ],
    ids=["one output", "an output for each"],
)
def test_a_set_has_the_labels_that_are_probable_enough(outputs, sets):
    encoder = Encoder.model_construct(labels=["no", "yes"])
    columns = Interval(0.9, (0.6,)).columns(encoder, np.array(outputs, np.float32))
    assert columns["prediction_set"].tolist() == sets


def test_a_row_equal_to_the_one_that_bounds_the_sets_has_its_label_whatever_rounding_did():
    encoder = Encoder.model_construct(labels=["no", "yes"])
    outputs = np.float32(0.4) + np.array([[-1e-7], [0], [1e-7], [-1e-5]], np.float32)
    bound = label_errors(np.array([1]), np.array([[0.4]], np.float32))[0]
    columns = Interval(0.9, (bound,)).columns(encoder, outputs)
    assert columns["prediction_set"].tolist() == ["no|yes", "no|yes", "no|yes", "no"]


def test_the_error_of_a_label_is_what_its_probability_lacks():
    errors = label_errors(np.array([1, 0]), np.array([[0.75], [0.75]], np.float32))
    assert errors.tolist() == [0.25, 0.75]


@pytest.fixture
def numbers_run(nnrun, project):
    """A run that predicts numbers, and its predictions with intervals."""
    nnrun("train", project.config(NUMBERS), "-o", "run", "-q")
    return project.folder / "run"


def test_numbers_get_columns_of_the_ends(nnrun, project, numbers_run):
    done = nnrun("predict", numbers_run, "table.csv", "--interval", "0.9", "-o", "p.csv")
    assert "intervals contain the truth in 90 of 100 rows, by the errors on the 15 rows" in done.err
    frame = pl.read_csv(project.folder / "p.csv")
    assert frame.columns == ["prediction", "prediction_low", "prediction_high"]
    rows = json.loads((numbers_run / "intervals.json").read_text())
    width = frame["prediction_high"] - frame["prediction"]
    assert width.to_list() == pytest.approx([rows["errors"][0][14]] * len(frame), rel=1e-3)
    nnrun("evaluate", numbers_run, "-o", "rows.csv")
    held_out = pl.read_csv(project.folder / "rows.csv")
    errors = (held_out["actual"] - held_out["prediction"]).abs()
    assert sorted(errors) == pytest.approx(rows["errors"][0], rel=1e-3)


def test_an_interval_needs_no_table_unless_the_weights_are_others(nnrun, numbers_run):
    path = numbers_run / "intervals.json"
    command = ["predict", numbers_run, "table.csv", "--interval", "0.8"]
    first = nnrun(*command).out
    saved = json.loads(path.read_text())
    path.write_text(json.dumps({**saved, "weights": "0" * 64, "errors": [[0.0] * 15]}))
    assert nnrun(*command).out == first
    path.write_text(json.dumps({**saved, "errors": [[3.0, 1.0]]}))
    done = nnrun(*command)
    assert (done.code, done.out) == (2, "")
    assert "intervals.json: cannot be read: errors.0: must ascend" in done.err


@pytest.fixture
def weighted_run(nnrun, project):
    """A run whose rows held out have weights."""
    weights = np.random.default_rng(2).integers(0, 4, 60) / 2
    project.table(default_table().with_columns(weight=pl.Series(weights)))
    nnrun("train", project.config({**NUMBERS, "data.sample_weight": "weight"}), "-o", "run", "-q")
    return project.folder / "run"


def test_rows_held_out_count_by_their_weights(nnrun, project, weighted_run):
    path = weighted_run / "intervals.json"
    saved = json.loads(path.read_text())
    nnrun("evaluate", weighted_run, "-o", "rows.csv")
    held_out = pl.read_csv(project.folder / "rows.csv")
    weights = pl.read_csv(project.folder / "table.csv")["weight"].gather(held_out["line"] - 2)
    assert saved["sample_weight"] == "weight"
    assert saved["rows"] == round(weights.sum() ** 2 / (weights**2).sum()) < len(held_out)
    predicted = ["predict", weighted_run, "table.csv", "--interval", "0.8"]
    first = nnrun(*predicted)
    assert f"column 'weight' of weights, which count as {saved['rows']} rows" in first.err
    path.unlink()
    assert nnrun(*predicted) == first
    path.write_text(json.dumps({**saved, "sample_weight": "dose"}))
    altered = nnrun(*predicted)
    assert (altered.code, altered.out) == (2, "")
    assert "intervals.json: its weights are not those of the run; was it altered?" in altered.err
    path.unlink()
    done = nnrun("predict", weighted_run, "table.csv", "--interval", "0.99")
    assert f"the weighted rows of the run count as {saved['rows']}; ask" in done.err


def test_python_and_lines_of_json_get_intervals_too(nnrun, numbers_run):
    rows = default_table().head(2)
    frame = api.load(numbers_run).predict(rows, interval=0.8)
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == ["prediction", "prediction_low", "prediction_high"]
    trained = load_run(numbers_run)
    interval = interval_of(numbers_run, trained, 0.8)
    lines = "\n".join(map(json.dumps, rows.to_dicts())).encode()
    answers = list(answer_lines(trained, io.BytesIO(lines), interval=interval))
    assert [list(json.loads(answer).values()) for answer in answers] == [
        pytest.approx(row, rel=1e-5) for row in frame.rows()
    ]


def test_labels_get_a_column_of_sets(nnrun, copied_run, project):
    nnrun("predict", copied_run, "table.csv", "--interval", "0.9", "-o", "p.csv")
    frame = pl.read_csv(project.folder / "p.csv", infer_schema=False)
    assert frame.columns == ["probability", "prediction", "prediction_set"]
    assert set(frame["prediction_set"].fill_null("")) <= {"", "0", "1", "0|1"}


@pytest.mark.parametrize(
    ("level", "message"),
    [("1", "a share of the rows between 0 and 1"), ("0.99", "needs 99 rows held out; the run")],
)
def test_what_is_no_level_is_refused(nnrun, copied_run, level, message):
    done = nnrun("predict", copied_run, "table.csv", "--interval", level)
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def test_a_run_that_held_nothing_out_has_no_interval(nnrun, project):
    path = project.config({"data.validation_split": 0.0, "epochs": 1, **NUMBERS})
    nnrun("train", path, "-o", "run", "-q")
    done = nnrun("predict", "run", "table.csv", "--interval", "0.9")
    assert (done.code, done.out) == (2, "")
    assert "run: an interval needs rows held out, and the run has none" in done.err
