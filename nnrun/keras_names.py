"""What Keras names, as data, so that a config is checked without importing TensorFlow.

`keras.json` is what `tests/keras_names.py` reads off the installed Keras. What Keras does not say stands here: the
type and range of each argument.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, WithJsonSchema

from nnrun.errors import did_you_mean, received
from nnrun.named import REQUIRED, Named, Positive, Seed, Spec, Table, Units, problem, snake_case

_KERAS = json.loads(Path(__file__).with_name("keras.json").read_text(encoding="utf-8"))
_ACTIVATIONS = _KERAS["activations"]

Fraction = Annotated[float, Ge(0), Lt(1)]

_KINDS: dict[Any, str] = {
    Positive: "learning_rate epsilon epsilon_1 epsilon_2 clip_threshold clipnorm clipvalue loss_scale_factor beta "
    "max_value adam_lr_ratio VarianceScaling.scale",
    Annotated[float, Ge(0)]: "decay stddev l1 l2 strength factor rms_rate min_value min_delta min_lr "
    "initial_accumulator_value Ftrl.beta",
    Fraction: "rho beta_1 beta_2 adam_beta_1 adam_beta_2",
    Annotated[float, Ge(0), Le(1)]: "rate GaussianNoise.stddev momentum label_smoothing "
    "recall precision sensitivity specificity thresholds",
    Annotated[float, Gt(0), Lt(1)]: "ReduceLROnPlateau.factor BinaryAccuracy.threshold",
    Annotated[float, Gt(0), Le(1)]: "threshold Lion.beta_1",
    Annotated[float, Le(0)]: "learning_rate_power beta_2_decay",
    float: "value gain mean minval maxval muon_a muon_b muon_c baseline",
    Units: "units k ema_overwrite_frequency ns_steps",
    Annotated[int, Ge(0)]: "patience cooldown start_from_epoch warmup_steps num_regressors",
    Annotated[int, Ge(2)]: "gradient_accumulation_steps num_thresholds",
    Seed: "seed",
    bool: "use_bias center BatchNormalization.scale LayerNormalization.scale use_ema amsgrad nesterov "
    "centered relative_step exclude_embeddings from_logits restore_best_weights",
    str: "monitor",
    Literal["auto", "min", "max"]: "mode",
    Literal["fan_in", "fan_out", "fan_avg"]: "VarianceScaling.mode",
    Literal["rows", "columns"]: "OrthogonalRegularizer.mode",
    Literal["truncated_normal", "untruncated_normal", "uniform"]: "distribution",
    Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"]: "reduction",
    Literal["micro", "macro", "weighted"]: "average",
    Literal["ROC", "PR", "PRGAIN"]: "curve",
    Literal["interpolation", "minoring", "majoring"]: "summation_method",
    Literal["uniform_average", "variance_weighted_average"]: "class_aggregation",
}
_KIND = {argument: kind for kind, arguments in _KINDS.items() for argument in arguments.split()}


def _check_activation(name: str) -> str:
    if name not in _ACTIVATIONS:
        hint = did_you_mean(name, _ACTIVATIONS) or f"; known: {', '.join(_ACTIVATIONS)}"
        raise problem(f"{received(name)} is not an activation{hint}")
    return name


_KIND["activation"] = Annotated[str, AfterValidator(_check_activation), WithJsonSchema({"enum": _ACTIVATIONS})]


def _table(plural: str) -> Table:
    return {name: {a: _argument(name, a, d) for a, d in given.items()} for name, given in _KERAS[plural].items()}


def _argument(name: str, argument: str, default: Any) -> tuple[Any, Any]:
    kind = _KIND.get(f"{name}.{argument}") or _KIND.get(argument) or _KIND[argument.rpartition("_")[2]]
    if default is None and argument == "activation":
        return kind, "linear"  # what Keras means by None
    return kind if default is not None else kind | None, REQUIRED if default == "<required>" else default


INITIALIZER = Named("initializer", _table("initializers"))
REGULARIZER = Named("regularizer", _table("regularizers"), default="L1L2")
CONSTRAINT = Named("constraint", _table("constraints"))
_KIND |= {named.what: Annotated[Spec, named] for named in (INITIALIZER, REGULARIZER, CONSTRAINT)}

LAYER = Named("layer", _table("layers"), key="type", default="Dense")
LOSS = Named("loss", _table("losses"), aliases={"bce": "BinaryCrossentropy", "mse": "MeanSquaredError"})
OPTIMIZER = Named("optimizer", _table("optimizers"), default="RMSprop")
_ALIASES = {"mae": "MeanAbsoluteError", "mape": "MeanAbsolutePercentageError", "msle": "MeanSquaredLogarithmicError"}
_ALIASES |= dict.fromkeys(("accuracy", "acc"), "BinaryAccuracy") | LOSS.aliases
METRIC = Named("metric", _table("metrics"), aliases=_ALIASES, keep_spelling=True)
EARLY_STOPPING, REDUCE_LR = (Named(snake_case(n), {n: given}, default=n) for n, given in _table("callbacks").items())

NUMBER_METRICS = frozenset(
    "LogCoshError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError "
    "Poisson R2Score RootMeanSquaredError".split()
)
"""The metrics that measure numbers."""
CATEGORICAL_METRICS = frozenset(name for name in METRIC.table if name.startswith("Sparse"))
"""The metrics of several classes; those that are in neither set are for one yes/no output."""
