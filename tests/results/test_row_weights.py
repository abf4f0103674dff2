"""Measures and simpler models of rows with weights: those of scikit-learn with sample_weight."""

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as oracle
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from nnrun.results.assessment import LabelAssessor, NumberAssessor
from nnrun.results.baseline import label_baseline, multilabel_baseline, number_baseline
from nnrun.results.effective_rows import EffectiveRows
from nnrun.results.label_measure import LabelAccumulator
from nnrun.results.linear_model import fit_logistic_model, fit_multilabel_model, fit_ridge_model
from nnrun.results.multilabel_measure import MultilabelAccumulator
from nnrun.results.number_metrics import NumberAccumulator
from nnrun.results.ranked_scores import ScoreCounter
from nnrun.results.thresholds import best_threshold, parse_goal, threshold_row

ROWS = 400
GENERATOR = np.random.default_rng(3)
WEIGHTS = GENERATOR.integers(1, 9, ROWS) / 8
X = GENERATOR.normal(size=(ROWS, 5)) * [1, 3, 0.1, 10, 1] + [0, 5, 0, -3, 1]
LABEL = (X[:, 0] + X[:, 1] / 3 + GENERATOR.normal(size=ROWS) > 2).astype(int)
KIND = np.argmax(X[:, :3] / [1, 3, 0.1] + GENERATOR.normal(size=(ROWS, 3)), axis=1)
NUMBER = X[:, 0] * 2 + X[:, 3] / 5 + GENERATOR.normal(size=ROWS)


def in_blocks(accumulator: Any, y: Any, outputs: Any, weights: Any = WEIGHTS) -> Any:
    """Return what an accumulator of measures makes of rows that come in blocks."""
    for start in range(0, len(y), 150):
        block = slice(start, start + 150)
        of_block = None if weights is None else weights[block]
        accumulator.add(y[block], outputs[block], of_block)
    return accumulator.result()


def probabilities(labels: int) -> Any:
    generator = np.random.default_rng(1)
    truth = LABEL if labels == 2 else KIND
    scores = generator.normal(size=(ROWS, labels)) + np.eye(labels)[truth]
    powers = np.exp(scores)
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def test_measures_of_two_labels_are_those_of_scikit_learn():
    p = probabilities(2)[:, 1:]
    found = in_blocks(LabelAccumulator(("a", "b")), LABEL[:, None], p)
    called = p[:, 0] >= 0.5
    options = {"sample_weight": WEIGHTS}
    expected = {
        "accuracy": oracle.accuracy_score(LABEL, called, **options),
        "balanced_accuracy": oracle.balanced_accuracy_score(LABEL, called, **options),
        "precision": oracle.precision_score(LABEL, called, **options),
        "recall": oracle.recall_score(LABEL, called, **options),
        "f1": oracle.f1_score(LABEL, called, **options),
        "log_loss": oracle.log_loss(LABEL, p[:, 0], **options),
        "brier_score": oracle.brier_score_loss(LABEL, p[:, 0], **options),
        "auc": oracle.roc_auc_score(LABEL, p[:, 0], **options),
        "average_precision": oracle.average_precision_score(LABEL, p[:, 0], **options),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, rel=1e-6)
    assert found.rows == ROWS
    assert np.sum(found.confusion_matrix) == ROWS


def test_measures_of_several_labels_are_those_of_scikit_learn():
    p = probabilities(3)
    found = in_blocks(LabelAccumulator(("a", "b", "c")), KIND[:, None], p)
    called = p.argmax(axis=1)
    options = {"sample_weight": WEIGHTS}
    assert found.accuracy == pytest.approx(oracle.accuracy_score(KIND, called, **options))
    macro = oracle.f1_score(KIND, called, average="macro", **options)
    assert found.macro_f1 == pytest.approx(macro)
    assert found.log_loss == pytest.approx(oracle.log_loss(KIND, p, **options), rel=1e-6)


def test_measures_of_several_targets_are_those_of_scikit_learn():
    y = np.column_stack([LABEL, KIND == 1]).astype(int)
    p = np.column_stack([probabilities(2)[:, 1], probabilities(3)[:, 1]])
    found = in_blocks(MultilabelAccumulator([("a", "b"), ("c", "d")]), y, p)
    called = p >= 0.5
    options = {"sample_weight": WEIGHTS}
    assert found.subset_accuracy == pytest.approx(oracle.accuracy_score(y, called, **options))
    micro = oracle.f1_score(y, called, average="micro", **options)
    assert found.micro_f1 == pytest.approx(micro)
    assert found.accuracy == pytest.approx(1 - oracle.hamming_loss(y, called, **options))


def test_measures_of_numbers_are_those_of_scikit_learn():
    outputs = (NUMBER + np.random.default_rng(2).normal(size=ROWS))[:, None]
    found = in_blocks(NumberAccumulator(1), NUMBER[:, None], outputs).mean
    options = {"sample_weight": WEIGHTS}
    pair = NUMBER, outputs[:, 0]
    expected = {
        "rmse": oracle.root_mean_squared_error(*pair, **options),
        "mean_absolute_error": oracle.mean_absolute_error(*pair, **options),
        "r2": oracle.r2_score(*pair, **options),
        "mape": oracle.mean_absolute_percentage_error(*pair, **options),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected)
    errors = np.sort(np.abs(NUMBER - outputs[:, 0]))
    up_to = WEIGHTS[np.argsort(np.abs(NUMBER - outputs[:, 0]))].cumsum()
    middle = errors[np.searchsorted(up_to, up_to[-1] / 2)]
    assert found.median_absolute_error == pytest.approx(middle, rel=0.02)


@pytest.mark.parametrize("labels", [2, 3])
def test_logistic_regression_is_that_of_scikit_learn(labels):
    y = LABEL if labels == 2 else KIND
    model = fit_logistic_model(X, y[:, None], labels, weights=WEIGHTS)
    scaled = StandardScaler().fit(X, sample_weight=WEIGHTS).transform(X)
    theirs = LogisticRegression(tol=1e-8, max_iter=1_000).fit(scaled, y, sample_weight=WEIGHTS)
    expected = theirs.predict_proba(scaled)[:, 1:] if labels == 2 else theirs.predict_proba(scaled)
    np.testing.assert_allclose(model.predict(X), expected, atol=2e-4)


@pytest.mark.parametrize("columns", [5, 900], ids=["few inputs", "more inputs than rows"])
def test_ridge_regression_is_that_of_scikit_learn(columns):
    x = np.tile(X, (1, columns // 5)) + np.random.default_rng(4).normal(size=(ROWS, columns))
    model = fit_ridge_model(x, NUMBER[:, None], weights=WEIGHTS)
    scaled = StandardScaler().fit(x, sample_weight=WEIGHTS).transform(x)
    expected = Ridge().fit(scaled, NUMBER, sample_weight=WEIGHTS).predict(scaled)
    np.testing.assert_allclose(model.predict(x)[:, 0], expected, atol=1e-6)


def test_a_row_of_weight_two_is_two_rows_to_every_simpler_model():
    twice = np.arange(ROWS) < 100
    weights = np.where(twice, 2.0, 1.0)
    rows = np.concatenate([np.arange(ROWS), np.flatnonzero(twice)])
    y = np.column_stack([LABEL, KIND == 1])
    once = fit_multilabel_model(X, y, weights=weights)
    repeated = fit_multilabel_model(X[rows], y[rows])
    np.testing.assert_allclose(once.predict(X), repeated.predict(X), atol=1e-4)
    assert label_baseline(("a", "b"), [LABEL[:, None]], weights).shares == pytest.approx(
        label_baseline(("a", "b"), [LABEL[rows, None]]).shares
    )
    pairs = [("a", "b"), ("c", "d")]
    weighted = multilabel_baseline(pairs, [y[:250], y[250:]], weights).targets
    for mine, theirs in zip(weighted, multilabel_baseline(pairs, [y[rows]]).targets, strict=True):
        assert mine.shares == pytest.approx(theirs.shares)
    numbers = number_baseline([NUMBER[:90, None], NUMBER[90:, None]], 1, weights)
    expected = number_baseline([NUMBER[rows, None]], 1)
    assert numbers.means == pytest.approx(expected.means)
    assert numbers.deviations == pytest.approx(expected.deviations)


def test_effective_rows_are_those_of_kish():
    counter = EffectiveRows()
    counter.add(3, np.array([1.0, 1.0, 4.0]))
    assert counter.count() == 2  # 36 / 18
    counter = EffectiveRows()
    counter.add(7)
    assert counter.count() == 7


def test_weights_that_are_all_alike_change_no_verdict_and_zeros_are_left_out():
    p = probabilities(2)[:, 1:]
    baseline = label_baseline(("a", "b"), [LABEL[:, None]])
    plain = LabelAssessor(baseline)
    plain.add(X, LABEL[:, None], p)
    weighted = LabelAssessor(baseline)
    extra = np.concatenate([np.arange(ROWS), np.arange(50)])
    weights = np.concatenate([np.full(ROWS, 3.0), np.zeros(50)])
    weighted.add(X[extra], LABEL[extra, None], p[extra], weights)
    expected, found = plain.result(), weighted.result()
    assert found.metrics.numbers() == pytest.approx(expected.metrics.numbers())
    assert found.verdict.verdict == expected.verdict.verdict
    assert found.interval["accuracy"] == expected.interval["accuracy"]


def test_the_interval_of_few_rows_that_weigh_most_is_wide():
    p = probabilities(2)[:, 1:]
    baseline = label_baseline(("a", "b"), [LABEL[:, None]])
    widths = {}
    for name, weights in {
        "alike": np.ones(ROWS),
        "few": np.where(np.arange(ROWS) < 30, 50, 1),
    }.items():
        assessor = LabelAssessor(baseline)
        assessor.add(X, LABEL[:, None], p, weights.astype(float))
        intervals = assessor.result().interval
        widths[name] = [intervals[m].high - intervals[m].low for m in ("accuracy", "log_loss")]
    assert widths["few"][0] > 2 * widths["alike"][0]
    assert widths["few"][1] > 2 * widths["alike"][1]


def test_the_interval_of_a_weighted_number_holds_it():
    outputs = (NUMBER + np.random.default_rng(2).normal(size=ROWS))[:, None]
    assessor = NumberAssessor(number_baseline([NUMBER[:, None]], 1, WEIGHTS))
    assessor.add(X, NUMBER[:, None], outputs, WEIGHTS)
    found = assessor.result()
    for name, ends in found.interval.items():
        assert ends.low <= found.metrics.numbers()[name] <= ends.high, name


def test_thresholds_count_rows_by_their_weights():
    p = probabilities(2)[:, 1]
    counter = ScoreCounter()
    counter.add(LABEL == 1, p, WEIGHTS)
    scores = counter.result()
    row = threshold_row(scores, 0.3)
    options = {"sample_weight": WEIGHTS}
    assert row.f1 == pytest.approx(oracle.f1_score(LABEL, p >= np.float32(0.3), **options))
    best = best_threshold(scores, parse_goal("f1"))
    every = [oracle.f1_score(LABEL, p >= each, **options) for each in np.unique(p)]
    assert best.f1 == pytest.approx(max(every))
