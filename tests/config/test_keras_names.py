"""nnrun's table of Keras's names, held against the installed Keras."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from support import keras_names as oracle
from support.marks import usual_names

import nnrun
from nnrun.config import keras_catalog
from nnrun.config.named import REQUIRED, Named, Spec, snake_case
from nnrun.training.backend import keras
from nnrun.training.build_model import make
from nnrun.training.trainer import train

pytestmark = pytest.mark.skipif(
    keras.__version__ < "3.15", reason="the names are Keras 3.15's; Python 3.10 gets Keras 3.12"
)

FILE = Path(nnrun.__file__).parent / "config" / "keras.json"
NAMES = oracle.keras_names()
MODULES = {
    keras_catalog.LAYER: keras.layers,
    keras_catalog.LOSS: keras.losses,
    keras_catalog.OPTIMIZER: keras.optimizers,
    keras_catalog.SCHEDULE: keras.optimizers.schedules,
    keras_catalog.METRIC: keras.metrics,
    keras_catalog.INITIALIZER: keras.initializers,
    keras_catalog.REGULARIZER: keras.regularizers,
    keras_catalog.CONSTRAINT: keras.constraints,
    keras_catalog.EARLY_STOPPING: keras.callbacks,
    keras_catalog.REDUCE_LR: keras.callbacks,
}
REQUIRED_ARGUMENTS: dict[str, Any] = {
    "units": 3,
    "rate": 0.5,
    "stddev": 0.1,
    "activation": "relu",
    "initial_learning_rate": 0.1,
    "decay_rate": 0.5,
    "boundaries": [2],
    "values": [0.1, 0.01],
    "recall": 0.5,
    "precision": 0.5,
    "specificity": 0.5,
    "sensitivity": 0.5,
}
CLASSES = [
    pytest.param(named, name, id=f"{named.kind}-{name}")
    for named in MODULES
    for name in named.catalog
]
TELLING = (
    keras_catalog.LAYER,
    keras_catalog.OPTIMIZER,
    keras_catalog.INITIALIZER,
    keras_catalog.REGULARIZER,
)  # get_config tells all
MATRIX = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)
LABELS = np.array([[0], [1], [1], [0]], dtype=np.float32)
OUTPUTS = np.array([[0.2], [0.7], [0.4], [0.6]], dtype=np.float32)
BOTH = np.hstack([1 - OUTPUTS, OUTPUTS])  # what is for several labels takes an output for each
TARGETS = {
    "BinaryCrossentropy": "label",
    "MeanSquaredError": "dose",
    "SparseCategoricalCrossentropy": "town",
}


def spec(named: Named, name: str, **arguments: Any) -> Spec:
    """Return the validated mapping of a name, with plausible values for what it requires."""
    kinds = named.catalog.get(named.canonical(name) or "", {})
    needed = {a: REQUIRED_ARGUMENTS[a] for a, (_, default) in kinds.items() if default is REQUIRED}
    needed |= dict.fromkeys(kinds.keys() & set(oracle.OF_THE_RUN), 10)
    validated = named.validate({named.key: name, **needed, **arguments})
    assert isinstance(validated, dict)
    return validated


def use(named: Named, instance: Any) -> Any:
    """Do with a Keras object what training does with it, and return the numbers that come out."""
    if named is keras_catalog.OPTIMIZER:
        weight = keras.Variable(MATRIX)
        instance.build([weight])
        instance.apply([MATRIX], [weight])
        return weight.numpy()
    outputs = BOTH if type(instance).__name__.startswith("Sparse") else OUTPUTS
    if named is keras_catalog.METRIC:
        instance.update_state(LABELS, outputs)
        return np.asarray(instance.result())
    if named is keras_catalog.SCHEDULE:
        return np.asarray(instance(3))
    if type(instance).__name__ in keras_catalog.LOSSES_OF_ONE_HOT:
        return np.asarray(instance(np.hstack([1 - LABELS, LABELS]), BOTH))
    if named is keras_catalog.LOSS:
        return np.asarray(instance(LABELS, outputs))
    if named is keras_catalog.LAYER:
        return np.asarray(instance(MATRIX, training=True))
    if named is keras_catalog.INITIALIZER:
        return np.asarray(instance((4, 3)))
    return np.asarray(instance(keras.ops.convert_to_tensor(MATRIX)))


def test_the_file_is_what_the_installed_keras_says() -> None:
    assert FILE.read_text(encoding="utf-8") == oracle.dump(NAMES), (
        "Keras has changed: python tests/support/keras_names.py > nnrun/config/keras.json"
    )


@pytest.mark.parametrize(("named", "name"), CLASSES)
def test_keras_builds_every_class_with_its_defaults(named: Named, name: str) -> None:
    built = make(MODULES[named], spec(named, name), named.key)
    assert type(built).__name__ == name
    if MODULES[named] is not keras.callbacks:
        assert np.isfinite(use(named, built)).all()


@pytest.mark.parametrize(("named", "name"), [p for p in CLASSES if p.values[0] in TELLING])
def test_the_defaults_are_the_ones_that_keras_itself_uses(named: Named, name: str) -> None:
    arguments = spec(named, name)
    needed = {
        k: REQUIRED_ARGUMENTS[k]
        for k, (_, default) in named.catalog[name].items()
        if default is REQUIRED
    }
    with_defaults = getattr(MODULES[named], name)(**needed).get_config()
    assert make(MODULES[named], arguments, named.key).get_config() | {"name": "", "seed": ""} == (
        with_defaults | {"name": "", "seed": ""}
    )


@pytest.mark.parametrize(
    "loss", usual_names(TARGETS, "MeanSquaredError", "SparseCategoricalCrossentropy")
)
def test_every_metric_gives_one_finite_number_an_epoch(
    project, frame, tmp_path: Path, loss: str
) -> None:
    of_labels = keras_catalog.METRIC.catalog.keys() - keras_catalog.CATEGORICAL_METRICS
    fitting = {
        "BinaryCrossentropy": of_labels,
        "MeanSquaredError": keras_catalog.NUMBER_METRICS,
        "SparseCategoricalCrossentropy": keras_catalog.CATEGORICAL_METRICS,
    }[loss]
    metrics = [
        spec(keras_catalog.METRIC, name) for name in keras_catalog.METRIC.catalog if name in fitting
    ]
    metrics = [{k: v for k, v in metric.items() if v is not None} for metric in metrics]
    changes = {
        "metrics": metrics,
        "loss": loss,
        "data.target": TARGETS[loss],
        "data.features": ["age", "height"],
    }
    if loss == "SparseCategoricalCrossentropy":
        project.table(frame.with_columns(town=pl.Series(["Ely", "Bath", "York"] * 20)))
        changes["layers"] = [{"units": 3, "activation": "softmax"}]
    dataset = project.dataset(changes)
    result = train(dataset, stem="x", path=tmp_path / "run")
    assert [name for name, value in result.metrics.items() if not np.isfinite(value)] == []
    assert len(result.metrics) >= len(fitting)


@pytest.mark.parametrize("activation", NAMES["activations"])
def test_every_activation_works_in_a_dense_layer(activation: str) -> None:
    layer = make(keras.layers, spec(keras_catalog.LAYER, "Dense", activation=activation), "type")
    outputs = use(keras_catalog.LAYER, layer)
    assert outputs.shape == (4, 3)
    assert np.isfinite(outputs).all()


WITH_ARGUMENTS = [
    {"name": name, **arguments} for name, arguments in NAMES["activations"].items() if arguments
]


def test_the_objects_of_activations_compute_what_their_functions_do() -> None:
    assert keras_catalog.OBJECTS_OF_ACTIVATIONS.keys() == {each["name"] for each in WITH_ARGUMENTS}
    for activation in WITH_ARGUMENTS:
        layer = make(keras.layers, {"type": "Activation", "activation": activation}, "type")
        expected = keras.activations.get(activation["name"])(MATRIX)
        np.testing.assert_allclose(use(keras_catalog.LAYER, layer), expected, rtol=1e-6)


@pytest.mark.parametrize("activation", WITH_ARGUMENTS, ids=lambda each: each["name"])
def test_an_activation_whose_arguments_are_defaults_is_its_name(activation: Spec) -> None:
    assert spec(keras_catalog.LAYER, "Activation", activation=activation) == {
        "type": "Activation",
        "activation": activation["name"],
    }


@pytest.mark.parametrize("activation", oracle.LEFT_OUT["activations"])
def test_activations_that_are_left_out_are_refused(activation: str) -> None:
    with pytest.raises(
        ValidationError, match=f"does not support '{activation}', which Keras has: "
    ):
        spec(keras_catalog.LAYER, "Dense", activation=activation)


BASE_CLASSES = {
    "Constraint",
    "Initializer",
    "Layer",
    "LearningRateSchedule",
    "Loss",
    "Metric",
    "Optimizer",
    "Regularizer",
}


@pytest.mark.parametrize("named", MODULES, ids=lambda named: named.kind)
def test_every_class_that_is_not_offered_is_refused_with_a_reason(named: Named) -> None:
    refused = {name for name in named.not_offered if named.canonical(name) is None}
    assert refused - BASE_CLASSES == named.reasons.keys()
    for name, reason in named.reasons.items():
        for spelling in (name, snake_case(name)):
            with pytest.raises(ValidationError) as error:
                named.validate(spelling)
            assert f"{spelling!r}, which Keras has: {reason}" in str(error.value)


@pytest.mark.parametrize("named", MODULES, ids=lambda named: named.kind)
def test_a_base_class_is_refused_with_the_classes_that_a_config_takes(named: Named) -> None:
    for name in BASE_CLASSES.intersection(named.not_offered):
        with pytest.raises(ValidationError, match=f"{name}', which Keras has; known: "):
            named.validate(name)


@pytest.mark.parametrize(("named", "name"), CLASSES)
def test_class_names_and_snake_case_mean_the_same(named: Named, name: str) -> None:
    renamed = (
        {named.key: name} if named.keep_spelling else {}
    )  # a metric is logged as it is written
    for other in (snake_case(name), name.lower()):  # Keras's own `rmsprop`, `adamw`, `l1l2`
        assert {**spec(named, other), **renamed} == spec(named, name)
    assert spec(named, name)[named.key] == name


@pytest.mark.parametrize(
    "name",
    [n for n, arguments in NAMES["metrics"].items() if oracle.REQUIRED not in arguments.values()],
)
def test_metrics_have_the_snake_case_names_that_keras_gives_them(name: str) -> None:
    assert type(keras.metrics.get(snake_case(name))).__name__ == name


@pytest.mark.parametrize("alias", sorted(set(keras_catalog.METRIC.aliases) - {"acc", "accuracy"}))
def test_metric_aliases_mean_what_keras_means_by_them(alias: str) -> None:
    assert type(keras.metrics.get(alias)).__name__ == keras_catalog.METRIC.canonical(alias)


@pytest.mark.parametrize("alias", keras_catalog.LOSS.aliases)
def test_loss_aliases_mean_what_keras_means_by_them(alias: str) -> None:
    assert keras.losses.get(alias).__name__ == snake_case(keras_catalog.LOSS.canonical(alias) or "")


REFUSED_BY_KERAS: list[tuple[Named, str, dict[str, Any]]] = [
    (keras_catalog.LAYER, "Dense", {"units": 0}),
    (keras_catalog.LAYER, "Dense", {"units": -1}),
    (keras_catalog.LAYER, "Dense", {"activation": "rleu"}),
    (keras_catalog.LAYER, "Dense", {"kernel_initializer": "he_norml"}),
    (keras_catalog.LAYER, "Dropout", {"rate": 1.5}),
    (keras_catalog.LAYER, "Dropout", {"rate": -0.1}),
    (keras_catalog.LAYER, "GaussianNoise", {"stddev": -0.1}),
    (keras_catalog.LAYER, "GaussianNoise", {"stddev": 1.5}),
    (keras_catalog.OPTIMIZER, "Adam", {"use_ema": True, "ema_momentum": 1.5}),
    (keras_catalog.OPTIMIZER, "Adam", {"gradient_accumulation_steps": 1}),
    (keras_catalog.OPTIMIZER, "SGD", {"momentum": 1.5}),
    (keras_catalog.OPTIMIZER, "Lion", {"beta_1": 0}),
    (keras_catalog.OPTIMIZER, "Ftrl", {"initial_accumulator_value": -1}),
    (keras_catalog.OPTIMIZER, "Ftrl", {"learning_rate_power": 1}),
    (keras_catalog.INITIALIZER, "VarianceScaling", {"scale": 0}),
    (keras_catalog.INITIALIZER, "VarianceScaling", {"mode": "fan"}),
    (keras_catalog.INITIALIZER, "VarianceScaling", {"distribution": "gaussian"}),
    (keras_catalog.REGULARIZER, "OrthogonalRegularizer", {"mode": "row"}),
    (keras_catalog.LOSS, "MeanSquaredError", {"reduction": "average"}),
    (keras_catalog.METRIC, "AUC", {"num_thresholds": 1}),
    (keras_catalog.METRIC, "AUC", {"curve": "lift"}),
    (keras_catalog.METRIC, "F1Score", {"average": "mean"}),
    (keras_catalog.METRIC, "F1Score", {"threshold": 0}),
    (keras_catalog.METRIC, "FBetaScore", {"beta": 0}),
    (keras_catalog.METRIC, "Precision", {"thresholds": 2}),
    (keras_catalog.METRIC, "Precision", {"thresholds": [0.5, -1]}),
    (keras_catalog.METRIC, "R2Score", {"num_regressors": -1}),
    (keras_catalog.METRIC, "RecallAtPrecision", {"precision": 1.5}),
    (keras_catalog.REDUCE_LR, "ReduceLROnPlateau", {"factor": 1.0}),
]


@pytest.mark.parametrize(
    ("named", "name", "arguments"),
    REFUSED_BY_KERAS,
    ids=[f"{n}-{a}" for _, n, a in REFUSED_BY_KERAS],
)
def test_what_keras_refuses_nnrun_refuses_first(
    named: Named, name: str, arguments: dict[str, Any]
) -> None:
    needed = {
        a: REQUIRED_ARGUMENTS[a] for a, (_, d) in named.catalog[name].items() if d is REQUIRED
    }
    with pytest.raises((ValueError, TypeError)):
        use(named, getattr(MODULES[named], name)(**{**needed, **arguments}))
    with pytest.raises(ValidationError):
        spec(named, name, **arguments)


@pytest.mark.parametrize(
    ("named", "name", "arguments"),
    [
        (keras_catalog.OPTIMIZER, "SGD", {"learning_rate": 0}),
        (keras_catalog.OPTIMIZER, "Adam", {"beta_1": 1.0}),
        (keras_catalog.REGULARIZER, "L2", {"l2": -0.01}),
        (keras_catalog.CONSTRAINT, "MaxNorm", {"max_value": 0}),
        (keras_catalog.EARLY_STOPPING, "EarlyStopping", {"patience": -1}),
        (keras_catalog.EARLY_STOPPING, "EarlyStopping", {"mode": "lowest"}),
        (keras_catalog.LOSS, "BinaryCrossentropy", {"label_smoothing": 2}),
        (keras_catalog.OPTIMIZER, "Adam", {"learning_rate": float("nan")}),
        (keras_catalog.METRIC, "Precision", {"thresholds": [0.3, 0.6]}),  # a metric is one number
    ],
    ids=[
        "no learning rate",
        "a moment that never fades",
        "a negative penalty",
        "no norm at all",
        "negative patience",
        "a mode that is none",
        "too much smoothing",
        "a learning rate that is not a number",
        "two thresholds",
    ],
)
def test_what_keras_lets_through_and_training_cannot_use_is_refused(
    named: Named, name: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError, match=next(iter(arguments))):
        spec(named, name, **arguments)


def test_nested_objects_are_built_with_their_arguments() -> None:
    layer = make(
        keras.layers,
        spec(
            keras_catalog.LAYER,
            "Dense",
            kernel_regularizer={"l2": 0.25},
            bias_initializer={"name": "constant", "value": 2},
            kernel_constraint="non_neg",
        ),
        "type",
    )
    assert float(layer.kernel_regularizer.l2) == 0.25
    assert layer.bias_initializer.value == 2
    assert isinstance(layer.kernel_constraint, keras.constraints.NonNeg)
