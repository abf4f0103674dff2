"""Permutation importance, correlated columns and partial dependence."""

import numpy as np
import pytest
from sklearn import inspection, metrics
from support.known_tables import fitted, known_table

from nnrun.results.correlation import (
    correlated_columns,
    correlated_groups,
    correlation_note,
)
from nnrun.results.importance import (
    mean_log_loss,
    permutation_importance,
    root_mean_squared_error,
    shuffled_losses,
)
from nnrun.results.partial_dependence import partial_dependence, value_grid

TABLES = ("breast_cancer", "wine", "diabetes")


def predictor(name):
    """scikit-learn's linear model as a network is called: float rows to (rows, outputs)."""
    model = fitted(name)
    if name == "diabetes":
        return lambda x: model.predict(x)[:, None]
    return model.predict_proba


def loss_of(name):
    return root_mean_squared_error if name == "diabetes" else mean_log_loss


@pytest.mark.parametrize("name", TABLES)
def test_losses_of_shuffled_columns_are_those_of_scikit_learn(name):
    table = known_table(name)
    x = table.held_x.astype("f8")
    scoring = "neg_root_mean_squared_error" if name == "diabetes" else "neg_log_loss"
    theirs = inspection.permutation_importance(
        fitted(name), x, table.actual, scoring=scoring, n_repeats=3, random_state=7
    )
    seed = np.random.RandomState(7).randint(np.iinfo(np.int32).max + 1)
    least = loss_of(name)(table.held_y, predictor(name)(x))
    for column in range(x.shape[1]):
        orders = list(scikit_learns_orders(len(x), seed))
        losses = shuffled_losses(
            predictor(name), x, table.held_y, [column], loss_of(name), iter(orders)
        )
        growth = np.array(list(losses)) - least
        assert growth == pytest.approx(theirs.importances[column], abs=1e-6)


def scikit_learns_orders(rows, seed):
    """The orders of rows that scikit-learn draws: each shuffles cells that are shuffled already."""
    generator = np.random.RandomState(seed)
    drawn = np.arange(rows)
    order = np.arange(rows)
    for _ in range(3):
        generator.shuffle(drawn)
        order = order[drawn]
        yield order


@pytest.fixture(scope="module")
def made():
    """Rows of two numbers, three places of a category, and noise; the target is known."""
    rng = np.random.default_rng(0)
    place = rng.integers(0, 3, 4_000)
    x = np.column_stack([rng.normal(size=(4_000, 2)), np.eye(3)[place], rng.normal(size=4_000)])
    y = (2 * x[:, 0] + x[:, 1] + 3 * x[:, 2])[:, None]
    return x, y, {"a": [0], "b": [1], "place": [2, 3, 4], "noise": [5]}


def exact(x):
    return (2 * x[:, 0] + x[:, 1] + 3 * x[:, 2])[:, None]


def test_columns_are_ordered_by_what_the_network_goes_by(made):
    found = permutation_importance(exact, *made, root_mean_squared_error)
    assert [importance.column for importance in found] == ["a", "place", "b", "noise"]
    # the error of two independent draws of a number: its deviation times the root of 2
    expected = np.sqrt(2) * np.array([2, 3 * np.sqrt(2) / 3, 1, 0])
    assert [importance.mean for importance in found] == pytest.approx(expected, rel=0.05)
    assert all(importance.deviation < 0.1 for importance in found)
    assert found[-1].deviation == 0


def test_the_same_seed_gives_the_same_importance(made):
    first, same, other = (
        permutation_importance(exact, *made, root_mean_squared_error, seed=seed, repeats=2)
        for seed in (1, 1, 2)
    )
    assert first == same != other


def test_the_rows_given_are_not_changed(made):
    x, y, columns = made
    before = x.copy()
    permutation_importance(exact, x, y, columns, root_mean_squared_error, repeats=1)
    partial_dependence(exact, x, [0], value_grid(x, [0]))
    assert np.array_equal(x, before)


def test_the_losses_are_those_of_scikit_learn():
    table = known_table("wine")
    p = fitted("wine").predict_proba(table.held_x)
    assert mean_log_loss(table.held_y, p) == pytest.approx(
        metrics.log_loss(table.actual, p), abs=1e-6
    )


def test_correlated_columns_are_found(made):
    x, _, columns = made
    doubled = np.column_stack([x, -3 * x[:, 0] + 0.1 * x[:, 5], x[:, 2:5], np.ones(len(x))])
    columns = {**columns, "minus a": [6], "region": [7, 8, 9], "constant": [10]}
    pairs = correlated_columns(doubled, columns)
    assert [(pair.first, pair.second) for pair in pairs] == [
        ("place", "region"),
        ("a", "minus a"),
    ]
    assert pairs[0].correlation == pytest.approx(1)
    assert pairs[1].correlation == pytest.approx(
        abs(np.corrcoef(doubled[:, 0], doubled[:, 6])[0, 1]), abs=1e-6
    )


def test_correlations_are_those_of_numpy():
    x = known_table("breast_cancer").x.astype("f8")
    columns = {str(number): [number] for number in range(x.shape[1])}
    theirs = np.abs(np.corrcoef(x.T))
    pairs = correlated_columns(x, columns)
    assert len(pairs) == (np.triu(theirs, 1) >= 0.9).sum()
    for pair in pairs:
        assert pair.correlation == pytest.approx(
            theirs[int(pair.first), int(pair.second)], abs=1e-6
        )


def test_pairs_that_share_a_column_are_one_group():
    from nnrun.results.correlation import CorrelatedColumns

    pairs = [CorrelatedColumns(*names, 0.95) for names in ("ab", "cd", "ef", "bc")]
    assert correlated_groups(pairs) == (("e", "f"), ("a", "b", "c", "d"))
    assert correlation_note(("a", "b")) == (
        "The columns 'a', 'b' are correlated above 0.9: they share their importance, "
        "and each looks less important than all of them are."
    )


@pytest.mark.parametrize("name", TABLES)
def test_partial_dependence_is_that_of_scikit_learn(name):
    table = known_table(name)
    x = table.held_x.astype("f8")
    grid = value_grid(x, [2])
    theirs = inspection.partial_dependence(
        fitted(name), x, [2], method="brute", custom_values={2: grid[:, 0]}
    )["average"]
    ours = partial_dependence(predictor(name), x, [2], grid).T
    if name == "breast_cancer":
        ours = ours[1:]  # scikit-learn gives the second label alone
    assert ours == pytest.approx(theirs, abs=1e-6)


def test_a_category_is_looked_at_place_by_place(made):
    x, _, columns = made
    grid = value_grid(x, columns["place"])
    assert grid.tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
    means = partial_dependence(exact, x[:1000], columns["place"], grid)
    assert means[:, 0] - means[0, 0] == pytest.approx([0, 0, 3])


def test_a_number_is_looked_at_from_its_5th_to_its_95th_hundredth(made):
    x = made[0]
    grid = value_grid(x, [0])
    assert grid.shape == (20, 1)
    assert grid[[0, -1], 0] == pytest.approx(np.quantile(x[:, 0], [0.05, 0.95]))


def test_several_inputs_of_many_values_are_looked_at_where_rows_are_frequent():
    rng = np.random.default_rng(0)
    common = np.repeat(rng.normal(size=(20, 2)), 3, axis=0)
    x = np.concatenate([rng.normal(size=(50, 2)), common])
    assert {*map(tuple, value_grid(x, [0, 1]))} == {*map(tuple, common)}
