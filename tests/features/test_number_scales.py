import numpy as np
import polars as pl
import pytest

from nnrun.features.loading import load_dataset
from nnrun.features.number_codes import code_units, value_scales
from nnrun.features.number_scales import FEWEST_ROWS, MOST_ROWS, bin_edges, sample_step
from nnrun.results.activations import hard_sigmoid

PLE = {"name": "ple", "bins": 4, "values": False}
REGRESSION = {"layers": [{"units": 1}], "loss": "MeanSquaredError"}


def encoder_of(project, values, **data):
    frame = pl.DataFrame({"x": values, "target": range(len(values))})
    project.table(frame, "numbers.csv")
    keys = {f"data.{key}": value for key, value in data.items()}
    config = project.load(
        {**REGRESSION, "data": {"train": "numbers.csv", "target": "target"}, **keys}
    )
    return load_dataset(config).encoder


def test_edges_leave_as_many_numbers_in_each_bin():
    edges = bin_edges(np.arange(1, 101) / 10, 4, None)
    assert edges == [0.1, 2.5, 5.0, 7.5, 10.0]


def test_bins_are_fewer_where_numbers_repeat():
    assert bin_edges(np.array([0.0] * 60 + [1.0] * 20 + [2.0, 5.0] * 10), 8, None) == [0, 1, 2, 5]


def test_a_number_that_most_rows_have_is_an_edge_and_leaves_the_bins_to_the_others():
    values = np.array([0.0] * 90 + [*range(1, 11)])
    assert bin_edges(values, 4, None) == [0, 1, 4, 7, 10]


def test_few_distinct_numbers_are_all_edges():
    assert bin_edges(np.array([0.0] * 97 + [1.0, 2.0, 3.0]), 4, None) == [0, 1, 2, 3]


def test_the_first_and_the_last_edge_stay_within_the_bound():
    assert bin_edges(np.array([-1e9, -1, 0, 1, 2, 1e9]), 5, 3.0) == [-3, -1, 0, 1, 2, 3]


def test_edges_that_float32_could_not_tell_apart_are_one():
    assert bin_edges(np.array([0, 1e-30, 2e-30, 1.0]), 3, None) == [0, 1]


def test_robust_scales_are_those_of_scikit_learn(project):
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    values = [1.0, 2.5, 3.0, 8.0, 100.0, 7.0]
    (feature,) = encoder_of(project, values, numeric="robust").features
    scaler = preprocessing.RobustScaler().fit(np.array(values)[:, None])
    assert feature.center == pytest.approx(scaler.center_[0])
    assert feature.scale == pytest.approx(scaler.scale_[0])
    assert feature.edges == []


def test_the_deviation_is_the_scale_where_most_numbers_are_one(project):
    values = [5.0] * 9 + [8.0]
    (feature,) = encoder_of(project, values, numeric="robust").features
    assert (feature.center, feature.scale) == (5, pytest.approx(np.std(values)))


def test_gaps_are_no_numbers_of_which_quantiles_are_taken(project):
    values = [1.0, 2.0, 3.0, 4.0, 5.0]
    (full,) = encoder_of(project, values, numeric="ple").features
    (gapped,) = encoder_of(project, [*values, *[None] * 20], numeric="ple", missing="mean").features
    assert (gapped.center, gapped.scale, gapped.edges) == (full.center, full.scale, full.edges)


@pytest.mark.parametrize("values", [[0, 1, 0, 0], ["yes", "no", "no", "no"], [0, 0, 0, 0]])
def test_zeros_and_ones_pass_through(project, values):
    encoder = encoder_of(project, values, numeric="ple")
    assert encoder.width == 1
    assert codes(encoder, [0.0, 1.0]).tolist() == [[0.0], [1.0]]


def test_a_column_is_a_unit_for_its_range_and_one_for_each_bin(project):
    encoder = encoder_of(project, list(range(9)), numeric={"name": "ple", "bins": 4})
    assert encoder.width == 5
    expected = [[0, 0, 0, 0, 0], [3 / 8, 1, 0.5, 0, 0], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]]
    assert codes(encoder, [-5.0, 3.0, 8.0, 1e6]) == pytest.approx(np.array(expected), abs=1e-3)


def codes(encoder, values, numeric=PLE):
    (feature,) = encoder.features
    center, variance = feature.moments
    scaled = (np.array(values, np.float32) - center) / variance**0.5
    units = code_units(encoder, numeric)
    return hard_sigmoid(scaled[:, None][:, units.inputs] * units.slopes + units.offsets)


@pytest.mark.parametrize(
    ("values", "cells", "expected"),
    [
        pytest.param(range(9), [-5.0, 0.0, 3.0, 99.0], [-1, -1, -0.25, 1], id="within the range"),
        pytest.param([*map(float, range(9)), 1e4], [9.0, 1e4], [1, 3], id="far out"),
        pytest.param([0, 1, 0, 1], [0.0, 1.0], [0, 1], id="flags"),
        pytest.param([3, 7, 3, 7], [3.0, 7.0], [0, 1], id="a single bin"),
    ],
)
def test_with_values_the_first_unit_is_the_scaled_number_itself(project, values, cells, expected):
    numeric = {"name": "ple", "bins": 4, "values": True}
    encoder = encoder_of(project, list(values), numeric=numeric)
    scales, offsets = value_scales(encoder)
    assert len(scales) == len(offsets) == encoder.width
    numbers = codes(encoder, cells, numeric) * scales + offsets
    assert numbers[:, 0] == pytest.approx(expected, abs=1e-3)
    assert set(scales[1:]) <= {1.0}
    assert not offsets[1:].any()


def test_the_encoding_of_a_table_that_is_only_checked_has_the_same_width(project):
    project.table(pl.DataFrame({"x": range(40), "t": ["a", "b"] * 20, "y": range(40)}), "t.csv")
    data = {"train": "t.csv", "target": "y", "numeric": "ple"}
    config = project.load({**REGRESSION, "data": data})
    checked = load_dataset(config, has_matrices=False).encoder
    trained = load_dataset(config).encoder
    assert checked == trained


def test_quantiles_are_of_a_bounded_number_of_rows():
    assert sample_step(MOST_ROWS, 3) == 1
    assert sample_step(MOST_ROWS + 1, 3) == 2
    assert sample_step(10 * FEWEST_ROWS, 10**6) == 10


def test_a_sample_is_the_same_rows_however_blocks_are_cut(project, monkeypatch):
    from nnrun.config.schema import Data
    from nnrun.features import number_scales
    from nnrun.features.statistics import Moments

    monkeypatch.setattr(number_scales, "MOST_ROWS", 30)
    values = np.random.default_rng(0).normal(size=(100, 1))
    data = Data(train="t.csv", target="y", numeric="ple")
    moments = Moments(1)
    moments.add(values)
    found = []
    for cuts in ([], [3, 7, 50], range(1, 100)):
        scales = number_scales.NumberScales(data, [0], 100)
        for block in np.split(values, cuts):
            scales.add(block)
        found.append(scales.describe(0, moments.describe(0)))
    assert found[0] == found[1] == found[2]
    assert found[0]["center"] == np.median(values[::4])
