"""A network beside its baseline and a linear model: measures, intervals and a verdict."""

import json
from functools import cache

import numpy as np
import pytest
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from support.known_tables import LABELLED, known_table, outputs

from nnrun.results.assessment import LabelAssessor, NumberAssessor
from nnrun.results.baseline import LabelBaseline, label_baseline, number_baseline
from nnrun.results.bootstrap import Interval, accuracy_interval, draw_weights, interval, replicate
from nnrun.results.label_replicates import LabelRows
from nnrun.results.linear_model import fit_logistic_model, fit_ridge_model
from nnrun.results.number_replicates import NumberRows
from nnrun.results.verdict import headline_metric, judge


@cache
def assessed(name, blocks=3):
    table = known_table(name)
    if table.labels:
        baseline = label_baseline(table.labels, [table.y[:10], table.y[10:]])
        linear = fit_logistic_model(table.x, table.y, len(table.labels))
        assessor = LabelAssessor(baseline, linear)
    else:
        baseline = number_baseline([table.y[:10], table.y[10:]], 1)
        assessor = NumberAssessor(baseline, fit_ridge_model(table.x, table.y))
    matrices = (table.held_x, table.held_y, outputs(name))
    for part in zip(*(np.array_split(matrix, blocks) for matrix in matrices), strict=True):
        assessor.add(*part)
    return assessor.result()


@pytest.mark.parametrize("name", LABELLED)
def test_the_baseline_of_labels_is_scikit_learns_dummy(name):
    table = known_table(name)
    dummy = DummyClassifier(strategy="prior").fit(table.x, table.y[:, 0])
    ours = assessed(name).baseline
    called = dummy.predict(table.held_x)
    assert ours.accuracy == pytest.approx(metrics.accuracy_score(table.actual, called), abs=1e-6)
    assert ours.balanced_accuracy == pytest.approx(1 / len(table.labels), abs=1e-6)
    assert ours.log_loss == pytest.approx(
        metrics.log_loss(table.actual, dummy.predict_proba(table.held_x)), abs=1e-6
    )
    assert ours.auc == 0.5


def test_the_baseline_of_numbers_is_scikit_learns_dummy():
    table = known_table("diabetes")
    dummy = DummyRegressor().fit(table.x, table.y[:, 0]).predict(table.held_x)
    ours = assessed("diabetes").baseline.mean
    assert ours.rmse == pytest.approx(
        metrics.root_mean_squared_error(table.held_y, dummy), rel=1e-6
    )
    assert ours.mean_absolute_error == pytest.approx(
        metrics.mean_absolute_error(table.held_y, dummy), rel=1e-6
    )
    assert ours.r2 == pytest.approx(metrics.r2_score(table.held_y, dummy), abs=1e-6)


def test_replicated_measures_of_labels_are_scikit_learns_with_weights():
    table = known_table("digits")
    p = outputs("digits")
    rows = LabelRows(table.actual, p, 10)
    weights = next(draw_weights(len(p), seed=3, replicates=4))
    ours = rows.measures(weights)
    called = p.argmax(axis=1)
    for number, weight in enumerate(weights):
        w = {"sample_weight": weight}
        theirs = {
            "accuracy": metrics.accuracy_score(table.actual, called, **w),
            "balanced_accuracy": metrics.balanced_accuracy_score(table.actual, called, **w),
            "log_loss": metrics.log_loss(table.actual, p, **w),
            "auc": metrics.roc_auc_score(table.actual, p, multi_class="ovr", **w),
            "average_precision": metrics.average_precision_score(table.actual, p, **w),
            "brier_score": metrics.brier_score_loss(table.actual, p, **w),
            "macro_f1": metrics.f1_score(table.actual, called, average="macro", **w),
        }
        for name, value in theirs.items():
            assert ours[name][number] == pytest.approx(value, abs=1e-6), name


def test_replicated_measures_of_two_labels_are_scikit_learns_with_weights():
    rng = np.random.default_rng(0)
    p = rng.choice(np.linspace(0, 1, 21), 200).astype("f4")  # with ties
    actual = (rng.random(200) < p).astype(int)
    weights = next(draw_weights(200, seed=3, replicates=4))
    ours = LabelRows(actual, p[:, None], 2).measures(weights)
    for number, weight in enumerate(weights):
        w = {"sample_weight": weight}
        theirs = {
            "precision": metrics.precision_score(actual, p >= 0.5, **w),
            "recall": metrics.recall_score(actual, p >= 0.5, **w),
            "f1": metrics.f1_score(actual, p >= 0.5, **w),
            "auc": metrics.roc_auc_score(actual, p, **w),
            "average_precision": metrics.average_precision_score(actual, p, **w),
        }
        for name, value in theirs.items():
            assert ours[name][number] == pytest.approx(value, abs=1e-6), name


def test_replicated_measures_of_numbers_are_scikit_learns_with_weights():
    table = known_table("diabetes")
    p = outputs("diabetes")
    weights = next(draw_weights(len(p), seed=3, replicates=4))
    ours = NumberRows(table.held_y, p).measures(weights)
    for number, weight in enumerate(weights):
        w = {"sample_weight": weight}
        y, predicted = table.held_y.astype("f8"), p.astype("f8")
        theirs = {
            "rmse": metrics.root_mean_squared_error(y, predicted, **w),
            "mean_absolute_error": metrics.mean_absolute_error(y, predicted, **w),
            "r2": metrics.r2_score(y, predicted, **w),
            "mape": metrics.mean_absolute_percentage_error(y, predicted, **w),
        }
        for name, value in theirs.items():
            assert ours[name][number] == pytest.approx(value, rel=1e-6), name
        drawn = np.repeat(np.abs(y - predicted)[:, 0], weight.astype(int))
        middle = np.sort(drawn)[(len(drawn) - 1) // 2]
        assert ours["median_absolute_error"][number] == middle


@pytest.mark.parametrize("name", [*LABELLED, "diabetes"])
def test_every_measure_lies_in_its_interval(name):
    found = assessed(name)
    values = found.metrics.numbers()
    assert set(found.interval) == set(values) - {"calibration_error"}
    for metric, ends in found.interval.items():
        assert ends.low <= values[metric] <= ends.high, metric
        assert ends.low < ends.high, metric


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution():
    losses = np.random.default_rng(0).normal(size=1_500)
    replicates = replicate(lambda weights: {"mean": weights @ losses / 1_500}, 1_500)
    ends = interval(losses.mean(), losses.mean(), replicates["mean"], rows=1_500, rows_given=1_500)
    half = 1.96 * losses.std() / np.sqrt(1_500)
    assert ends.low == pytest.approx(losses.mean() - half, abs=half * 0.15)
    assert ends.high == pytest.approx(losses.mean() + half, abs=half * 0.15)


def test_the_interval_of_more_rows_than_are_drawn_from_is_as_narrow_as_theirs():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(50_000, 1)).astype("f4")
    predicted = y + rng.normal(size=y.shape).astype("f4")
    assessor = NumberAssessor(number_baseline([y], 1))
    for part in zip(np.split(y, 10), np.split(predicted, 10), strict=True):
        assessor.add(y[:0], *part)
    found = assessor.result()
    ends = found.interval["mean_absolute_error"]
    half = 1.96 * np.abs(predicted - y).std() / np.sqrt(50_000)
    assert ends.high - ends.low == pytest.approx(2 * half, rel=0.15)
    assert ends.low < found.metrics.mean.mean_absolute_error < ends.high


def test_the_same_rows_give_the_same_intervals_however_they_come():
    assert assessed("wine", blocks=5).interval == assessed("wine", blocks=1).interval


def test_a_network_that_knows_is_better_and_says_by_how_much():
    found = assessed("breast_cancer")
    verdict = found.verdict
    assert (verdict.metric, verdict.verdict) == ("accuracy", "better")
    ends = found.interval["accuracy"]
    assert (verdict.low, verdict.high) == (ends.low, ends.high)
    assert verdict.sentence == (
        f"accuracy {verdict.value:.3f} ({ends.low:.2f} to {ends.high:.2f}); always 'label 1' "
        f"gives {verdict.baseline:.3f}: better than guessing; "
        f"a linear model gives {verdict.linear:.3f}"
    )


def constant(share, rows, called):
    """Assess a network that always gives the probability `called`; `share` have label b."""
    y = (np.arange(rows) < share * rows).astype("f4")[:, None]
    assessor = LabelAssessor(LabelBaseline(("a", "b"), (1 - share, share)))
    assessor.add(y, y, np.full((rows, 1), called, "f4"))
    return assessor.result()


def test_a_network_that_always_gives_the_most_frequent_label_is_no_better():
    verdict = constant(0.63, 100, called=0.6).verdict
    assert verdict.verdict == "no better"
    assert verdict.sentence == (
        f"accuracy 0.630 ({verdict.low:.2f} to {verdict.high:.2f}); "
        "always 'b' gives 0.630: no better than guessing"
    )
    assert verdict.linear is None


def test_a_network_that_always_gives_the_other_label_is_worse():
    assert constant(0.75, 100, called=0.4).verdict.verdict == "worse"


def test_rare_labels_are_judged_by_balanced_accuracy():
    assert headline_metric((0.9, 0.1)) == "balanced_accuracy"
    assert headline_metric((0.7, 0.3)) == "accuracy"
    rng = np.random.default_rng(0)
    y = (rng.random((1000, 1)) < 0.05).astype("f4")
    finds = np.where(y == 1, 0.9, 0.4)
    finds[rng.random((1000, 1)) < 0.1] = 0.6  # less accurate than to call none
    assessor = LabelAssessor(LabelBaseline(("no", "yes"), (0.95, 0.05)))
    assessor.add(y, y, finds.astype("f4"))
    found = assessor.result()
    assert found.metrics.accuracy < found.baseline.accuracy
    assert found.verdict.verdict == "better"
    assert found.verdict.sentence.startswith("balanced accuracy 0.9")


def test_probabilities_that_rank_but_never_reach_a_half_are_told():
    y = (np.arange(100) < 30).astype("f4")[:, None]
    assessor = LabelAssessor(LabelBaseline(("a", "b"), (0.7, 0.3)))
    assessor.add(y, y, 0.1 + 0.3 * y)
    verdict = assessor.result().verdict
    assert verdict.verdict == "no better"
    assert verdict.advice == (
        "The probabilities do rank rows (AUC 1.000 to 1.000): another threshold may do better "
        "than 0.5; give it to predict with --threshold"
    )
    assert constant(0.63, 100, called=0.6).verdict.advice == ""
    assert assessed("breast_cancer").verdict.advice == ""


def test_more_labels_than_are_replicated_are_judged_by_accuracy():
    labels = tuple(map(str, range(150)))
    y = (np.arange(600) % 150)[:, None]
    y[:500] = 0
    assessor = LabelAssessor(label_baseline(labels, [y]))
    assessor.add(y, y, np.eye(150)[y[:, 0]])
    found = assessor.result()
    assert (found.verdict.metric, found.verdict.verdict) == ("accuracy", "better")
    assert set(found.interval) == {"accuracy", "log_loss", "brier_score"}
    assert found.scores == {}


def test_an_accuracy_of_1_does_not_claim_certainty():
    y = (np.arange(72) % 2).astype("f4")[:, None]
    assessor = LabelAssessor(LabelBaseline(("a", "b"), (0.5, 0.5)))
    assessor.add(y, y, y)
    found = assessor.result()
    assert found.verdict.low == pytest.approx(0.95, abs=0.001)
    assert found.verdict.high == 1
    assert accuracy_interval(0.0, 72).high == pytest.approx(0.05, abs=0.001)


def test_the_interval_of_an_accuracy_is_that_of_the_bootstrap_over_its_rows():
    right = (np.arange(200) < 170).astype(float)
    drawn = replicate(lambda weights: {"accuracy": weights @ right / 200}, 200)["accuracy"]
    ends = accuracy_interval(0.85, 200)
    assert (ends.low, ends.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.011)


def test_no_interval_of_a_sample_goes_beyond_what_a_measure_can_be():
    ends = interval(0.9999, 0.999, np.linspace(0.998, 1, 99), rows=2_000, rows_given=8_000)
    assert ends.high == 1


def test_numbers_are_judged_by_rmse():
    verdict = assessed("diabetes").verdict
    table = known_table("diabetes")
    assert (verdict.metric, verdict.verdict) == ("rmse", "better")
    assert verdict.low < verdict.value < verdict.high < verdict.baseline
    assert f"; always the mean {table.y.mean():.4g} gives " in verdict.sentence
    assert verdict.sentence.startswith(f"RMSE {verdict.value:.4g} (")


def test_noise_is_no_better_than_the_mean_or_worse():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(200, 2)) * [1, 1000]
    for spread, judgement in ((0, "no better"), (1, "worse")):
        assessor = NumberAssessor(number_baseline([y], 2))
        assessor.add(y, y, y.mean(axis=0) + spread * rng.normal(size=y.shape) * [1, 1000])
        assert assessor.result().verdict.verdict == judgement


def test_several_targets_count_alike_whatever_their_units():
    rng = np.random.default_rng(0)
    y = rng.normal(size=(200, 2)) * [1, 1000]
    right_but_for_the_first = y + np.array([[3, 0.0]])
    assessor = NumberAssessor(number_baseline([y], 2))
    assessor.add(y, y, right_but_for_the_first)
    assert assessor.result().verdict.verdict == "worse"


@pytest.mark.parametrize(
    ("gain", "judgement"),
    [
        (Interval(0.1, 0.2), "better"),
        (Interval(-0.2, -0.1), "worse"),
        (Interval(-0.1, 0.1), "no better"),
        (Interval(0, 0.1), "no better"),
        (None, "no better"),
    ],
    ids=["above", "below", "across", "at", "none"],
)
def test_the_judgement_is_where_the_gain_lies(gain, judgement):
    assert judge(gain) == judgement


@pytest.mark.parametrize("name", ["breast_cancer", "digits", "diabetes"])
def test_an_assessment_is_written_as_json(name):
    written = json.loads(json.dumps(assessed(name).as_json(), allow_nan=False))
    assert set(written) == {"baseline", "linear", "interval", "verdict"}
    metric = assessed(name).verdict.metric
    assert set(written["interval"][metric]) == {"low", "high"}
    assert written["linear"][metric] == assessed(name).verdict.linear


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_few_rows_are_assessed_without_a_warning(rows):
    y = np.ones((rows, 1))
    labels = LabelAssessor(LabelBaseline(("a", "b", "c"), (0.5, 0.3, 0.2)))
    labels.add(y, y, np.full((rows, 3), 1 / 3))
    assert labels.result().verdict.verdict in ("better", "no better", "worse")
    numbers = NumberAssessor(number_baseline([y], 1))
    numbers.add(y, y, 0 * y)
    assert numbers.result().metrics.mean.r2 is None
