"""Measures of numbers are scikit-learn's, and stream."""

import numpy as np
import pytest
from sklearn import metrics
from support.known_tables import known_table, outputs

from nnrun.results.number_metrics import NumberAccumulator


def measured(y, predicted, blocks=3):
    measure = NumberAccumulator(y.shape[1])
    parts = zip(np.array_split(y, blocks), np.array_split(predicted, blocks), strict=True)
    for part in parts:
        measure.add(*part)
    return measure.result()


@pytest.fixture(scope="module")
def tables():
    """Targets and predictions: of diabetes, of wine's columns, of numbers from 1e-3 to 1e6."""
    rng = np.random.default_rng(0)
    wide = np.exp(rng.uniform(-7, 14, (301, 2))).astype("f4")
    wine = known_table("wine").held_x[:, :3]
    return {
        "diabetes": (known_table("diabetes").held_y, outputs("diabetes")),
        "wine": (wine, wine * rng.normal(1, 0.1, wine.shape).astype("f4")),
        "wide": (wide, wide * rng.normal(1, 0.5, wide.shape).astype("f4")),
    }


@pytest.mark.parametrize("name", ["diabetes", "wine", "wide"])
def test_measures_of_each_target_are_those_of_scikit_learn(name, tables):
    y, predicted = (matrix.astype("f8") for matrix in tables[name])
    ours = measured(*tables[name])
    each = {"multioutput": "raw_values"}
    assert [t.rmse for t in ours.targets] == pytest.approx(
        metrics.root_mean_squared_error(y, predicted, **each), rel=1e-6
    )
    assert [t.mean_absolute_error for t in ours.targets] == pytest.approx(
        metrics.mean_absolute_error(y, predicted, **each), rel=1e-6
    )
    assert [t.median_absolute_error for t in ours.targets] == pytest.approx(
        metrics.median_absolute_error(y, predicted, **each), rel=1e-12
    )
    assert [t.r2 for t in ours.targets] == pytest.approx(
        metrics.r2_score(y, predicted, **each), abs=1e-6
    )
    assert [t.mape for t in ours.targets] == pytest.approx(
        metrics.mean_absolute_percentage_error(y, predicted, **each), rel=1e-6
    )
    assert ours.mean.rmse == pytest.approx(metrics.root_mean_squared_error(y, predicted), rel=1e-6)
    assert ours.mean.r2 == pytest.approx(metrics.r2_score(y, predicted), abs=1e-6)


def test_a_constant_target_has_no_r2_and_one_with_zeros_no_mape():
    ours = measured(np.array([[1, 0], [1, 2.0]]), np.array([[1, 1], [2, 2.0]]), blocks=1)
    assert [t.r2 is None for t in ours.targets] == [True, False]
    assert [t.mape is None for t in ours.targets] == [False, True]
    assert ours.mean.r2 is ours.mean.mape is None
    assert set(ours.numbers()) == {"rmse", "mean_absolute_error", "median_absolute_error"}


def test_the_median_of_many_errors_is_nearly_exact_in_flat_memory():
    rng = np.random.default_rng(0)
    errors = rng.lognormal(size=(300_000, 1))
    ours = measured(np.zeros_like(errors), errors, blocks=30)
    assert ours.mean.median_absolute_error == pytest.approx(np.median(errors), rel=1e-3)


def test_a_mean_far_from_0_costs_no_precision():
    rng = np.random.default_rng(0)
    y = 1e6 + rng.normal(size=(1000, 1))
    predicted = y + rng.normal(size=y.shape) / 2
    ours = measured(y, predicted, blocks=10)
    assert ours.mean.r2 == pytest.approx(metrics.r2_score(y, predicted), abs=1e-6)
