"""Scores are counted exactly while they are few, and nearly so in memory that does not grow."""

import tracemalloc

import numpy as np
import pytest
from sklearn import metrics

from nnrun.results.ranked_scores import ScoreCounter, score_keys, scores_of
from nnrun.results.value_counts import MOST_BINS


def ranked(actual, p, blocks=1):
    counter = ScoreCounter()
    for truth, scores in zip(
        np.array_split(actual, blocks), np.array_split(p, blocks), strict=True
    ):
        counter.add(truth, scores)
    return counter.result()


@pytest.fixture(scope="module")
def many():
    """400,000 rows, whose scores are as good as all different."""
    rng = np.random.default_rng(0)
    logits = rng.normal(size=400_000) * 3 - 2
    p = (1 / (1 + np.exp(-logits))).astype(np.float32)
    return rng.random(400_000) < p, p


def test_keys_keep_the_order_and_the_value_of_every_probability():
    p = np.array([0, 1e-45, 1e-30, 0.1, 0.49999997, 0.5, 0.50000006, 0.9, 0.99999994, 1], "f4")
    keys = score_keys(p)
    assert (np.diff(keys) > 0).all()
    assert np.array_equal(scores_of(keys).astype("f4"), p)


def test_minus_zero_is_zero_and_outputs_beyond_0_and_1_are_clipped():
    assert (
        score_keys(np.array([-0.0, -3, 7], "f4")).tolist()
        == score_keys(np.array([0.0, 0, 1], "f4")).tolist()
    )


def test_curves_are_those_of_scikit_learn():
    rng = np.random.default_rng(3)
    p = rng.choice(np.linspace(0, 1, 40), 500).astype("f4")  # with ties
    actual = rng.random(500) < p
    ours = ranked(actual, p, blocks=4)
    theirs = metrics.roc_curve(actual, p, drop_intermediate=False)
    assert ours.roc() == pytest.approx(np.array(theirs[:2]), abs=1e-12)
    precision, recall, _ = metrics.precision_recall_curve(actual, p)
    assert ours.precision_recall()[0] == pytest.approx(precision[-2::-1], abs=1e-12)
    assert ours.precision_recall()[1] == pytest.approx(recall[-2::-1], abs=1e-12)
    assert ours.is_exact


def test_many_different_scores_are_counted_in_bins_that_cost_nearly_nothing(many):
    actual, p = many
    ours = ranked(actual, p, blocks=40)
    assert not ours.is_exact
    assert len(ours.thresholds) <= MOST_BINS
    assert (ours.positives, ours.negatives) == (actual.sum(), (~actual).sum())
    assert ours.auc() == pytest.approx(metrics.roc_auc_score(actual, p), abs=1e-6)
    assert ours.average_precision() == pytest.approx(
        metrics.average_precision_score(actual, p), abs=1e-4
    )


def test_counts_at_a_threshold_compare_as_float32():
    ours = ranked(np.array([True, False, True]), np.array([0.1, 0.3, 0.7], "f4"))
    assert ours.counts_at(0.3) == (1, 1)  # 0.3 as float32 is more than 0.3
    assert ours.counts_at(0.7) == (1, 0)
    assert ours.counts_at(0.71) == (0, 0)
    assert ours.counts_at(0) == (2, 1)


def test_memory_stays_flat_however_many_rows_there_are():
    rng = np.random.default_rng(0)
    counter = ScoreCounter()
    peaks = []
    tracemalloc.start()
    for _ in range(40):
        p = rng.random(50_000).astype("f4")
        counter.add(p > 0.5, p)
        del p
        peaks.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert max(peaks[20:]) <= max(peaks[:20]) + 1_000_000
    assert max(peaks) < 10_000_000
