"""Runs of random weights that were never trained."""

from typing import Any

import numpy as np

from nnrun.config.architecture import weight_shapes
from nnrun.config.keras_catalog import LOSSES_OF_SEVERAL_LABELS
from nnrun.config.schema import Config
from nnrun.features.dataset import Dataset
from nnrun.features.encoder import Encoder
from nnrun.features.feature import Feature, Target
from nnrun.results.ensemble import make_any_network
from nnrun.results.forward import make_network
from nnrun.results.trained_run import TrainedRun

LABELS = {
    "BinaryCrossentropy": ["0", "1"],
    "BinaryFocalCrossentropy": ["0", "1"],
    **{loss: ["a", "b", "c"] for loss in LOSSES_OF_SEVERAL_LABELS},
}

ACTIVATIONS_WITH_ARGUMENTS: list[dict[str, Any]] = [
    {"name": "celu", "alpha": 0.3},
    {"name": "elu", "alpha": 0.4},
    {"name": "gelu", "approximate": True},
    {"name": "hard_shrink", "threshold": 0.2},
    {"name": "leaky_relu", "negative_slope": 0.05},
    {"name": "relu", "max_value": 1.5, "negative_slope": 0.1, "threshold": 0.3},
    {"name": "relu", "max_value": 2},
    {"name": "soft_shrink", "threshold": 0.1},
    {"name": "squareplus", "b": 0.7},
]


def random_encoder(inputs: int, targets: int, labels: list[str]) -> Encoder:
    """Return an encoder of columns with statistics of every size."""
    generator = np.random.default_rng(5)
    features = [
        Feature(
            name=f"x{i}",
            kind="number",
            mean=float(generator.normal() * 10.0**i),
            variance=float(10.0 ** (2 * i - 2)),
        )
        for i in range(inputs)
    ]
    names = ["dose", "height"][:targets]
    known = [Target(name=name, scale=3.0, offset=-7.0) for name in names]
    if labels and targets > 1:
        known = [Target(name=name, labels=labels) for name in names]
        labels = []
    elif labels:
        known = [Target(name="label")]
    return Encoder(features=features, targets=known, labels=labels)


def random_weights(config: Config, inputs: int) -> dict[str, Any]:
    """Return weights of the network, positive where a variance may be."""
    generator = np.random.default_rng(3)
    weights = {}
    for name, (shape, _) in weight_shapes(config, inputs).items():
        values = generator.normal(size=shape)
        is_vector = len(shape) == 1
        weights[name] = np.asarray(abs(values) if is_vector else values, np.float32)
    return weights


def random_run(config: Config, inputs: int = 4) -> TrainedRun:
    """Return a run of random weights that was never trained."""
    encoder = random_encoder(inputs, len(config.data.target), LABELS.get(config.loss["name"], []))
    weights = random_weights(config, inputs)
    network = make_network(config, encoder, weights)
    return TrainedRun(config, encoder, weights, network, network)


def untrained_run(dataset: Dataset) -> TrainedRun:
    """Return a run that has the encoder of a dataset and small random weights."""
    config = dataset.config
    weights = random_weights(config, dataset.encoder.width)
    weights = {name: values * np.float32(0.3) for name, values in weights.items()}
    network = make_any_network(config, dataset.encoder, weights)
    return TrainedRun(config, dataset.encoder, weights, network, network)
