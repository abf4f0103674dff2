"""The loss and every metric of a config are those of `model.evaluate`."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from support.marks import exhaustive, usual
from support.networks import random_run

from nnrun.config import keras_catalog
from nnrun.config.keras_catalog import CATEGORICAL_METRICS, METRIC, NUMBER_METRICS
from nnrun.results.evaluation import Evaluation
from nnrun.results.trained_run import TrainedRun
from nnrun.training.backend import keras
from nnrun.training.build_model import build_network, compile_model

ROWS = 700
SIGMOID = {"units": 1, "activation": "sigmoid"}
SOFTMAX = {"units": 3, "activation": "softmax"}
BINARY = {"layers": [{"units": 5, "activation": "tanh"}, SIGMOID], "loss": "bce"}
SPARSE = {"layers": [{"units": 5}, SOFTMAX], "loss": "SparseCategoricalCrossentropy"}
NUMBER = {"layers": [{"units": 1}], "loss": "mse", "data.target": "dose"}
COUNT = {**NUMBER, "layers": [{"units": 1, "activation": "softplus"}]}
FOCAL = {"name": "BinaryFocalCrossentropy", "gamma": 1.5}
NUMBERS = {**NUMBER, "layers": [{"units": 2}], "data.target": ["dose", "height"]}
MULTILABEL = {
    **BINARY,
    "layers": [{"units": 5, "activation": "tanh"}, {**SIGMOID, "units": 2}],
    "data.target": ["dose", "height"],
}
ARGUMENTS: dict[str, list[dict[str, Any]]] = {
    "AUC": [
        {"curve": curve, "summation_method": method, "num_thresholds": thresholds}
        for curve in ("ROC", "PR", "PRGAIN")
        for method in ("interpolation", "minoring", "majoring")
        for thresholds in (2, 3, 200)
    ],
    "BinaryAccuracy": [{"threshold": 0.3}],
    "BinaryCrossentropy": [{"label_smoothing": 0.2}],
    "F1Score": [{"average": "weighted"}, {"average": "micro", "threshold": 0.4}],
    "FBetaScore": [{"beta": 2.0, "threshold": 0.4}, {"average": "macro", "beta": 0.5}],
    "FalseNegatives": [{"thresholds": 0.7}],
    "FalsePositives": [{"thresholds": 0.7}],
    "Precision": [{"thresholds": 0.7}],
    "PrecisionAtRecall": [{"recall": 0.6}, {"recall": 0.0, "num_thresholds": 2}],
    "R2Score": [{"class_aggregation": "variance_weighted_average"}],
    "Recall": [{"thresholds": 0.7}],
    "RecallAtPrecision": [{"precision": 0.5}],
    "SensitivityAtSpecificity": [{"specificity": 0.5}],
    "SparseTopKCategoricalAccuracy": [{"k": 1}, {"k": 2}, {"k": 3}],
    "SpecificityAtSensitivity": [{"sensitivity": 0.5}],
    "TrueNegatives": [{"thresholds": 0.0}],
    "TruePositives": [{"thresholds": 1.0}],
}


def table(run: TrainedRun) -> tuple[Any, Any]:
    """Return rows in the units of the encoder, and targets."""
    generator = np.random.default_rng(1)
    inputs = run.encoder.inputs
    deviations = np.sqrt([feature.variance for feature in inputs])
    x = [feature.mean for feature in inputs] + deviations * generator.normal(size=(ROWS, 4))
    if run.config.is_multilabel:
        y = generator.integers(0, 2, (ROWS, len(run.encoder.targets)))
    elif run.config.is_classes:
        y = generator.integers(0, len(run.encoder.labels), (ROWS, 1))
    else:
        y = generator.normal(size=(ROWS, len(run.encoder.targets))) * 5
    return x.astype(np.float32), y.astype(np.float32)


def evaluated_by_keras(run: TrainedRun, x: Any, y: Any, weights: Any = None) -> dict[str, float]:
    """Return what `model.evaluate` gives in a graph, as it is used."""
    model = build_network(run.config, run.encoder)
    model.set_weights(list(run.weights.values()))
    compile_model(model, run.config, rows=0)
    logs = model.evaluate(
        x, y, batch_size=run.config.batch_size, sample_weight=weights, verbose=0, return_dict=True
    )
    return {name: np.asarray(value).item() for name, value in logs.items()}


def evaluated(run: TrainedRun, x: Any, y: Any, weights: Any = None) -> dict[str, float]:
    """Return the loss and the metrics over blocks of rows that are not batches."""
    evaluation = Evaluation(run.config, run.network)
    for start in range(0, ROWS, 150):
        block = slice(start, start + 150)
        of_block = None if weights is None else weights[block]
        evaluation.add(x[block], y[block], run.network.outputs(x[block]), of_block)
    return evaluation.result()


def assert_same(run: TrainedRun) -> None:
    x, y = table(run)
    weights = None
    if run.config.data.sample_weight is not None:
        weights = np.random.default_rng(2).integers(0, 4, ROWS) / 2
    ours, theirs = evaluated(run, x, y, weights), evaluated_by_keras(run, x, y, weights)
    assert list(ours) == run.config.logged[: len(ours)]
    # Keras takes the area of PRGAIN from float32 sums near 1, which are exact to 1.2e-7.
    assert ours == pytest.approx(theirs, rel=2e-6, abs=2e-7, nan_ok=True)


Choose = Callable[[list[Any]], list[Any]]


def named(names: Any, choose: Choose) -> list[dict[str, Any]]:
    """Return each metric with the arguments that it needs, and with a choice of others."""
    specs = []
    for name in sorted(names):
        needed = {a: 0.4 for a, (_, default) in METRIC.catalog[name].items() if default is ...}
        specs += [
            {"name": name, **arguments} for arguments in [needed, *choose(ARGUMENTS.get(name, []))]
        ]
    return specs


BINARY_METRICS = set(METRIC.catalog) - NUMBER_METRICS - CATEGORICAL_METRICS


def all_in_one_run(project: Any, changes: dict[str, Any], names: Any, choose: Choose) -> None:
    """Evaluate every metric: several at a time, since a run names each once."""
    specs = named(names, choose)
    while specs:
        first_of_each = {spec["name"]: spec for spec in reversed(specs)}
        specs = [spec for spec in specs if spec not in first_of_each.values()]
        assert_same(random_run(project.load({**changes, "metrics": [*first_of_each.values()]})))


def test_metrics_of_two_labels_are_those_of_keras(project, choose):
    all_in_one_run(project, BINARY, BINARY_METRICS, choose)


WEIGHTED = {"data.sample_weight": "weight"}


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        exhaustive(BINARY, BINARY_METRICS, id="two labels"),
        pytest.param(SPARSE, CATEGORICAL_METRICS, id="several labels"),
        pytest.param(NUMBERS, NUMBER_METRICS, id="numbers"),
    ],
)
def test_weighted_metrics_are_those_of_keras(project, choose, changes, names):
    all_in_one_run(project, {**changes, **WEIGHTED}, names, choose)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_reductions_of_weighted_losses_are_those_of_keras(project, reduction):
    loss = {"name": "BinaryCrossentropy", "reduction": reduction}
    assert_same(random_run(project.load({**BINARY, **WEIGHTED, "loss": loss})))


AVERAGED = [
    {"name": name, "threshold": 0.4, "average": average}
    for name in ("F1Score", "FBetaScore")
    for average in ("micro", "macro", "weighted")
]


@pytest.mark.exhaustive
def test_metrics_of_several_targets_of_two_labels_are_those_of_keras(project, choose):
    names = BINARY_METRICS - {"F1Score", "FBetaScore"}
    all_in_one_run(project, MULTILABEL, names, choose)
    for metric in choose(AVERAGED):
        area = {"name": "AUC", "multi_label": True, "curve": "PR"}
        assert_same(random_run(project.load({**MULTILABEL, "metrics": [metric, area]})))


def test_metrics_of_two_labels_with_logits_are_those_of_keras(project, choose):
    from nnrun.checks.metrics import TAKE_LOGITS

    changes = {"layers": [{"units": 1}], "loss": {"name": "bce", "from_logits": True}}
    all_in_one_run(project, changes, TAKE_LOGITS, choose)


@pytest.mark.parametrize("last", [SOFTMAX, {"units": 3}], ids=["probabilities", "logits"])
def test_metrics_of_several_labels_are_those_of_keras(project, choose, last):
    loss = {"name": "SparseCategoricalCrossentropy", "from_logits": last != SOFTMAX}
    all_in_one_run(project, {"layers": [last], "loss": loss}, CATEGORICAL_METRICS, choose)


@pytest.mark.parametrize("changes", [NUMBER, NUMBERS], ids=["one target", "two targets"])
def test_metrics_of_numbers_are_those_of_keras(project, choose, changes):
    names = NUMBER_METRICS - {"Poisson", "MeanSquaredLogarithmicError"}
    all_in_one_run(project, changes, names, choose)


def test_metrics_of_positive_numbers_are_those_of_keras(project, choose):
    layers = [{"units": 1, "activation": "softplus"}]
    all_in_one_run(project, {**NUMBER, "layers": layers}, NUMBER_METRICS, choose)


LOSSES: dict[str, dict[str, Any]] = {
    "probabilities of a sigmoid": BINARY,
    "probabilities of no sigmoid": {"layers": [{"units": 1, "activation": "hard_sigmoid"}]},
    "a sigmoid before dropout": {"layers": [SIGMOID, {"type": "Dropout", "rate": 0.5}]},
    "a sigmoid as a layer": {
        "layers": [{"units": 1}, {"type": "Activation", "activation": "sigmoid"}]
    },
    "an output beyond 0 and 1": {"layers": [{"units": 1}]},
    "smoothed labels": {**BINARY, "loss": {"name": "bce", "label_smoothing": 0.1}},
    "smoothed labels and logits": {
        "layers": [{"units": 1}],
        "loss": {"name": "bce", "label_smoothing": 0.1, "from_logits": True},
    },
    "a sum": {**BINARY, "loss": {"name": "bce", "reduction": "sum"}},
    "a sum of squares": {**NUMBERS, "loss": {"name": "mse", "reduction": "sum"}},
    "a mean": {**SPARSE, "loss": {"name": SPARSE["loss"], "reduction": "mean"}},
    "a weighted mean": {
        **BINARY,
        "loss": {"name": "bce", "reduction": "mean_with_sample_weight"},
    },
    "several labels of no softmax": {**SPARSE, "layers": [{"units": 3, "activation": "sparsemax"}]},
    "several labels of sigmoids": {**SPARSE, "layers": [{"units": 3, "activation": "sigmoid"}]},
    "squares of two targets": NUMBERS,
    "two targets of two labels": MULTILABEL,
    "logits of two targets, a focus on hard rows": {
        **MULTILABEL,
        "layers": [{"units": 2}],
        "loss": {**FOCAL, "from_logits": True},
    },
    "a focus on hard rows": {**BINARY, "loss": FOCAL},
    "a focus on hard rows of no sigmoid": {
        "layers": [{"units": 1, "activation": "hard_sigmoid"}],
        "loss": {**FOCAL, "label_smoothing": 0.1},
    },
    "a focus on balanced labels and logits": {
        "layers": [{"units": 1}],
        "loss": {**FOCAL, "from_logits": True, "apply_class_balancing": True, "alpha": 0.7},
    },
    "smoothed labels of a softmax": {
        **SPARSE,
        "loss": {"name": "CategoricalCrossentropy", "label_smoothing": 0.15},
    },
    "smoothed labels of sigmoids": {
        "layers": [{"units": 3, "activation": "sigmoid"}],
        "loss": {"name": "CategoricalCrossentropy", "label_smoothing": 0.3, "reduction": "sum"},
    },
    "smoothed labels and several logits": {
        "layers": [{"units": 3}],
        "loss": {"name": "CategoricalCrossentropy", "label_smoothing": 0.1, "from_logits": True},
        "metrics": ["accuracy", "sparse_categorical_crossentropy"],
    },
    "a focus on hard rows of several labels": {
        **SPARSE,
        "loss": {"name": "CategoricalFocalCrossentropy", "gamma": 1.2, "alpha": 0.6},
    },
    "a focus on hard rows of several logits": {
        "layers": [{"units": 3}],
        "loss": {
            "name": "CategoricalFocalCrossentropy",
            "from_logits": True,
            "label_smoothing": 0.2,
        },
    },
    "absolute errors": {**NUMBERS, "loss": "mae"},
    "errors in per cent": {**NUMBERS, "loss": "mape"},
    "Huber": {**NUMBERS, "loss": {"name": "Huber", "delta": 2.5}},
    "LogCosh": {**NUMBERS, "loss": "LogCosh"},
    "logarithms of targets": {
        **NUMBER,
        "layers": [SIGMOID],
        "loss": "mse",
        "data.target_transform": "log1p",
    },
    "squares of logarithms": {**COUNT, "loss": "msle"},
    "Poisson": {**COUNT, "loss": {"name": "Poisson", "reduction": "sum"}},
    "regularized alphas": {
        "layers": [{"units": 5}, {"type": "PReLU", "alpha_regularizer": {"l2": 0.5}}, SIGMOID]
    },
    "regularized weights": {
        "layers": [
            {"units": 5, "kernel_regularizer": {"l1": 0.1, "l2": 0.2}, "bias_regularizer": "l1"},
            {"type": "BatchNormalization", "scale": False, "beta_regularizer": {"l2": 0.3}},
            {"type": "LayerNormalization", "gamma_regularizer": "L2", "center": False},
            {**SIGMOID, "kernel_regularizer": "L1", "use_bias": False},
        ]
    },
    "orthogonal kernels": {
        "layers": [
            {"units": 5, "kernel_regularizer": "OrthogonalRegularizer"},
            {
                "units": 3,
                "kernel_regularizer": {"name": "OrthogonalRegularizer", "mode": "columns"},
            },
            SIGMOID,
        ]
    },
    "regularized activities": {
        "layers": [
            {"units": 5, "activation": "relu", "activity_regularizer": {"l1": 0.1, "l2": 0.2}},
            {**SIGMOID, "activity_regularizer": "l2"},
        ]
    },
    "weights of labels, which evaluation leaves out": {**BINARY, "class_weight": {"0": 1, "1": 9}},
}


USUAL = (
    "probabilities of no sigmoid",
    "a sigmoid as a layer",
    "smoothed labels and logits",
    "a sum of squares",
    "a mean",
    "several labels of no softmax",
    "smoothed labels and several logits",
    "a focus on hard rows of several labels",
    "regularized weights",
    "orthogonal kernels",
    "regularized activities",
)


@pytest.mark.parametrize("changes", usual(LOSSES, *USUAL))
@pytest.mark.filterwarnings("ignore:.*`from_logits=True`")
def test_the_loss_is_that_of_keras(project, changes):
    assert_same(random_run(project.load({**changes, "batch_size": 64})))


@pytest.mark.parametrize("name", sorted(keras_catalog.LOSS.catalog))
def test_a_weighted_loss_is_that_of_keras(project, name):
    changes = next(each for each in LOSSES.values() if canonical_loss(each) == name)
    assert_same(random_run(project.load({**changes, **WEIGHTED})))


def test_every_loss_of_a_config_is_compared():
    compared = {canonical_loss(changes) for changes in LOSSES.values()}
    assert compared == set(keras_catalog.LOSS.catalog)


def canonical_loss(changes: dict[str, Any]) -> str:
    """Return Keras's name of the loss that changes of a config lead to."""
    loss = changes.get("loss", "bce")
    return keras_catalog.LOSS.canonical(loss if isinstance(loss, str) else loss["name"])


def test_every_metric_of_a_config_is_compared():
    assert METRIC.catalog.keys() == BINARY_METRICS | CATEGORICAL_METRICS | NUMBER_METRICS


def test_every_metric_of_a_config_has_its_function():
    from nnrun.results.keras_metrics import OTHERS
    from nnrun.results.losses import MEANS

    assert set(MEANS) | set(OTHERS) == set(METRIC.catalog)
    assert all(hasattr(keras.metrics, name) for name in METRIC.catalog)
