"""The network in NumPy gives what its Keras model gives, on plain rows and on extreme ones."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.marks import usual
from support.networks import ACTIVATIONS_WITH_ARGUMENTS, random_run

from nnrun.config import keras_catalog
from nnrun.results import forward
from nnrun.results.activations import ACTIVATIONS
from nnrun.results.forward import LAYERS, Network
from nnrun.results.trained_run import TrainedRun, load_run
from nnrun.training.backend import keras
from nnrun.training.serving import keras_forward
from nnrun.training.trainer import train

CONFIGS = sorted((Path(__file__).parents[2] / "configs").glob("*.yaml"))
SIZES = [0.0, -0.0, 1e-40, 1e-30, 1e-8, 1e-3, 0.5, 1, 3, 6, 20, 88, 104, 1e4, 1e8, 1e20, 1e30]
EXTREMES = np.array([*SIZES, *(-size for size in SIZES)], np.float32)
SIGMOID = {"units": 1, "activation": "sigmoid"}
NUMBERS = {"loss": "mse", "data.target": "dose"}
COMPARED_LAYERS = [
    {"units": 3},
    {"units": 3, "use_bias": False, "activation": "gelu"},
    {"type": "Dropout", "rate": 0.5},
    {"type": "GaussianNoise", "stddev": 0.5},
    {"type": "Activation", "activation": "softmax"},
    {"type": "GaussianDropout", "rate": 0.5},
    {"type": "AlphaDropout", "rate": 0.5},
    {"type": "ReLU"},
    {"type": "ReLU", "max_value": 1.5, "negative_slope": 0.2, "threshold": 0.7},
    {"type": "ReLU", "max_value": 6},
    {"type": "LeakyReLU", "negative_slope": 0.05},
    {"type": "LeakyReLU", "negative_slope": 3},
    {"type": "PReLU"},
    {"type": "ELU", "alpha": 0.3},
    {"type": "RMSNormalization"},
    {"type": "RMSNormalization", "epsilon": 0.1},
    {"type": "UnitNormalization"},
    {"type": "BatchNormalization"},
    {"type": "BatchNormalization", "scale": False, "epsilon": 0.1},
    {"type": "BatchNormalization", "center": False},
    {"type": "BatchNormalization", "center": False, "scale": False},
    {"type": "LayerNormalization"},
    {"type": "LayerNormalization", "scale": False, "epsilon": 1e-6},
    {"type": "LayerNormalization", "center": False},
    {"type": "LayerNormalization", "center": False, "scale": False},
]


def rows(inputs: int) -> Any:
    """Return plain rows, and rows in which one input or all are extreme."""
    generator = np.random.default_rng(0)
    plain = generator.normal(size=(500, inputs))
    one_extreme = np.repeat(EXTREMES[:, None], inputs, axis=1) * np.eye(inputs)[0]
    all_extreme = EXTREMES[:, None] * generator.uniform(0.5, 1, size=inputs)
    return np.concatenate([plain, one_extreme, all_extreme]).astype(np.float32)


def assert_same(ours: Any, theirs: Any) -> None:
    """Assert that numbers agree to 1e-5 of them, or to 2e-6 below 0.2."""
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)


UNDEFINED_AT_INFINITY = ("log_softmax", "softmax")
"""The activations that divide infinity by infinity. Which units TensorFlow makes NaN then depends on
the processor."""


@pytest.mark.parametrize("name", UNDEFINED_AT_INFINITY)
def test_what_divides_infinity_by_infinity_is_not_a_number(name):
    x = np.array([[np.inf, -np.inf, 0, 1]], np.float32)
    theirs = np.asarray(keras.activations.get(name)(keras.ops.convert_to_tensor(x)))
    with np.errstate(all="ignore"):
        ours = ACTIVATIONS[name](x)
    assert np.isnan(ours[0, 0])
    assert np.isnan(theirs[0, 0])


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_an_activation_gives_what_keras_gives(name):
    generator = np.random.default_rng(0)
    x = np.concatenate(
        [
            np.stack([np.roll(EXTREMES, shift) for shift in range(4)], axis=1),
            generator.normal(size=(1_000, 4)) * 5,
            [[-np.inf, -np.inf, 0, 1], [np.nan] * 4],
        ]
    ).astype(np.float32)
    if name not in UNDEFINED_AT_INFINITY:
        x = np.concatenate([x, np.array([[np.inf, -np.inf, 0, 1]], np.float32)])
    theirs = np.asarray(keras.activations.get(name)(keras.ops.convert_to_tensor(x)))
    with np.errstate(all="ignore"):
        ours = ACTIVATIONS[name](x)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    "activation", ACTIVATIONS_WITH_ARGUMENTS, ids=lambda each: " ".join(map(str, each.values()))
)
def test_an_activation_with_arguments_gives_what_keras_gives(project, activation):
    config = project.load(
        {**NUMBERS, "layers": [{"units": 5, "activation": activation}, {"units": 1}]}
    )
    assert config.layers[0]["activation"]["name"] == activation["name"]
    assert_agrees(random_run(config), tolerated=1e-5)


def test_every_activation_with_arguments_is_compared():
    compared = {each["name"] for each in ACTIVATIONS_WITH_ARGUMENTS}
    assert compared == keras_catalog.OBJECTS_OF_ACTIVATIONS.keys()


def test_every_activation_and_layer_of_a_config_is_there():
    layers = keras_catalog.LAYER.catalog
    assert sorted(LAYERS) == sorted(layers)
    assert sorted(ACTIVATIONS) == sorted(keras_catalog.ACTIVATIONS)


@pytest.mark.parametrize(
    "layer", COMPARED_LAYERS, ids=lambda layer: " ".join(map(str, layer.values()))
)
def test_a_layer_gives_what_keras_gives(project, layer):
    config = project.load({**NUMBERS, "layers": [{"units": 5}, layer, {"units": 1}]})
    assert_agrees(random_run(config), tolerated=1e-5)


@pytest.mark.parametrize(
    "layer", COMPARED_LAYERS, ids=lambda layer: " ".join(map(str, layer.values()))
)
def test_a_layer_gives_what_keras_gives_of_the_table_itself(project, layer):
    config = project.load({**NUMBERS, "layers": [layer, {"units": 1}], "data.normalize": False})
    assert_agrees(random_run(config), tolerated=1e-5)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_network_of_an_activation_gives_what_keras_gives_of_extremes(project, activation):
    layers = [{"units": 6, "activation": activation}, {"units": 1}]
    config = project.load({**NUMBERS, "layers": layers, "data.normalize": False})
    assert_agrees(random_run(config), tolerated=1e-5)


def test_every_layer_of_a_config_is_compared():
    compared = {layer.get("type", "Dense") for layer in COMPARED_LAYERS}
    assert compared == keras_catalog.LAYER.catalog.keys()


def assert_agrees(run: TrainedRun, tolerated: float) -> None:
    """Assert that the two agree, up to what sums of a row's largest numbers leave of small ones."""
    x = rows(len(run.encoder.inputs))
    ours = run.forward(x)
    theirs = keras_forward(run)(x)
    assert ours.dtype == np.float32
    assert (np.isfinite(ours) == np.isfinite(theirs)).all()
    finite = np.isfinite(ours)
    largest = [np.abs(activity).max(axis=1) for _, activity in run.network.layer_outputs(x)]
    scale = np.max(largest, axis=0)[:, None]
    apart = np.abs(ours[finite].astype(float) - theirs[finite])
    assert (apart <= tolerated * np.broadcast_to(scale, ours.shape)[finite] + 2e-6).all()


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_network_of_an_activation_gives_what_keras_gives(project, activation):
    layers = [{"units": 6, "activation": activation}, {"type": "BatchNormalization"}, SIGMOID]
    run = random_run(project.load(layers=layers))
    assert_same(run.forward(rows(4)[:500]), keras_forward(run)(rows(4)[:500]))


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": [{"units": 6, "activation": "relu"}, SIGMOID]},
        {"layers": [{"units": 1}], "loss": {"name": "bce", "from_logits": True}},
        {"layers": [{"units": 6}, {"type": "Dropout", "rate": 0.3}, SIGMOID]},
        {"layers": [SIGMOID], "data.normalize": False},
        {
            "layers": [{"units": 3, "activation": "softmax"}],
            "loss": "SparseCategoricalCrossentropy",
        },
        {
            "layers": [{"units": 3}],
            "loss": {"name": "SparseCategoricalCrossentropy", "from_logits": True},
        },
        {**NUMBERS, "layers": [{"units": 6, "activation": "tanh"}, {"units": 1}]},
        {**NUMBERS, "layers": [{"units": 1}], "data.normalize": False},
        {**NUMBERS, "data.target": ["dose", "height"], "layers": [{"units": 2}]},
        {**NUMBERS, "layers": [{"units": 1}], "data.clip": 3.5},
        {**NUMBERS, "layers": [{"units": 1}], "data.target_transform": "log1p"},
        {**NUMBERS, "layers": [{"units": 1}], "data.numeric": "robust"},
        {**NUMBERS, "layers": [{"units": 1}], "data.numeric": {"name": "ple", "bins": 3}},
        {**NUMBERS, "layers": [{"units": 1}], "data.numeric": {"name": "ple", "values": True}},
    ],
    ids=[
        "probability",
        "logit",
        "dropout",
        "not standardised",
        "probabilities",
        "logits",
        "number",
        "number not standardised",
        "two numbers",
        "bounded inputs",
        "logarithms",
        "robust scales",
        "piecewise-linear codes",
        "numbers beside their codes",
    ],
)
def test_what_is_predicted_is_what_keras_predicts(project, changes):
    run = random_run(project.load(changes))
    x = rows(4)
    ours, theirs = run.forward(x), keras_forward(run)(x)
    assert (np.isfinite(ours) == np.isfinite(theirs)).all()
    assert_same(ours[:500], theirs[:500])
    if run.config.is_classes:
        finite = np.isfinite(ours)
        assert np.abs(ours[finite] - theirs[finite]).max() <= 2e-6


@pytest.mark.parametrize(
    "path",
    usual({path.stem: path for path in CONFIGS}, "digits", "seattle-weather"),
)
def test_a_shipped_config_predicts_what_keras_predicts(tmp_path, path):
    from nnrun.config.loading import load_config
    from nnrun.features.loading import load_dataset

    dataset = load_dataset(load_config(path, ("epochs=2", "expect={}")))
    train(dataset, stem="x", path=tmp_path / "run")
    run = load_run(tmp_path / "run")
    x = np.concatenate([dataset.train.x, rows(len(run.encoder.inputs))])
    assert_same(run.forward(x)[: len(dataset.train.x)], keras_forward(run)(dataset.train.x))
    theirs = keras_forward(run)(x)
    assert (np.isfinite(run.forward(x)) == np.isfinite(theirs)).all()


def test_rows_in_several_blocks_are_the_same_rows(project, monkeypatch):
    run = random_run(project.load(layers=[{"units": 50, "activation": "relu"}, SIGMOID]))
    whole = run.forward(rows(4))
    monkeypatch.setattr(forward, "ACTIVATION_CELLS", 1_000)
    np.testing.assert_allclose(run.forward(rows(4)), whole, rtol=1e-6)


def test_no_row_gives_no_prediction(project):
    assert random_run(project.load()).forward(np.zeros((0, 4), np.float32)).shape == (0, 1)


def test_nothing_is_written_of_overflows(project, recwarn):
    network: Network = random_run(project.load()).network
    network(np.full((2, 4), 3e38, np.float32))
    assert not recwarn.list


def test_rows_are_left_as_they_are(project):
    x = rows(4)
    before = x.copy()
    random_run(project.load(layers=[{"type": "Dropout", "rate": 0.1}, SIGMOID])).forward(x)
    assert (x.view(np.int32) == before.view(np.int32)).all()


def test_one_cell_far_out_leads_to_no_absurd_prediction_where_inputs_are_bounded(project):
    run = random_run(project.load({**NUMBERS, "layers": [{"units": 1}], "data.clip": 5}))
    first = run.encoder.inputs[0]
    cells = [first.mean + size * first.variance**0.5 for size in (0, 20, 1e3, 1e9)]
    x = np.tile(np.float32([feature.mean for feature in run.encoder.inputs]), (len(cells), 1))
    x[:, 0] = cells
    usual, *far = run.forward(x)[:, 0]
    slope = run.weights["layers[0].weights[0]"][0, 0] * run.encoder.targets[0].scale
    assert far == pytest.approx([usual + 5 * slope] * 3, rel=0.01)
