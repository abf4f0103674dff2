"""The layers that nnrun builds and what Keras 3.15 lets them take, as data.

This is how a config is checked without importing TensorFlow. `tests/test_keras_names.py` holds every
table here and in `keras_training.py` against the installed Keras: a name, an argument or a default
that differs fails there, and so does one that is new. What nnrun leaves out stands in that test, each
with the reason.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator

from nnrun.named import (
    REQUIRED,
    Arguments,
    Count,
    Named,
    NonNegative,
    Positive,
    Probability,
    Seed,
    Spec,
    Table,
    Units,
    one_of,
)

ACTIVATIONS = frozenset(
    "celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu "
    "linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus "
    "softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink".split()
)

_SEED: Arguments = {"seed": (Seed | None, None)}

INITIALIZERS: Table = {
    "Constant": {"value": (float, 0.0)},
    "GlorotNormal": _SEED,
    "GlorotUniform": _SEED,
    "HeNormal": _SEED,
    "HeUniform": _SEED,
    "Identity": {"gain": (float, 1.0)},
    "LecunNormal": _SEED,
    "LecunUniform": _SEED,
    "Ones": {},
    "Orthogonal": {"gain": (float, 1.0), **_SEED},
    "RandomNormal": {"mean": (float, 0.0), "stddev": (NonNegative, 0.05), **_SEED},
    "RandomUniform": {"minval": (float, -0.05), "maxval": (float, 0.05), **_SEED},
    "TruncatedNormal": {"mean": (float, 0.0), "stddev": (NonNegative, 0.05), **_SEED},
    "VarianceScaling": {
        "scale": (Positive, 1.0),
        "mode": (Literal["fan_in", "fan_out", "fan_avg"], "fan_in"),
        "distribution": (
            Literal["truncated_normal", "untruncated_normal", "uniform"],
            "truncated_normal",
        ),
        **_SEED,
    },
    "Zeros": {},
}

REGULARIZERS: Table = {
    "L1": {"l1": (NonNegative, 0.01)},
    "L1L2": {"l1": (NonNegative, 0.0), "l2": (NonNegative, 0.0)},
    "L2": {"l2": (NonNegative, 0.01)},
    "OrthogonalRegularizer": {
        "factor": (NonNegative, 0.01),
        "mode": (Literal["rows", "columns"], "rows"),
    },
}

CONSTRAINTS: Table = {
    "MaxNorm": {"max_value": (Positive, 2), "axis": (Count, 0)},
    "MinMaxNorm": {
        "min_value": (NonNegative, 0.0),
        "max_value": (Positive, 1.0),
        "rate": (Probability, 1.0),
        "axis": (Count, 0),
    },
    "NonNeg": {},
    "UnitNorm": {"axis": (Count, 0)},
}


Activation = Annotated[str, AfterValidator(one_of("an activation", ACTIVATIONS))]
Initializer = Annotated[Spec, Named("initializer", INITIALIZERS)]
Regularizer = Annotated[Spec | None, Named("regularizer", REGULARIZERS, shorthand="L1L2")]
Constraint = Annotated[Spec | None, Named("constraint", CONSTRAINTS)]

_SCALE: Arguments = {
    "epsilon": (Positive, 0.001),
    "center": (bool, True),
    "scale": (bool, True),
    "beta_initializer": (Initializer, "zeros"),
    "gamma_initializer": (Initializer, "ones"),
    "beta_regularizer": (Regularizer, None),
    "gamma_regularizer": (Regularizer, None),
    "beta_constraint": (Constraint, None),
    "gamma_constraint": (Constraint, None),
}

LAYERS: Table = {
    "Dense": {
        "units": (Units, REQUIRED),
        "activation": (Activation, "linear"),
        "use_bias": (bool, True),
        "kernel_initializer": (Initializer, "glorot_uniform"),
        "bias_initializer": (Initializer, "zeros"),
        "kernel_regularizer": (Regularizer, None),
        "bias_regularizer": (Regularizer, None),
        "activity_regularizer": (Regularizer, None),
        "kernel_constraint": (Constraint, None),
        "bias_constraint": (Constraint, None),
    },
    "Dropout": {"rate": (Probability, REQUIRED), "seed": (Seed | None, None)},
    "BatchNormalization": {
        "momentum": (Probability, 0.99),
        **_SCALE,
        "moving_mean_initializer": (Initializer, "zeros"),
        "moving_variance_initializer": (Initializer, "ones"),
    },
    "LayerNormalization": _SCALE,
    "GaussianNoise": {"stddev": (NonNegative, REQUIRED), "seed": (Seed | None, None)},
    "Activation": {"activation": (Activation, REQUIRED)},
}
