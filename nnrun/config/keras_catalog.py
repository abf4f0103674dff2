"""What Keras names, checked without TensorFlow: a name, or a mapping of one and Keras's arguments.

`keras.json` is what `tests/keras_names.py` reads off the installed Keras. What Keras does not say stands here: the
type and range of each argument.
"""

import json
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from nnrun.wording import did_you_mean, received

Spec = dict[str, Any]
Catalog = dict[
    str, dict[str, tuple[Any, Any]]
]  # class name -> argument -> (type, default), as pydantic takes them
REQUIRED: Any = ...
Fraction = Annotated[float, Ge(0), Lt(1)]
Positive = Annotated[float, Gt(0)]
Units = Annotated[int, Ge(1)]
Seed = Annotated[int, Ge(0), Lt(2**32)]


def problem(message: str) -> PydanticCustomError:
    """Return an error that pydantic reports with exactly this message."""
    return PydanticCustomError("nnrun", "{message}", {"message": message})


class Strict(BaseModel):
    """Base of every model here: unknown keys, wrong types and non-finite numbers are errors."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, validate_default=True
    )

    @model_validator(mode="wrap")
    @classmethod
    def _answer_unknown_keys(cls, value: Any, handler: Any) -> Any:
        known, details = list(cls.model_fields), []
        if (
            isinstance(value, dict) and len(value) > len(known) + 1_000
        ):  # an error for each would take gigabytes
            raise problem(
                f"{len(value):,} keys are too many; {cls.__name__} takes {', '.join(known)}"
            )
        try:
            return handler(value)
        except ValidationError as error:
            for e in error.errors(include_url=False):
                kind, message = e["type"], e["msg"]
                if kind == "extra_forbidden":
                    takes = f"; {cls.__name__} takes {', '.join(known) or 'none'}"
                    kind, message = (
                        "unknown_key",
                        f"unknown key{did_you_mean(str(e['loc'][-1]), known) or takes}",
                    )
                custom = PydanticCustomError(
                    kind, "{message}", {"message": message, **e.get("ctx", {})}
                )
                details.append(InitErrorDetails(type=custom, loc=e["loc"], input=e["input"]))
            raise ValidationError.from_exception_data(cls.__name__, details) from None


def snake_case(name: str) -> str:
    """Return Keras's snake_case of a class name: `BinaryAccuracy` -> `binary_accuracy`."""
    return re.sub(r"(?<=.)(?=[A-Z][a-z0-9])|(?<=[a-z])(?=[A-Z])", "_", name).lower()


@dataclass(eq=False)
class Named:
    """Annotation for a field that holds a Keras object, validated to a dict of its name and every argument."""

    what: str
    table: Catalog
    key: str = "name"
    default: str | None = None  # what a mapping without a name is
    aliases: dict[str, str] = field(default_factory=dict)
    keep_spelling: bool = False  # the name stays as it was written

    def validate(self, value: Any) -> Spec:
        """Return the canonical name with every argument; where the spelling is kept, a mere name stays alone."""
        if not isinstance(value, str | dict):
            forms = (
                f"a name or a mapping with {self.key!r}"
                if len(self.table) > 1
                else "a mapping of arguments"
            )
            raise problem(f"must be {forms}; received {received(value)}")
        arguments = {self.key: value} if isinstance(value, str) else dict(value)
        given = arguments.pop(self.key, self.default)
        if not (name := self.canonical(str(given))):
            what = f"an {self.what}" if self.what[0] in "aeiou" else f"a {self.what}"
            wrong = (
                f"{self.key!r} is missing: the name of"
                if given is None
                else f"{received(given)} is not"
            )
            hint = (
                did_you_mean(str(given or ""), list(self._spellings))
                or f"; known: {', '.join(self.table)}"
            )
            details = InitErrorDetails(
                type=problem(f"{wrong} {what}{hint}"), loc=(self.key,), input=given
            )
            raise ValidationError.from_exception_data(self.what, [details])
        arguments = _model(self, name).model_validate(arguments).model_dump()
        if self.keep_spelling:
            return {self.key: given} if isinstance(value, str) else {self.key: given, **arguments}
        return {self.key: name, **arguments}

    def canonical(self, name: str) -> str | None:
        """Return the class that `name` means, or None."""
        meant = {
            spelling.replace("_", "").lower(): known for spelling, known in self._spellings.items()
        }
        return meant.get(name.replace("_", "").lower())

    @cached_property
    def _spellings(self) -> dict[str, str]:
        """Return what a config may call each class; hints prefer the last."""
        return self.aliases | {
            s: name for name in self.table for s in (name.lower(), snake_case(name), name)
        }

    def __get_pydantic_core_schema__(self, *_: Any) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.validate)

    def __get_pydantic_json_schema__(self, *_: Any) -> dict[str, Any]:
        forms: list[dict[str, Any]] = [{"enum": list(self._spellings)}]
        for name in self.table:
            form = _model(self, name).model_json_schema()
            known = [spelling for spelling, meant in self._spellings.items() if meant == name]
            required = [self.key] * (name != self.default) + form.get("required", [])
            properties = {self.key: {"enum": known}, **form["properties"]}
            forms.append({**form, "properties": properties, "required": required})
        return {"title": self.what, "anyOf": forms}


@cache
def _model(named: Named, name: str) -> type[Strict]:
    fields: dict[str, Any] = named.table[name]
    return create_model(name, __base__=Strict, **fields)


_KERAS = json.loads(Path(__file__).with_name("keras.json").read_text(encoding="utf-8"))
_ACTIVATIONS = _KERAS["activations"]
_KINDS: dict[Any, str] = {
    Positive: "learning_rate epsilon epsilon_1 epsilon_2 clip_threshold clipnorm clipvalue loss_scale_factor beta "
    "max_value adam_lr_ratio VarianceScaling.scale",
    Annotated[
        float, Ge(0)
    ]: "decay stddev l1 l2 strength factor rms_rate min_value min_delta min_lr "
    "initial_accumulator_value Ftrl.beta",
    Fraction: "rho beta_1 beta_2 adam_beta_1 adam_beta_2",
    Annotated[float, Ge(0), Le(1)]: "rate GaussianNoise.stddev momentum label_smoothing "
    "recall precision sensitivity specificity thresholds",
    Annotated[float, Gt(0), Lt(1)]: "ReduceLROnPlateau.factor BinaryAccuracy.threshold",
    Annotated[float, Gt(0), Le(1)]: "threshold Lion.beta_1",
    Annotated[float, Le(0)]: "learning_rate_power beta_2_decay",
    float: "value gain mean minval maxval muon_a muon_b muon_c baseline",
    Annotated[int, Ge(1), Le(100)]: "ns_steps",  # unrolled, of a handful
    Units: "units k ema_overwrite_frequency",
    Annotated[int, Ge(0)]: "patience cooldown start_from_epoch warmup_steps num_regressors",
    Annotated[int, Ge(2)]: "gradient_accumulation_steps",
    Annotated[int, Ge(2), Le(10_000)]: "num_thresholds",
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


_KIND["activation"] = Annotated[
    str, AfterValidator(_check_activation), Field(json_schema_extra={"enum": _ACTIVATIONS})
]


def _argument(name: str, argument: str, default: Any) -> tuple[Any, Any]:
    kind = (
        _KIND.get(f"{name}.{argument}") or _KIND.get(argument) or _KIND[argument.rpartition("_")[2]]
    )
    if default is None and argument == "activation":
        return kind, "linear"  # what Keras means by None
    return (
        kind if default is not None else kind | None,
        REQUIRED if default == "<required>" else default,
    )


def _table(plural: str) -> Catalog:
    return {
        name: {a: _argument(name, a, d) for a, d in given.items()}
        for name, given in _KERAS[plural].items()
    }


INITIALIZER = Named("initializer", _table("initializers"))
REGULARIZER = Named("regularizer", _table("regularizers"), default="L1L2")
CONSTRAINT = Named("constraint", _table("constraints"))
_KIND |= {named.what: Annotated[Spec, named] for named in (INITIALIZER, REGULARIZER, CONSTRAINT)}

LAYER = Named("layer", _table("layers"), key="type", default="Dense")
LOSS = Named(
    "loss", _table("losses"), aliases={"bce": "BinaryCrossentropy", "mse": "MeanSquaredError"}
)
OPTIMIZER = Named("optimizer", _table("optimizers"), default="RMSprop")
_ALIASES = {
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "msle": "MeanSquaredLogarithmicError",
}
_ALIASES |= dict.fromkeys(("accuracy", "acc"), "BinaryAccuracy") | LOSS.aliases
METRIC = Named("metric", _table("metrics"), aliases=_ALIASES, keep_spelling=True)
EARLY_STOPPING, REDUCE_LR = (
    Named(snake_case(n), {n: given}, default=n) for n, given in _table("callbacks").items()
)

# The metrics of numbers, and of several classes; those that are in neither set are for one yes/no output.
NUMBER_METRICS = frozenset(
    name for name in METRIC.table if name.endswith("Error") or name in ("Poisson", "R2Score")
)
CATEGORICAL_METRICS = frozenset(name for name in METRIC.table if name.startswith("Sparse"))
