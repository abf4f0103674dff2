"""The linear model is scikit-learn's, in NumPy, and bounded in what it costs."""

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from support.known_tables import LABELLED, fitted, known_table

from nnrun.results.linear_model import (
    LinearModel,
    fit_logistic_model,
    fit_ridge_model,
    rows_within,
)


def ours(name: str) -> LinearModel:
    table = known_table(name)
    if table.labels:
        return fit_logistic_model(table.x, table.y, len(table.labels))
    return fit_ridge_model(table.x, table.y)


@pytest.mark.parametrize("name", LABELLED)
def test_logistic_regression_gives_the_measures_of_scikit_learn(name):
    table = known_table(name)
    theirs = fitted(name).predict_proba(table.held_x.astype("f8"))
    p = ours(name).predict(table.held_x)
    both = p if p.shape[1] > 1 else np.hstack([1 - p, p])
    assert both == pytest.approx(theirs, abs=1e-3)
    assert metrics.log_loss(table.actual, both) == pytest.approx(
        metrics.log_loss(table.actual, theirs), abs=1e-4
    )
    assert np.mean(both.argmax(axis=1) == table.actual) == pytest.approx(
        np.mean(theirs.argmax(axis=1) == table.actual), abs=1e-4
    )


def test_ridge_regression_gives_the_measures_of_scikit_learn():
    table = known_table("diabetes")
    theirs = fitted("diabetes").predict(table.held_x.astype("f8"))
    predicted = ours("diabetes").predict(table.held_x)
    assert predicted[:, 0] == pytest.approx(theirs, rel=1e-6)


def test_ridge_regression_of_several_targets_is_that_of_each():
    x = known_table("wine").x
    both = fit_ridge_model(x[:, 3:], x[:, :2]).predict(x[:, 3:])
    second = fit_ridge_model(x[:, 3:], x[:, 1:2]).predict(x[:, 3:])
    assert both[:, 1:] == pytest.approx(second, rel=1e-9)


@pytest.fixture(scope="module")
def wide():
    """40 rows of 200 inputs, three of which are constant, the same as another, and huge."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 200)).astype("f4")
    x[:, 1] = 0.1
    x[:, 2] = x[:, 3]
    x[:, 4] *= 1e30
    return x, (x[:, [0]] + rng.normal(size=(40, 1)) > 0).astype("f4")


def test_more_inputs_than_rows_give_what_scikit_learn_gives(wide):
    x, y = wide
    standardised = StandardScaler().fit_transform(x.astype("f8"))
    standardised[:, 1] = 0  # a constant of float32 varies by rounding
    logistic = LogisticRegression(tol=1e-8, max_iter=10_000).fit(standardised, y[:, 0])
    assert fit_logistic_model(x, y, 2).predict(x)[:, 0] == pytest.approx(
        logistic.predict_proba(standardised)[:, 1], abs=1e-4
    )
    ridge = Ridge().fit(standardised, y[:, 0])
    assert fit_ridge_model(x, y).predict(x)[:, 0] == pytest.approx(
        ridge.predict(standardised), abs=1e-6
    )


def test_labels_that_a_plane_divides_far_apart_end_finite():
    x = np.concatenate([np.full((50, 1), -1000), np.full((50, 1), 1000)]).astype("f4")
    p = fit_logistic_model(x, (x > 0).astype("f4"), 2).predict(x * 1e6)
    assert np.array_equal(p, x > 0)


def test_a_label_without_rows_gets_nearly_no_probability():
    x = np.random.default_rng(0).normal(size=(60, 2)).astype("f4")
    p = fit_logistic_model(x, (x[:, :1] > 0).astype("f4"), 3).predict(x)
    assert p[:, 2].max() < 1e-4


def test_rows_of_one_label_get_it():
    x = np.random.default_rng(0).normal(size=(60, 2)).astype("f4")
    assert (fit_logistic_model(x, np.ones((60, 1)), 2).predict(x) > 0.999).all()


def test_inputs_that_never_vary_leave_the_shares():
    x = np.full((10, 3), 0.1, "f4")
    y = (np.arange(10) < 4).astype("f4")[:, None]
    assert fit_logistic_model(x, y, 2).predict(x) == pytest.approx(0.4, abs=1e-6)
    assert fit_ridge_model(x, y).predict(x) == pytest.approx(0.4, abs=1e-6)


def test_a_budget_bounds_the_rows_and_the_model_says_so():
    table = known_table("digits")
    model = fit_logistic_model(table.x, table.y, 10, budget=500 * 64 * (128 + 2500) + 10 * 64**3)
    assert (model.rows, model.rows_given) == (500, 898)
    assert model.name == "a linear model fitted on 500 of 898 rows"
    p = model.predict(table.held_x)
    assert np.mean(p.argmax(axis=1) == table.actual) > 0.9
    assert ours("digits").name == "a linear model"


def test_the_same_seed_draws_the_same_rows():
    table = known_table("diabetes")
    first, same, other = (
        fit_ridge_model(table.x, table.y, seed=seed, budget=50_000).weights for seed in (1, 1, 2)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("inputs", [1, 30, 500, 2_000, 100_000])
def test_the_budget_leaves_some_rows_whatever_the_number_of_inputs(inputs):
    assert rows_within(10**10, inputs, passes=150) >= 200
