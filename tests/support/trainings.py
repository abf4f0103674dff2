"""What training is compared on: changes of the good config, by what they try."""

from typing import Any

HIDDEN = {"units": 6, "activation": "relu"}
SIGMOID = {"units": 1, "activation": "sigmoid"}
NUMBERS = {"loss": "MeanSquaredError", "data.target": "dose"}

CASES: dict[str, dict[str, Any]] = {
    "plain, last batch smaller": {"batch_size": 8},
    "every batch of the same size": {"batch_size": 9},
    "row weights": {"data.sample_weight": "dose", "class_weight": "balanced"},
    "one batch": {"batch_size": 1000},
    "dropout": {"layers": [HIDDEN, {"type": "Dropout", "rate": 0.3}, SIGMOID]},
    "batch normalisation": {
        "layers": [HIDDEN, {"type": "BatchNormalization"}, SIGMOID],
        "batch_size": 8,
    },
    "batch normalisation, same size": {
        "layers": [HIDDEN, {"type": "BatchNormalization"}, SIGMOID],
        "batch_size": 9,
    },
    "noise and layer normalisation": {
        "layers": [
            {"type": "GaussianNoise", "stddev": 0.1},
            HIDDEN,
            {"type": "LayerNormalization"},
            SIGMOID,
        ]
    },
    "activation layer and regularisers": {
        "layers": [
            {"units": 5, "kernel_regularizer": {"l2": 0.1}},
            {"type": "Activation", "activation": "tanh"},
            SIGMOID,
        ]
    },
    "dropouts, a trained slope and a norm": {
        "layers": [
            {"type": "GaussianDropout", "rate": 0.1},
            {"units": 5},
            {"type": "PReLU"},
            {"type": "AlphaDropout", "rate": 0.1},
            {"type": "RMSNormalization"},
            SIGMOID,
        ],
        "loss": "BinaryFocalCrossentropy",
    },
    "a schedule": {
        "optimizer": {
            "name": "adam",
            "learning_rate": {"name": "CosineDecay", "initial_learning_rate": 0.05},
        }
    },
    "Huber": {
        "layers": [HIDDEN, {"units": 1}],
        "data.target": "dose",
        "loss": {"name": "Huber", "delta": 0.5},
    },
    "class weights": {"class_weight": {"0": 1, "1": 3.5}},
    "logits": {"layers": [HIDDEN, {"units": 1}], "loss": {"name": "bce", "from_logits": True}},
    "early stopping": {
        "epochs": 12,
        "early_stopping": {"patience": 1, "min_delta": 0.03, "restore_best_weights": True},
    },
    "plateau": {
        "epochs": 8,
        "reduce_lr_on_plateau": {"patience": 1, "min_delta": 0.1, "factor": 0.5},
    },
    "moving average of weights": {"optimizer": {"name": "sgd", "use_ema": True, "momentum": 0.9}},
    "metrics": {"metrics": ["accuracy", "AUC", {"name": "precision", "thresholds": 0.3}, "recall"]},
    "numbers": {**NUMBERS, "layers": [HIDDEN, {"units": 1}]},
    "numbers never negative": {**NUMBERS, "layers": [HIDDEN, {"units": 1, "activation": "relu"}]},
    "two targets": {
        "loss": "mse",
        "data.target": ["age", "dose"],
        "layers": [HIDDEN, {"units": 2}],
    },
    "xla": {"jit_compile": True, "batch_size": 8},
    "many at once": {
        "layers": [HIDDEN, {"type": "BatchNormalization"}, SIGMOID],
        "batch_size": 8,
        "class_weight": {"0": 1, "1": 3.5},
        "metrics": ["accuracy", "AUC", {"name": "precision", "thresholds": 0.3}, "recall"],
        "optimizer": {"name": "sgd", "use_ema": True, "momentum": 0.9},
        "epochs": 8,
        "early_stopping": {"patience": 3, "min_delta": 0.03, "restore_best_weights": True},
        "reduce_lr_on_plateau": {"patience": 1, "min_delta": 0.1, "factor": 0.5},
    },
}
