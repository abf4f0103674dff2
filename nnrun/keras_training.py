"""What Keras 3.15's compile and fit take, as data: optimizers, losses, metrics, callbacks.

Held against the installed Keras by `tests/test_keras_names.py`, as `keras_layers.py` is.
"""

from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le, Lt

from nnrun.named import (
    REQUIRED,
    Arguments,
    Count,
    Fraction,
    NonNegative,
    Positive,
    Probability,
    Table,
    Units,
)

_OPTIMIZER: Arguments = {
    "weight_decay": (NonNegative | None, None),
    "clipnorm": (Positive | None, None),
    "clipvalue": (Positive | None, None),
    "global_clipnorm": (Positive | None, None),
    "use_ema": (bool, False),
    "ema_momentum": (Probability, 0.99),
    "ema_overwrite_frequency": (Units | None, None),
    "loss_scale_factor": (Positive | None, None),
    "gradient_accumulation_steps": (Annotated[int, Ge(2)] | None, None),
}
_RATE: Arguments = {"learning_rate": (Positive, 0.001)}
_BETAS: Arguments = {"beta_1": (Fraction, 0.9), "beta_2": (Fraction, 0.999)}
_EPSILON: Arguments = {"epsilon": (Positive, 1e-7)}
_ADAM: Arguments = {**_OPTIMIZER, **_RATE, **_BETAS, **_EPSILON}

OPTIMIZERS: Table = {
    "Adadelta": {**_OPTIMIZER, **_RATE, "rho": (Fraction, 0.95), **_EPSILON},
    "Adafactor": {
        **_OPTIMIZER,
        **_RATE,
        "beta_2_decay": (Annotated[float, Lt(0)], -0.8),
        "epsilon_1": (Positive, 1e-30),
        "epsilon_2": (Positive, 0.001),
        "clip_threshold": (Positive, 1.0),
        "relative_step": (bool, True),
    },
    "Adagrad": {
        **_OPTIMIZER,
        **_RATE,
        "initial_accumulator_value": (NonNegative, 0.1),
        **_EPSILON,
    },
    "Adam": {**_ADAM, "amsgrad": (bool, False)},
    "AdamW": {**_ADAM, "weight_decay": (NonNegative, 0.004), "amsgrad": (bool, False)},
    "Adamax": _ADAM,
    "Ftrl": {
        **_OPTIMIZER,
        **_RATE,
        "learning_rate_power": (Annotated[float, Le(0)], -0.5),
        "initial_accumulator_value": (NonNegative, 0.1),
        "l1_regularization_strength": (NonNegative, 0.0),
        "l2_regularization_strength": (NonNegative, 0.0),
        "l2_shrinkage_regularization_strength": (NonNegative, 0.0),
        "beta": (NonNegative, 0.0),
    },
    "Lamb": _ADAM,
    "Lion": {
        **_OPTIMIZER,
        **_RATE,
        "beta_1": (Annotated[float, Gt(0), Le(1)], 0.9),
        "beta_2": (Fraction, 0.99),
    },
    "Muon": {
        **_OPTIMIZER,
        **_RATE,
        "adam_beta_1": (Fraction, 0.9),
        "adam_beta_2": (Fraction, 0.999),
        "adam_weight_decay": (NonNegative, 0.004),
        **_EPSILON,
        "weight_decay": (NonNegative, 0.004),
        "exclude_embeddings": (bool, True),
        "muon_a": (float, 3.4445),
        "muon_b": (float, -4.775),
        "muon_c": (float, 2.0315),
        "adam_lr_ratio": (Positive, 1),
        "momentum": (Fraction, 0.95),
        "ns_steps": (Units, 5),
        "nesterov": (bool, True),
        "rms_rate": (NonNegative, 0.2),
    },
    "Nadam": _ADAM,
    "RMSprop": {
        **_OPTIMIZER,
        **_RATE,
        "rho": (Fraction, 0.9),
        "momentum": (Fraction, 0.0),
        **_EPSILON,
        "centered": (bool, False),
    },
    "SGD": {
        **_OPTIMIZER,
        "learning_rate": (Positive, 0.01),
        "momentum": (Probability, 0.0),
        "nesterov": (bool, False),
    },
    "ScheduleFreeAdamW": {
        **_OPTIMIZER,
        "learning_rate": (Positive, 0.0025),
        **_BETAS,
        "epsilon": (Positive, 1e-8),
        "warmup_steps": (Count, 0),
    },
}

_REDUCTION: Arguments = {
    "reduction": (
        Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"],
        "sum_over_batch_size",
    )
}

LOSSES: Table = {
    "BinaryCrossentropy": {
        "from_logits": (bool, False),
        "label_smoothing": (Probability, 0.0),
        **_REDUCTION,
    },
    "MeanSquaredError": _REDUCTION,
}

_THRESHOLDS: Arguments = {"thresholds": (Probability | list[Probability] | None, None)}
_NUM_THRESHOLDS: Arguments = {"num_thresholds": (Units, 200)}

# Metrics for one yes/no output and for numbers; lint says which goes with which loss.
CLASS_METRICS: Table = {
    "AUC": {
        "num_thresholds": (Annotated[int, Ge(2)], 200),
        "curve": (Literal["ROC", "PR", "PRGAIN"], "ROC"),
        "summation_method": (
            Literal["interpolation", "minoring", "majoring"],
            "interpolation",
        ),
    },
    "BinaryAccuracy": {"threshold": (Annotated[float, Gt(0), Lt(1)], 0.5)},
    "BinaryCrossentropy": {"label_smoothing": (Probability, 0)},
    "F1Score": {
        "average": (Literal["micro", "macro", "weighted"] | None, None),
        "threshold": (Annotated[float, Gt(0), Le(1)] | None, None),
    },
    "FBetaScore": {
        "average": (Literal["micro", "macro", "weighted"] | None, None),
        "beta": (Positive, 1.0),
        "threshold": (Annotated[float, Gt(0), Le(1)] | None, None),
    },
    "FalseNegatives": _THRESHOLDS,
    "FalsePositives": _THRESHOLDS,
    "Hinge": {},
    "Precision": _THRESHOLDS,
    "PrecisionAtRecall": {"recall": (Probability, REQUIRED), **_NUM_THRESHOLDS},
    "Recall": _THRESHOLDS,
    "RecallAtPrecision": {"precision": (Probability, REQUIRED), **_NUM_THRESHOLDS},
    "SensitivityAtSpecificity": {"specificity": (Probability, REQUIRED), **_NUM_THRESHOLDS},
    "SpecificityAtSensitivity": {"sensitivity": (Probability, REQUIRED), **_NUM_THRESHOLDS},
    "SquaredHinge": {},
    "TrueNegatives": _THRESHOLDS,
    "TruePositives": _THRESHOLDS,
}
NUMBER_METRICS: Table = {
    "ConcordanceCorrelation": {"axis": (int, -1)},
    "CosineSimilarity": {"axis": (int, -1)},
    "LogCoshError": {},
    "MeanAbsoluteError": {},
    "MeanAbsolutePercentageError": {},
    "MeanSquaredError": {},
    "MeanSquaredLogarithmicError": {},
    "PearsonCorrelation": {"axis": (int, -1)},
    "Poisson": {},
    "R2Score": {
        "class_aggregation": (
            Literal["uniform_average", "variance_weighted_average"],
            "uniform_average",
        ),
        "num_regressors": (Count, 0),
    },
    "RootMeanSquaredError": {},
}
METRIC_ALIASES = {
    "bce": "BinaryCrossentropy",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "mse": "MeanSquaredError",
    "msle": "MeanSquaredLogarithmicError",
    "accuracy": "BinaryAccuracy",
    "acc": "BinaryAccuracy",
}
METRICS: Table = {**CLASS_METRICS, **NUMBER_METRICS}
