"""Thresholds: what each gives, which is best, and how a goal is written."""

import numpy as np
import pytest
from sklearn import metrics
from support.known_tables import known_table, outputs

from nnrun.errors import InputError
from nnrun.results.ranked_scores import ScoreCounter
from nnrun.results.thresholds import (
    ThresholdGoal,
    best_threshold,
    parse_goal,
    threshold_row,
    threshold_table,
)


def ranked(actual, p):
    counter = ScoreCounter()
    counter.add(np.asarray(actual, bool), np.asarray(p, "f4"))
    return counter.result()


def held_out(name):
    """Whether each row has the first of several labels, or the second of two; its probability."""
    actual = known_table(name).actual
    p = outputs(name)
    return (actual == 1, p[:, 0]) if p.shape[1] == 1 else (actual == 0, p[:, 0])


TABLES = ("breast_cancer", "wine", "digits")


@pytest.mark.parametrize("name", TABLES)
def test_the_table_is_that_of_scikit_learn(name):
    actual, p = held_out(name)
    rows = threshold_table(ranked(actual, p))
    assert [row.threshold for row in rows] == pytest.approx([0.1 * n for n in range(1, 10)])
    for row in rows:
        called = p >= np.float32(row.threshold)
        theirs = metrics.precision_recall_fscore_support(actual, called, average="binary")
        assert (row.precision, row.recall, row.f1) == pytest.approx(theirs[:3], abs=1e-6)
        assert row.balanced_accuracy == pytest.approx(
            metrics.balanced_accuracy_score(actual, called), abs=1e-6
        )
        assert row.positive_share == pytest.approx(called.mean(), abs=1e-6)
        (_, wrong), (missed, _) = metrics.confusion_matrix(actual, called)
        assert (row.false_positives, row.false_negatives) == (wrong, missed)


MOST_SEARCHED = 250  # rows: each threshold is tried


def searched(actual, p, score):
    """The best value that any threshold gives, by trying all."""
    thresholds = [*np.unique(p), np.nextafter(np.float32(p.max()), np.float32(2))]
    return max(score(actual, p >= threshold) for threshold in thresholds)


@pytest.mark.parametrize("name", TABLES)
def test_the_best_threshold_is_best_of_all(name):
    actual, p = (column[:MOST_SEARCHED] for column in held_out(name))
    scores = ranked(actual, p)
    best = best_threshold(scores, ThresholdGoal("f1"))
    assert best.f1 == pytest.approx(searched(actual, p, metrics.f1_score), abs=1e-6)
    best = best_threshold(scores, ThresholdGoal("balanced_accuracy"))
    assert best.balanced_accuracy == pytest.approx(
        searched(actual, p, metrics.balanced_accuracy_score), abs=1e-6
    )


@pytest.mark.parametrize(("of_positive", "of_negative"), [(10, 1), (1, 10), (1, 1), (0, 1)])
def test_the_best_threshold_costs_least(of_positive, of_negative):
    actual, p = (column[:MOST_SEARCHED] for column in held_out("breast_cancer"))

    def saved(truth, called):
        (_, wrong), (missed, _) = metrics.confusion_matrix(truth, called)
        return -of_positive * wrong - of_negative * missed

    goal = parse_goal(f"cost={of_positive}:{of_negative}")
    best = best_threshold(ranked(actual, p), goal)
    assert -best.cost(goal) == searched(actual, p, saved)


def test_of_equally_good_thresholds_the_nearest_to_a_half_is_taken():
    scores = ranked([0, 0, 1, 1], [0.1, 0.4, 0.6, 0.9])
    assert best_threshold(scores, ThresholdGoal("f1")).threshold == 0.5
    scores = ranked([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    assert best_threshold(scores, ThresholdGoal("f1")).threshold == pytest.approx(0.25)


def test_to_call_no_row_can_be_best_but_not_where_a_probability_is_1():
    costly = ThresholdGoal("cost", 10, 1)
    best = best_threshold(ranked([1, 0, 0], [0.6, 0.7, 0.8]), costly)
    assert (best.threshold, best.positive_share) == (pytest.approx(0.9), 0)
    best = best_threshold(ranked([1, 0, 0], [0.6, 0.7, 1.0]), costly)
    assert (best.threshold, best.false_positives) == (pytest.approx(0.85), 1)


def test_neighbours_of_float32_are_told_apart():
    high = np.float32(0.9)
    low = np.nextafter(high, np.float32(0))
    best = best_threshold(ranked([0, 1], [low, high]), ThresholdGoal("f1"))
    assert (best.f1, best.precision) == (1, 1)


def test_a_threshold_that_calls_no_row_has_no_precision():
    row = threshold_row(ranked([1, 0], [0.2, 0.1]), 0.5)
    assert (row.precision, row.recall, row.f1, row.positive_share) == (None, 0, 0, 0)


def test_goals_are_read():
    assert parse_goal("f1") == ThresholdGoal("f1")
    assert parse_goal("balanced_accuracy") == ThresholdGoal("balanced_accuracy")
    assert parse_goal("cost=10:1") == ThresholdGoal("cost", 10, 1)
    assert parse_goal("cost=0.5:2e3") == ThresholdGoal("cost", 0.5, 2000)


WRONG = ["", "f2", "cost", "cost=", "cost=1", "cost=1:", "cost=a:1", "cost=-1:1", "cost=nan:1"]


@pytest.mark.parametrize("text", [*WRONG, "cost=1:inf", "cost=1:2:3", "f1=1:2"])
def test_what_is_no_goal_is_refused(text):
    with pytest.raises(
        InputError, match=r"the goal of a threshold must be `f1`, `balanced_accuracy`, or `cost=FP"
    ):
        parse_goal(text)


def test_costs_that_are_both_0_are_refused():
    with pytest.raises(InputError, match="at least one of the two costs must be above 0"):
        parse_goal("cost=0:0")
