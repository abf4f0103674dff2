"""The verdict over folds: all rows held out, each compared with models that never saw it."""

import numpy as np
import pytest

from nnrun.results.fold_verdict import FoldOutputs, judge_folds


def fold(rows, y, network, baseline, linear=None) -> FoldOutputs:
    """Return a fold's outputs, columns of one target each."""
    columns = [np.array(v, np.float64)[:, None] for v in (y, network, baseline)]
    return FoldOutputs(
        np.array(rows),
        *columns,
        linear=columns[2] if linear is None else np.array(linear)[:, None],
        answer="always 'b'",
        linear_name="a linear model",
    )


def test_measures_are_those_of_all_rows_together():
    first = fold([0, 2], [0, 1], [0.1, 0.9], [0.6, 0.6])
    second = fold([1, 3, 4], [0, 1, 1], [0.9, 0.8, 0.7], [0.5, 0.5, 0.5])
    verdict = judge_folds([[first, second]], 2, 0)
    assert (verdict.metric, verdict.value) == ("accuracy", pytest.approx(0.8))
    assert verdict.baseline == pytest.approx(0.6)


def test_a_network_that_is_right_on_most_rows_is_better():
    generator = np.random.default_rng(0)
    y = generator.integers(0, 2, 60)
    network = np.where(generator.random(60) < 0.95, y, 1 - y) * 0.8 + 0.1
    halves = [fold(np.arange(i, 60, 2), y[i::2], network[i::2], [0.5] * 30) for i in (0, 1)]
    assert judge_folds([halves], 2, 0).verdict == "better"


def test_further_draws_of_the_same_rows_do_not_narrow_the_interval():
    generator = np.random.default_rng(1)
    y = generator.integers(0, 2, 40)
    network = np.where(generator.random(40) < 0.8, y, 1 - y) * 0.8 + 0.1
    draw = [fold(np.arange(40), y, network, [0.5] * 40)]
    once, often = (judge_folds([draw] * times, 2, 0) for times in (1, 10))
    assert (once.low, once.high) == pytest.approx((often.low, often.high))


def test_numbers_are_compared_by_rmse():
    y = np.arange(20.0)
    verdict = judge_folds([[fold(np.arange(20), y, y + 1, [9.5] * 20, y + 2)]], 0, 0)
    assert (verdict.metric, verdict.value, verdict.linear) == ("rmse", 1, 2)
    assert verdict.verdict == "better"


def test_baselines_that_answer_differently_are_named_as_such():
    first = fold([0, 1], [0, 1], [0.1, 0.9], [0.6, 0.6])
    second = FoldOutputs(**{**vars(first), "rows": np.array([2, 3]), "answer": "always 'a'"})
    assert "the baseline of each fold gives 0.500" in judge_folds([[first, second]], 2, 0).sentence
