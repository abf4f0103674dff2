"""The type and range of each argument of a Keras class, which Keras itself does not tell."""

from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from nnrun.config.named import REQUIRED, Named, Spec
from nnrun.config.strict_model import Fraction, Positive, Seed, Units

FieldType = Any
"""A type, as pydantic takes it."""

NotNegative = Annotated[float, Field(ge=0)]
NotPositive = Annotated[float, Field(le=0)]
Share = Annotated[float, Field(ge=0, le=1)]
InnerShare = Annotated[float, Field(gt=0, lt=1)]
PositiveShare = Annotated[float, Field(gt=0, le=1)]
Beta = Annotated[float, Field(gt=0, le=1_000_000)]
"""Of an F-score, which squares it in Python. Beyond some hundreds it is the recall."""

Count = Annotated[int, Field(ge=0)]

_LARGEST = 3.4e38  # a little less than float32 can hold
Change = Annotated[float, Field(ge=0, le=_LARGEST)]
"""Of a quantity that a callback monitors, which Keras compares in float32."""

Quantity = Annotated[float, Field(ge=-_LARGEST, le=_LARGEST)]
"""What a callback monitors."""

_TYPES: list[tuple[Any, list[str]]] = [
    (
        Positive,
        [
            "initial_learning_rate",
            "warmup_target",
            "decay_rate",
            "power",
            "t_mul",
            "m_mul",
            "epsilon",
            "epsilon_1",
            "epsilon_2",
            "clip_threshold",
            "clipnorm",
            "clipvalue",
            "loss_scale_factor",
            "beta",
            "max_value",
            "adam_lr_ratio",
            "delta",
            "VarianceScaling.scale",
            "celu.alpha",
        ],
    ),
    (
        NotNegative,
        [
            "decay",
            "stddev",
            "l1",
            "l2",
            "strength",
            "factor",
            "rms_rate",
            "min_value",
            "min_lr",
            "initial_accumulator_value",
            "negative_slope",
            "end_learning_rate",
            "gamma",
            "CategoricalFocalCrossentropy.alpha",
            "ReLU.max_value",
            "ReLU.threshold",
            "relu.max_value",
            "relu.threshold",
            "hard_shrink.threshold",
            "soft_shrink.threshold",
            "b",
            "Ftrl.beta",
        ],
    ),
    (Fraction, ["rho", "beta_1", "beta_2", "adam_beta_1", "adam_beta_2"]),
    (
        Share,
        [
            "rate",
            "GaussianNoise.stddev",
            "momentum",
            "label_smoothing",
            "BinaryFocalCrossentropy.alpha",
            "CosineDecay.alpha",
            "CosineDecayRestarts.alpha",
            "recall",
            "precision",
            "sensitivity",
            "specificity",
            "thresholds",
        ],
    ),
    (InnerShare, ["ReduceLROnPlateau.factor", "BinaryAccuracy.threshold"]),
    (PositiveShare, ["threshold", "Lion.beta_1"]),
    (Beta, ["FBetaScore.beta"]),
    (Change, ["min_delta"]),
    (Quantity, ["baseline"]),
    (NotPositive, ["learning_rate_power", "beta_2_decay"]),
    (
        float,
        [
            "value",
            "alpha",
            "gain",
            "mean",
            "minval",
            "maxval",
            "muon_a",
            "muon_b",
            "muon_c",
        ],
    ),
    (Annotated[int, Field(ge=1, le=100)], ["ns_steps"]),  # unrolled; Keras takes a handful
    (
        Units,
        ["units", "k", "ema_overwrite_frequency", "decay_steps", "first_decay_steps"],
    ),
    (Annotated[list[Units], Field(min_length=1)], ["boundaries"]),
    (Annotated[list[Positive], Field(min_length=2)], ["values"]),
    (Count, ["patience", "cooldown", "start_from_epoch", "warmup_steps", "num_regressors"]),
    (Annotated[int, Field(ge=2)], ["gradient_accumulation_steps"]),
    (Annotated[int, Field(ge=2, le=10_000)], ["num_thresholds"]),
    (Seed, ["seed"]),
    (
        bool,
        [
            "use_bias",
            "center",
            "BatchNormalization.scale",
            "LayerNormalization.scale",
            "use_ema",
            "amsgrad",
            "multi_label",
            "nesterov",
            "centered",
            "relative_step",
            "exclude_embeddings",
            "from_logits",
            "apply_class_balancing",
            "approximate",
            "staircase",
            "cycle",
            "restore_best_weights",
        ],
    ),
    (str, ["monitor"]),
    (Literal["auto", "min", "max"], ["mode"]),
    (Literal["fan_in", "fan_out", "fan_avg"], ["VarianceScaling.mode"]),
    (Literal["rows", "columns"], ["OrthogonalRegularizer.mode"]),
    (Literal["truncated_normal", "untruncated_normal", "uniform"], ["distribution"]),
    (
        Literal["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight"],
        ["reduction"],
    ),
    (Literal["micro", "macro", "weighted"], ["average"]),
    (Literal["ROC", "PR", "PRGAIN"], ["curve"]),
    (Literal["interpolation", "minoring", "majoring"], ["summation_method"]),
    (Literal["uniform_average", "variance_weighted_average"], ["class_aggregation"]),
]
"""The type of each argument, by its name or by that of its class and it."""


class ArgumentTypes:
    """The types of arguments, to which those that hold Keras objects themselves are added."""

    def __init__(self) -> None:
        self._types: dict[str, Any] = {}
        for kind, names in _TYPES:
            self._types |= dict.fromkeys(names, kind)

    def add(self, name: str, kind: object) -> None:
        """Let arguments of this name, or that end in it as in `kernel_initializer`, have a type.

        Args:
            name: An argument of Keras's, such as `initializer`.
            kind: Its type, as pydantic takes it.
        """
        self._types[name] = kind

    def field(self, class_name: str, argument: str, default: object) -> tuple[Any, Any]:
        """Return the type and default of an argument, as pydantic takes them.

        Args:
            class_name: A class of Keras's, such as `Dense`.
            argument: One of its arguments.
            default: The argument's default in Keras.

        Raises:
            KeyError: No type is listed for the argument.
        """
        kind = self._type(class_name, argument)
        if default is None and argument == "activation":
            return kind, "linear"  # Keras's None means it
        if default is None:
            return kind | None, None
        return kind, REQUIRED if default == "<required>" else default

    def _type(self, class_name: str, argument: str) -> FieldType:
        """Return the type of an argument: its own in the class, that of its name, or its ending."""
        full_name = f"{class_name}.{argument}"
        ending = argument.rpartition("_")[2]
        for name in (full_name, argument, ending):
            if name in self._types:
                return self._types[name]
        raise KeyError(f"{full_name} has no type here")


def number_or_object(named: Named) -> FieldType:
    """Return the type of a positive number, in whose place a Keras object may stand.

    Args:
        named: The kind of the object, as learning-rate schedules are.

    Returns:
        A type whose values are a float above 0, or the mapping of an object with every argument.
    """

    def check(value: object, handler: ValidatorFunctionWrapHandler) -> object:
        is_name = isinstance(value, str) and value[:1].isalpha()  # of a class, or a call of it
        if is_name or isinstance(value, dict):
            return named.validate(value)
        return handler(value)

    either = Positive | Annotated[Spec, named]
    return Annotated[
        Positive,
        WrapValidator(check, json_schema_input_type=either),
        PlainSerializer(_as_it_is, return_type=Any),  # pydantic's own expects a number
    ]


def _as_it_is(value: object) -> object:
    return value
